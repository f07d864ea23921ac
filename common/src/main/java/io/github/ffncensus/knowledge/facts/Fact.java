package io.github.ffncensus.knowledge.facts;

import java.io.Serializable;
import java.util.List;

/**
 * A fact ⟨head, relation, answer⟩ with the prompts that ask for its answer.
 *
 * @param aliases other names of the answer
 * @param tails strings by which the answer is found in text; none means answer and aliases
 * @param language of the prompts, null if not said
 * @param prompts those that have the answer's place marked once; numbers of those that do not are
 *     missing
 */
public record Fact(
    String relation,
    String factId,
    String head,
    String answer,
    List<String> aliases,
    List<String> tails,
    String language,
    List<Prompt> prompts)
    implements Serializable {

  public Fact {
    aliases = List.copyOf(aliases);
    tails = List.copyOf(tails);
    prompts = List.copyOf(prompts);
  }

  /** The same fact with other prompts. */
  public Fact with(List<Prompt> others) {
    return new Fact(relation, factId, head, answer, aliases, tails, language, others);
  }

  /**
   * A text that asks for an answer.
   *
   * @param id index in the fact's {@code prompts} as given, from 0; negative prompts follow
   * @param text with the marker in the answer's place
   * @param answer the fact's, unless the prompt has its own
   * @param other an answer to attribute instead of the right one, or beside it; null for none
   * @param negative whether the prompt does not ask for the fact: neurons that it shares are not
   *     the fact's
   */
  public record Prompt(int id, String text, String answer, String other, boolean negative)
      implements Serializable {

    /** A prompt that asks for the fact. */
    public static Prompt of(int id, String text, String answer) {
      return new Prompt(id, text, answer, null, false);
    }
  }
}
