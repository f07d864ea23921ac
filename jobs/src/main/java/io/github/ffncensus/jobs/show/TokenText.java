package io.github.ffncensus.jobs.show;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Tokens as people read them, from the form that the vocabulary has them in. */
final class TokenText {
  /** The mark by which SentencePiece shows a space. */
  private static final String SPACE_MARK = "\u2581";

  /** The character by which byte-level vocabularies write each byte. */
  private static final Map<Integer, Byte> BYTES = bytes();

  private TokenText() {}

  /** GPT-2's: printable characters of Latin-1 stand for themselves, the others for what is left. */
  private static Map<Integer, Byte> bytes() {
    Map<Integer, Byte> bytes = new HashMap<>();
    int next = 256;
    for (int value = 0; value < 256; value++) {
      boolean itself =
          (value >= '!' && value <= '~')
              || (value >= 0xA1 && value <= 0xAC)
              || (value >= 0xAE && value <= 0xFF);
      bytes.put(itself ? value : next++, (byte) value);
    }
    return bytes;
  }

  /**
   * Without the marks by which tokenizers show a space before the token, and with the characters
   * that a byte-level vocabulary writes byte by byte. A part of such a character stays as it is.
   */
  static String readable(String token) {
    return fromBytes(token).replace(SPACE_MARK, " ").strip();
  }

  /** The token itself where it is none of a byte-level vocabulary. */
  private static String fromBytes(String token) {
    if (token.codePoints().allMatch(c -> c < 0x80)
        || !token.codePoints().allMatch(BYTES::containsKey)) {
      return token;
    }
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = BYTES.get((int) token.charAt(i));
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      boolean printed = text.codePoints().noneMatch(Character::isISOControl);
      return printed ? text : token;
    } catch (CharacterCodingException e) {
      return token;
    }
  }
}
