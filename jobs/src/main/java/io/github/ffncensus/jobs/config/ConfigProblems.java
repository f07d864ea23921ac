package io.github.ffncensus.jobs.config;

import io.github.ffncensus.CensusException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** What is wrong with a configuration, collected so that it can be said at once. */
final class ConfigProblems {

  private final List<String> problems = new ArrayList<>();

  void add(String place, String message) {
    problems.add(place + ": " + message);
  }

  /**
   * @param shown the key as the user wrote it
   * @param path the key below {@code census}
   */
  void addUnknown(String place, String shown, String path) {
    if (ConfigKey.isSection(path)) {
      add(place, "%s is a section, not a key".formatted(shown));
    } else {
      add(
          place,
          "unknown key %s; the nearest known key is %s".formatted(shown, nearest(path).fullPath()));
    }
  }

  boolean none() {
    return problems.isEmpty();
  }

  void throwIfAny() {
    if (problems.size() == 1) {
      throw CensusException.configuration(problems.get(0));
    }
    if (!problems.isEmpty()) {
      throw CensusException.configuration(
          "The configuration has %d problems:%n  %s"
              .formatted(problems.size(), String.join("\n  ", problems)));
    }
  }

  static ConfigKey nearest(String path) {
    return ConfigKey.all().stream()
        .min(Comparator.comparingInt(key -> distance(path, key.path())))
        .orElseThrow();
  }

  /**
   * Half edits for another section: a key in the wrong place is nearer than another key in the
   * right place.
   */
  private static int distance(String written, String known) {
    String a = normal(written);
    String b = normal(known);
    LevenshteinDistance edits = LevenshteinDistance.getDefaultInstance();
    int misspelt = 2 * edits.apply(a, b);
    int misplaced =
        2 * edits.apply(name(a), name(b)) + Math.min(4, edits.apply(section(a), section(b))) + 1;
    return Math.min(misspelt, misplaced);
  }

  private static String normal(String path) {
    return path.replaceAll("([a-z])([A-Z])", "$1-$2").replace('_', '-').toLowerCase(Locale.ROOT);
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  private static String section(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }
}
