package io.github.ffncensus.jobs.attribute;

import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of facts or of pairs.
 *
 * @param number its place among all of them, from 0
 * @param ofKind its place among those of its kind, from 0
 * @param path with scheme
 */
record FactSource(int number, int ofKind, String path, Kind kind) implements Serializable {
  private static final Pattern ENDINGS = Pattern.compile("(\\.(gz|bz2|zst|zstd|json|jsonl))+$");

  enum Kind {
    FACTS,
    PAIRS
  }

  /** The relation that a file of templates or pairs is called after: {@code P19.jsonl.gz}. */
  static String relation(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    Matcher endings = ENDINGS.matcher(name.toLowerCase(Locale.ROOT));
    return endings.find() ? name.substring(0, endings.start()) : name;
  }
}
