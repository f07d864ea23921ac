package io.github.ffncensus.knowledge.facts;

import java.io.Serializable;
import java.util.Locale;

/**
 * A line, fact or prompt that was read and is not used: a row of {@code fact_rejects} without its
 * source.
 *
 * @param line in the file, from 1
 * @param relation null where the line does not say
 * @param factId null where the line does not say
 * @param promptId null where it is not about a single prompt
 * @param detail what is wrong
 */
public record FactReject(
    long line, String relation, String factId, Integer promptId, Reason reason, String detail)
    implements Serializable {

  /** Described in {@code data-schemas/fact_rejects.md}. */
  public enum Reason {
    UNDECODABLE,
    MALFORMED,
    MISSING_FIELD,
    NO_PROMPTS,
    FEW_TEMPLATES,
    DUPLICATE_FACT,
    NO_MARKER,
    SEVERAL_MARKERS,
    NO_TEXT_BEFORE,
    TEXT_AFTER,
    INEXPRESSIBLE_ANSWER,
    OVER_LONG;

    /** As the table has it, such as {@code no_marker}. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static FactReject line(long line, Reason reason, String detail) {
    return new FactReject(line, null, null, null, reason, detail);
  }

  static FactReject fact(long line, Fact fact, Reason reason, String detail) {
    return new FactReject(line, fact.relation(), fact.factId(), null, reason, detail);
  }

  static FactReject prompt(long line, Fact fact, int prompt, Reason reason, String detail) {
    return new FactReject(line, fact.relation(), fact.factId(), prompt, reason, detail);
  }
}
