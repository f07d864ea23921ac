package io.github.ffncensus.interpret;

import io.github.ffncensus.SeededHash;
import java.io.Serializable;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Which sequences of a corpus a second look reads: those with the smallest hashes of seed and id,
 * whatever the shards. With the same seed, a larger sample holds every smaller one.
 *
 * @param count of sequences; a smaller corpus is taken whole
 */
public record SequenceSample(int count, long seed) implements Serializable {
  private static final int SALT = 4;

  private record Candidate(long hash, long id) {}

  /**
   * The chosen ids, ascending. Takes a few nanoseconds per sequence, and no memory for those that
   * are not chosen.
   *
   * @param sequences of the corpus, with ids from 0
   */
  public long[] of(long sequences) {
    PriorityQueue<Candidate> chosen =
        new PriorityQueue<>(Comparator.comparingLong(Candidate::hash).reversed());
    for (long id = 0; id < sequences; id++) {
      long hash = SeededHash.of(seed, SALT, id);
      if (chosen.size() < count) {
        chosen.add(new Candidate(hash, id));
      } else if (hash < chosen.element().hash()) {
        chosen.remove();
        chosen.add(new Candidate(hash, id));
      }
    }
    return chosen.stream().mapToLong(Candidate::id).sorted().toArray();
  }
}
