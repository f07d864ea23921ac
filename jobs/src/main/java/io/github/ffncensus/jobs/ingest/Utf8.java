package io.github.ffncensus.jobs.ingest;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Strict decoding: bytes that are no UTF-8 are found, never replaced. Not thread-safe. */
public final class Utf8 {
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private CharBuffer chars = CharBuffer.allocate(1 << 10);
  private int invalidAt;

  /** Null if the bytes are not UTF-8; {@link #invalidAt()} then says where. */
  public String decode(byte[] bytes, int offset, int length) {
    if (chars.capacity() < length) {
      chars = CharBuffer.allocate(length);
    }
    chars.clear();
    decoder.reset();
    ByteBuffer in = ByteBuffer.wrap(bytes, offset, length);
    CoderResult result = decoder.decode(in, chars, true);
    if (result.isError()) {
      invalidAt = in.position() - offset;
      return null;
    }
    decoder.flush(chars);
    return chars.flip().toString();
  }

  /** Place of the first byte that is wrong in the bytes decoded last, from 0. */
  public int invalidAt() {
    return invalidAt;
  }

  /** Bytes of a byte order mark at the start, 0 if there is none. */
  public static int byteOrderMark(byte[] bytes, int length) {
    for (int i = 0; i < BYTE_ORDER_MARK.length; i++) {
      if (i >= length || bytes[i] != BYTE_ORDER_MARK[i]) {
        return 0;
      }
    }
    return BYTE_ORDER_MARK.length;
  }

  /** Whether a surrogate lacks its partner, as JSON escapes can make it. */
  static boolean hasUnpairedSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          return true;
        }
        i++;
      }
    }
    return false;
  }
}
