package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.SeededHash;
import java.io.Serializable;
import java.util.List;

/**
 * The names by which text mentions a fact.
 *
 * @param tails each of which stands for the answer
 */
public record FactNames(String relation, String factId, String head, List<String> tails)
    implements Serializable {

  public FactNames {
    tails = List.copyOf(tails);
  }

  /** Tells facts apart in random draws, whatever other facts there are. */
  long key() {
    long relationKey = SeededHash.of(0, relation.codePoints().asLongStream().toArray());
    return SeededHash.of(relationKey, factId.codePoints().asLongStream().toArray());
  }
}
