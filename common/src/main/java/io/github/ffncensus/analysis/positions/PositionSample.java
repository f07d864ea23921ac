package io.github.ffncensus.analysis.positions;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.model.TokenSequence;
import java.io.Serializable;
import java.util.stream.IntStream;

/**
 * Which positions of a sequence are looked at: a function of the seed, the sequence's id and the
 * position alone, so that shards, batches and threads make no difference. Only text tokens are
 * chosen.
 */
public sealed interface PositionSample extends Serializable {

  /** The chosen positions, ascending; positions count special tokens, as everywhere. */
  int[] of(TokenSequence sequence);

  /**
   * The same number of positions in every sequence that has so many: those with the smallest
   * hashes.
   */
  record PerSequence(int count, long seed) implements PositionSample {

    @Override
    public int[] of(TokenSequence sequence) {
      // The k smallest so far in order of their hashes.
      int[] chosen = new int[Math.min(count, sequence.length())];
      long[] hashes = new long[chosen.length];
      int size = 0;
      for (int position = 0; position < sequence.length(); position++) {
        if (sequence.special()[position]) {
          continue;
        }
        long hash = SeededHash.of(seed, sequence.id(), position);
        if (size == chosen.length && Long.compareUnsigned(hash, hashes[size - 1]) > 0) {
          continue;
        }
        int at = size < chosen.length ? size++ : size - 1;
        while (at > 0 && Long.compareUnsigned(hashes[at - 1], hash) > 0) {
          hashes[at] = hashes[at - 1];
          chosen[at] = chosen[at - 1];
          at--;
        }
        hashes[at] = hash;
        chosen[at] = position;
      }
      return IntStream.of(chosen).limit(size).sorted().toArray();
    }
  }

  /**
   * Every position with the same probability.
   *
   * @param rate 0 to 1; 1 chooses all
   */
  record Rate(double rate, long seed) implements PositionSample {

    @Override
    public int[] of(TokenSequence sequence) {
      return IntStream.range(0, sequence.length())
          .filter(position -> !sequence.special()[position])
          .filter(position -> unit(SeededHash.of(seed, sequence.id(), position)) < rate)
          .toArray();
    }

    private static double unit(long hash) {
      return (hash >>> 11) * 0x1p-53;
    }
  }
}
