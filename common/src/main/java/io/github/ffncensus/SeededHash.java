package io.github.ffncensus;

/**
 * Random choices that depend on a seed and on what is chosen for, and on nothing else: not on the
 * order of work, nor on who does it.
 */
public final class SeededHash {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private SeededHash() {}

  /** 64 well-mixed bits of the seed and all values, in their order. */
  public static long of(long seed, long... values) {
    long hash = mix(seed + GOLDEN_GAMMA);
    for (long value : values) {
      hash = mix((hash ^ value) + GOLDEN_GAMMA);
    }
    return hash;
  }

  /** 64 well-mixed bits of a text, to be one of the values. */
  public static long text(String text) {
    return of(text.length(), text.chars().asLongStream().toArray());
  }

  /** A number from 0 to {@code bound} - 1, uniform over the seeds. */
  public static int below(int bound, long seed, long... values) {
    return (int) Long.remainderUnsigned(of(seed, values), bound);
  }

  /** The finalizer of SplitMix64. */
  private static long mix(long bits) {
    long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
