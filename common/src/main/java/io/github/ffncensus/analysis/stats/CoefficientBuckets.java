package io.github.ffncensus.analysis.stats;

/**
 * The buckets of the coefficient histogram: the same for every neuron, model and run, so that
 * histograms add up.
 *
 * <p>Each power of two from 2^-14 to 2^10 is cut into 16 buckets of equal width, on both sides of
 * zero. One bucket holds what is nearer to zero than 2^-14, and one on either end what is 2^10 or
 * more. Bucket numbers ascend with the value. A quantile lies in its bucket, so it is off by less
 * than 1/16 (6.25 %) of its value, or by 2^-14 (6.1e-5) near zero.
 */
public final class CoefficientBuckets {
  private static final int MANTISSA_BITS = 4;
  private static final int LOWEST_EXPONENT = -14;
  private static final int HIGHEST_EXPONENT = 10;
  private static final int PER_SIDE = (HIGHEST_EXPONENT - LOWEST_EXPONENT) << MANTISSA_BITS;
  private static final int SHIFT = 23 - MANTISSA_BITS;
  private static final int OFFSET = (127 + LOWEST_EXPONENT) << MANTISSA_BITS;

  /** The bucket around zero. */
  public static final int ZERO = PER_SIDE + 1;

  /** Number of buckets. */
  public static final int COUNT = 2 * PER_SIDE + 3;

  private CoefficientBuckets() {}

  /** Bucket of a finite value. */
  public static int of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int magnitude = ((bits & 0x7fffffff) >>> SHIFT) - OFFSET;
    if (magnitude < 0) {
      return ZERO;
    }
    int steps = Math.min(magnitude, PER_SIDE) + 1;
    return bits < 0 ? ZERO - steps : ZERO + steps;
  }

  /** Smallest value of a bucket; minus infinity for the first, for ZERO minus 2^-14. */
  public static double lowerBound(int bucket) {
    return bucket >= ZERO
        ? bucket == ZERO ? -magnitude(0) : magnitude(bucket - ZERO - 1)
        : bucket == 0 ? Double.NEGATIVE_INFINITY : -magnitude(ZERO - bucket);
  }

  /** End of a bucket; infinity for the last. */
  public static double upperBound(int bucket) {
    return -lowerBound(COUNT - 1 - bucket);
  }

  /** Lower end of the n-th step away from zero. */
  private static double magnitude(int step) {
    int mantissa = step & ((1 << MANTISSA_BITS) - 1);
    return Math.scalb(
        1 + mantissa / (double) (1 << MANTISSA_BITS), (step >> MANTISSA_BITS) + LOWEST_EXPONENT);
  }

  /**
   * Estimates the value of rank ceil(q n) of the n values that a histogram counts: interpolated
   * within its bucket, zero for the bucket around zero.
   *
   * @param min exact smallest value
   * @param max exact largest value
   */
  public static float quantile(long[] histogram, double q, float min, float max) {
    long total = 0;
    for (long count : histogram) {
      total += count;
    }
    long rank = Math.max(1, (long) Math.ceil(q * total));
    int bucket = 0;
    long below = 0;
    while (below + histogram[bucket] < rank) {
      below += histogram[bucket++];
    }
    double low = Math.max(lowerBound(bucket), min);
    double high = Math.min(upperBound(bucket), max);
    if (bucket == ZERO) {
      return (float) Math.max(Math.min(0, high), low);
    }
    double share = (rank - below - 0.5) / histogram[bucket];
    return (float) (low + share * (high - low));
  }
}
