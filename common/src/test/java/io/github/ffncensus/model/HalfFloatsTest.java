package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rounding to 16 bits, against the engine's conversions. */
class HalfFloatsTest {

  @Test
  void float16_isTheEngines() {
    float[] values = values();
    try (NDManager scope = RandomTransformer.newScope(Device.cpu())) {
      ByteBuffer expected = scope.create(values).toType(DataType.FLOAT16, false).toByteBuffer();
      for (float value : values) {
        assertThat(HalfFloats.toFloat16(value)).as("%s", value).isEqualTo(expected.getShort());
      }
    }
  }

  /** The engine gives no bfloat16 bytes, but reads them: the nearest of three neighbours wins. */
  @Test
  void bfloat16_isTheNearest() {
    for (float value : values()) {
      int bits = HalfFloats.toBfloat16(value) << 16;
      float rounded = Float.intBitsToFloat(bits);
      if (Float.isInfinite(rounded)) {
        assertThat(Math.abs(value)).isGreaterThanOrEqualTo(Math.scalb(1.99609375f, 127));
        continue;
      }
      double error = Math.abs((double) rounded - value);
      double below = Math.abs((double) Float.intBitsToFloat(bits - 0x10000) - value);
      double above = Math.abs((double) Float.intBitsToFloat(bits + 0x10000) - value);
      assertThat(error).as("%s", value).isLessThanOrEqualTo(above);
      if (rounded != 0) {
        assertThat(error).as("%s", value).isLessThanOrEqualTo(below);
      }
      if (error == above || error == below && rounded != 0) {
        assertThat((bits >>> 16) & 1).as("ties to even: %s", value).isZero();
      }
    }
  }

  private static float[] values() {
    Random random = new Random(4);
    float[] values = new float[20_000];
    for (int i = 0; i < values.length; i++) {
      // Of all magnitudes; every third halfway between two float16 neighbours.
      float value = Math.scalb(random.nextFloat() * 2 - 1, random.nextInt(48) - 30);
      int bits = Float.floatToRawIntBits(value);
      values[i] =
          switch (i % 3) {
            case 0 -> Float.intBitsToFloat((bits & ~0x1FFF) | 0x1000);
            case 1 -> Float.intBitsToFloat((bits & ~0xFFFF) | 0x8000);
            default -> value;
          };
    }
    values[0] = 0;
    values[1] = -0f;
    values[2] = 65504;
    values[3] = 65519.996f;
    values[4] = 65520;
    values[5] = Float.MAX_VALUE;
    values[6] = Float.MIN_VALUE;
    values[7] = Math.scalb(1f, -24);
    values[8] = Math.scalb(1f, -25);
    values[9] = Math.scalb(1.5f, -25);
    return values;
  }
}
