package io.github.ffncensus.analysis.stats;

/**
 * The buckets of the coefficient histogram: the same for every neuron, model and run, so that
 * histograms add up.
 *
 * <p>Each power of two from 2^-14 to 2^10 is cut into 16 buckets of equal width, on both sides of
 * zero. A bucket holds its end that is farther from zero, not the nearer one. One bucket holds what
 * is no farther from zero than 2^-14, and one on either end what is beyond 2^10. Bucket numbers
 * ascend with the value. A quantile lies in its bucket, so it is off by less than 1/16 (6.25 %) of
 * its value, or by 2^-14 (6.1e-5) near zero.
 */
public final class CoefficientBuckets {
  private static final int MANTISSA_BITS = 4;
  private static final int LOWEST_EXPONENT = -14;
  private static final int HIGHEST_EXPONENT = 10;

  /** Buckets on either side of zero, the open one at the end not counted. */
  static final int PER_SIDE = (HIGHEST_EXPONENT - LOWEST_EXPONENT) << MANTISSA_BITS;

  static final int SHIFT = 23 - MANTISSA_BITS;
  static final int OFFSET = (127 + LOWEST_EXPONENT) << MANTISSA_BITS;

  /** The bucket around zero. */
  public static final int ZERO = PER_SIDE + 1;

  /** Number of buckets. */
  public static final int COUNT = 2 * PER_SIDE + 3;

  private CoefficientBuckets() {}

  /** A slot behind the buckets that counts positive values of the bucket around zero apart. */
  static final int TINY_POSITIVE = COUNT;

  /** Slots of a counter that knows positive values exactly. */
  static final int SLOTS = COUNT + 1;

  /**
   * Slot by the sign, the exponent and the upper mantissa bits of {@code bits - 1}. Taking one off
   * moves the ends of buckets to the side where they belong, and both zeros to where a float has
   * its NaNs.
   */
  private static final short[] SLOT_BY_PREFIX = slots();

  private static short[] slots() {
    short[] slots = new short[1 << (32 - SHIFT)];
    int half = slots.length / 2;
    for (int prefix = 0; prefix < slots.length; prefix++) {
      boolean negative = prefix >= half;
      int magnitude = prefix % half - OFFSET;
      boolean zero = prefix % half == half - 1;
      int steps = Math.min(magnitude, PER_SIDE) + 1;
      if (zero || (magnitude < 0 && negative)) {
        slots[prefix] = ZERO;
      } else if (magnitude < 0) {
        slots[prefix] = TINY_POSITIVE;
      } else {
        slots[prefix] = (short) (negative ? ZERO - steps : ZERO + steps);
      }
    }
    return slots;
  }

  /** Bucket of a finite value. */
  public static int of(float value) {
    int slot = slot(value);
    return slot == TINY_POSITIVE ? ZERO : slot;
  }

  /** Bucket of a finite value, or {@link #TINY_POSITIVE}. */
  static int slot(float value) {
    return SLOT_BY_PREFIX[(Float.floatToRawIntBits(value) - 1) >>> SHIFT];
  }

  /** Lower end of a bucket; minus infinity for the first, for ZERO minus 2^-14. */
  public static double lowerBound(int bucket) {
    return bucket >= ZERO
        ? bucket == ZERO ? -magnitude(0) : magnitude(bucket - ZERO - 1)
        : bucket == 0 ? Double.NEGATIVE_INFINITY : -magnitude(ZERO - bucket);
  }

  /** Upper end of a bucket; infinity for the last. */
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
