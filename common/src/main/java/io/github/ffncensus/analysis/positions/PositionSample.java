package io.github.ffncensus.analysis.positions;

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
      // The k smallest so far in order of their hashes, which differ for different positions.
      int[] chosen = new int[Math.min(count, sequence.length())];
      long[] hashes = new long[chosen.length];
      int size = 0;
      for (int position = 0; position < sequence.length(); position++) {
        if (sequence.special()[position]) {
          continue;
        }
        long hash = hash(seed, sequence.id(), position);
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
          .filter(position -> unit(hash(seed, sequence.id(), position)) < rate)
          .toArray();
    }

    private static double unit(long hash) {
      return (hash >>> 11) * 0x1p-53;
    }
  }

  /** A well-mixed number, different for each position of a sequence. */
  private static long hash(long seed, long sequenceId, int position) {
    return mix(mix(mix(seed + 0x9e3779b97f4a7c15L) + sequenceId) + position);
  }

  /** The finalizer of SplitMix64, a bijection. */
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
