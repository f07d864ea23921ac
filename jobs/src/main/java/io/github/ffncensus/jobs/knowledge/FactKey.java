package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.SeededHash;
import java.io.Serializable;

/** Which fact: ids are unique inside a relation. */
public record FactKey(String relation, String factId) implements Serializable {

  /** What random choices for the fact depend on, for one of several purposes. */
  public long hash(String purpose) {
    return SeededHash.of(
        SeededHash.text(purpose), SeededHash.text(relation), SeededHash.text(factId));
  }
}
