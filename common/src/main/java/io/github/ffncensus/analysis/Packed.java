package io.github.ffncensus.analysis;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A growing byte array of variable-length integers and fixed-width numbers, and its reader. */
public final class Packed {
  private byte[] bytes = new byte[1024];
  private int size;

  private void reserve(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }

  /** Writes a non-negative integer, seven bits a byte, lowest first. */
  public Packed putVarLong(long value) {
    reserve(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
    return this;
  }

  public Packed putFloat(float value) {
    reserve(Float.BYTES);
    ByteBuffer.wrap(bytes).putFloat(size, value);
    size += Float.BYTES;
    return this;
  }

  public Packed putDouble(double value) {
    reserve(Double.BYTES);
    ByteBuffer.wrap(bytes).putDouble(size, value);
    size += Double.BYTES;
    return this;
  }

  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** Reads what a {@link Packed} wrote, in the same order. */
  public static final class Reader {
    private final ByteBuffer bytes;

    public Reader(byte[] packed) {
      this.bytes = ByteBuffer.wrap(packed);
    }

    public long varLong() {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = bytes.get();
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }

    public int varInt() {
      return Math.toIntExact(varLong());
    }

    public float getFloat() {
      return bytes.getFloat();
    }

    public double getDouble() {
      return bytes.getDouble();
    }

    public boolean hasRemaining() {
      return bytes.hasRemaining();
    }
  }
}
