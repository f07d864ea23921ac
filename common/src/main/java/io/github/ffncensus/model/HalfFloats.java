package io.github.ffncensus.model;

/** Rounding to the 16-bit number formats of checkpoints: to the nearest, ties to even. */
final class HalfFloats {
  private static final int FLOAT16_INFINITY = 0x7C00;

  /** Half of the distance from the largest float16 to what would be the next. */
  private static final float FLOAT16_OVERFLOW = 65520f;

  private HalfFloats() {}

  /** The upper half of a float's bits, rounded; the value must not be NaN. */
  static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int lastKept = (bits >>> 16) & 1;
    return (short) ((bits + 0x7FFF + lastKept) >>> 16);
  }

  /** The value must not be NaN. */
  static short toFloat16(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (magnitude >= FLOAT16_OVERFLOW) {
      return (short) (sign | FLOAT16_INFINITY);
    }
    // The distance of neighbours: 2^-24 below 2^-14, above it 2^-10 of the power of two below.
    int exponent = Math.max(Math.getExponent(magnitude), -14);
    long units = (long) Math.rint(Math.scalb((double) magnitude, 10 - exponent));
    // Units beyond 2^10 carry over into the exponent, by design of the format.
    long bits = ((long) (exponent + 14) << 10) + units;
    return (short) (sign | (int) bits);
  }
}
