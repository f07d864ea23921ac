package io.github.ffncensus.jobs.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * A value as typed on the command line. It is read by the type of its key and not as HOCON, in
 * which paths with colons, stars or spaces would need quotes inside the shell's quotes.
 */
final class CommandLineValue {

  private CommandLineValue() {}

  /**
   * The text, or for list keys the list that {@code [a, b]} stands for; commas inside {@code {}}
   * belong to a glob.
   */
  static Object of(String text, ValueType type) {
    String value = text.strip();
    boolean bracketed = type.isList() && value.startsWith("[") && value.endsWith("]");
    return bracketed ? items(value) : unquoted(value);
  }

  private static List<String> items(String list) {
    if (list.contains("\"")) {
      try {
        return ConfigFactory.parseString("items = " + list).getStringList("items");
      } catch (ConfigException e) {
        // Not HOCON after all: a quote in a file name.
      }
    }
    String inside = list.substring(1, list.length() - 1);
    List<String> items = new ArrayList<>();
    int start = 0;
    int braces = 0;
    for (int i = 0; i <= inside.length(); i++) {
      char c = i == inside.length() ? ',' : inside.charAt(i);
      if (c == ',' && (braces == 0 || i == inside.length())) {
        items.add(unquoted(inside.substring(start, i).strip()));
        start = i + 1;
      }
      braces += c == '{' ? 1 : c == '}' ? -1 : 0;
    }
    return inside.isBlank() ? List.of() : items;
  }

  private static String unquoted(String text) {
    boolean quoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
    return quoted ? text.substring(1, text.length() - 1) : text;
  }
}
