package io.github.ffncensus.jobs.show;

/**
 * Something that many of a neuron's trigger prefixes share.
 *
 * @param value the token or word
 * @param count how many of {@code of} prefixes have it
 * @param clarity count times the logarithm of how much more often they have it than prefixes of the
 *     table at large
 */
record SharedFeature(Kind kind, String value, int count, int of, double clarity) {

  /** Where prefixes may agree. */
  enum Kind {
    /** Their last token. */
    LAST_TOKEN("end in"),
    /** A word before the last one. */
    WORD("mention"),
    /** The token after the prefix. */
    NEXT_TOKEN("come before");

    private final String verb;

    Kind(String verb) {
      this.verb = verb;
    }
  }

  @Override
  public String toString() {
    return "%d of its %d strongest distinct prefixes %s \"%s\""
        .formatted(count, of, kind.verb, value);
  }
}
