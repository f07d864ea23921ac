package io.github.ffncensus.jobs.secret;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/**
 * The secrets that this process was given, and the one place that takes them out of what it writes:
 * the values of secret keys among the system properties (all of Spark's settings are there), the
 * environment and Hadoop's configuration; and user names with passwords in addresses.
 */
public final class Secrets {

  /** Stands where a secret stood; as Spark writes it. */
  public static final String REDACTED = "*********(redacted)";

  /** Names of keys whose values are secret, to be found anywhere in the name. */
  public static final String KEYS =
      "(?i)secret|password|passwd|passphrase|(access|account|api|private|encryption)[._-]?key"
          + "|(auth|access|bearer|refresh|session|[._])-?token$|^token$";

  private static final Pattern SECRET_KEY = Pattern.compile(KEYS);
  private static final Pattern IN_ADDRESS = Pattern.compile("(?<=://)[^/?#@\\s]*:[^/?#@\\s]*(?=@)");

  /** Shorter values, and words that settings are made of, occur everywhere. */
  private static final int SHORTEST = 4;

  private static final Pattern ORDINARY = Pattern.compile("true|false|none|null|-?[\\d.]{1,7}");

  /** The longer first, as one may contain another. */
  private final TreeSet<String> values =
      new TreeSet<>(
          Comparator.comparingInt(String::length)
              .reversed()
              .thenComparing(Comparator.naturalOrder()));

  private Secrets() {}

  /**
   * @param hadoop as the process uses it, with all that Spark adds
   */
  public static Secrets ofProcess(Configuration hadoop) {
    Secrets secrets = new Secrets();
    BiConsumer<Object, Object> add = (key, value) -> secrets.add(key.toString(), value.toString());
    System.getProperties().forEach(add);
    System.getenv().forEach(add);
    hadoop.iterator().forEachRemaining(entry -> add.accept(entry.getKey(), entry.getValue()));
    return secrets;
  }

  /** Those of some settings alone. */
  static Secrets of(Map<String, String> settings) {
    Secrets secrets = new Secrets();
    settings.forEach(secrets::add);
    return secrets;
  }

  private void add(String key, String value) {
    String text = value.strip();
    if (isSecret(key) && text.length() >= SHORTEST && !ORDINARY.matcher(text).matches()) {
      values.add(text);
    }
  }

  /** Whether the values of this key must not be shown. */
  public static boolean isSecret(String key) {
    return SECRET_KEY.matcher(key).find();
  }

  /** Whether an address has a password in it. */
  public static boolean isInAddress(String address) {
    return IN_ADDRESS.matcher(address).find();
  }

  /** The text without secrets. */
  public String redact(String text) {
    String redacted = text;
    for (String value : values) {
      redacted = redacted.replace(value, REDACTED);
    }
    return redacted.contains("://") ? IN_ADDRESS.matcher(redacted).replaceAll(REDACTED) : redacted;
  }

  /** Takes secrets out of all texts of a document, and all values of secret keys, in place. */
  public void redact(ObjectNode document) {
    document
        .properties()
        .forEach(
            field -> {
              if (isSecret(field.getKey()) && field.getValue().isTextual()) {
                field.setValue(TextNode.valueOf(REDACTED));
              } else {
                field.setValue(redacted(field.getValue()));
              }
            });
  }

  private JsonNode redacted(JsonNode node) {
    if (node instanceof ObjectNode object) {
      redact(object);
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, redacted(array.get(i)));
      }
    } else if (node.isTextual()) {
      return TextNode.valueOf(redact(node.asText()));
    }
    return node;
  }
}
