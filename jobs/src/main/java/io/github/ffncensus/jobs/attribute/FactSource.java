package io.github.ffncensus.jobs.attribute;

import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A file of facts or of pairs.
 *
 * @param number its place among all of them, from 0
 * @param path with scheme
 */
record FactSource(int number, String path, Kind kind) implements Serializable {
  private static final Pattern ENDINGS = Pattern.compile("(\\.(gz|bz2|zst|zstd|json|jsonl))+$");

  enum Kind {
    FACTS,
    PAIRS
  }

  /** The relation that a file of templates or pairs is called after: {@code P19.jsonl.gz}. */
  static String relation(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return ENDINGS.matcher(name.toLowerCase(Locale.ROOT)).find()
        ? name.substring(0, name.indexOf('.', 1))
        : name;
  }
}
