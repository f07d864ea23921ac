package io.github.ffncensus.text;

import com.ibm.icu.lang.UCharacter;
import io.github.ffncensus.text.CutDocument.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a text that is longer than the model's context into consecutive windows that fit. Windows
 * end between words where there are any, else between tokens; nothing but white space is lost
 * between them. The tokens of a window are those of its own text, so that a window can be tokenized
 * again. Memory does not grow with the text: only stretches a few windows long are tokenized.
 */
final class WindowCutter {
  /** First guess of a window's length; most texts have fewer characters per token. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  private final ModelTokenizer tokenizer;
  private final int maxTokens;
  private final boolean spaceBelongsToWord;

  WindowCutter(ModelTokenizer tokenizer, int maxTokens) {
    this.tokenizer = tokenizer;
    this.maxTokens = maxTokens;
    this.spaceBelongsToWord = fusesSpace(tokenizer, "a") || fusesSpace(tokenizer, "the");
  }

  /**
   * Whether « the» and «the» are one token each, and not the same one (byte-level BPE). Then a
   * window that goes on after a space starts with it, so that its first word is the token that it
   * would be in the middle of the text.
   */
  private static boolean fusesSpace(ModelTokenizer tokenizer, String word) {
    TokenizedText alone = tokenizer.encode(word);
    TokenizedText spaced = tokenizer.encode(" " + word);
    return alone.realTokens() == 1
        && spaced.realTokens() == 1
        && !Arrays.equals(alone.ids(), spaced.ids());
  }

  /** The tokens of a text that fits into the context, null for one that does not. */
  TokenizedText whole(String text) {
    TokenizedText tokens = tokenizeUntilFull(text, 0);
    return tokens.ids().length <= maxTokens ? tokens : null;
  }

  /**
   * The windows in order, those without any token of the text left out; null if it cannot be cut.
   */
  List<Sequence> cut(String text) {
    List<Sequence> windows = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      Sequence window = next(text, from);
      if (window == null) {
        return null;
      }
      if (window.tokens().realTokens() > 0) {
        windows.add(window);
      }
      from = skipSpace(text, from + window.text().length());
    }
    return windows;
  }

  private Sequence next(String text, int from) {
    TokenizedText stretch = tokenizeUntilFull(text, from);
    if (stretch.ids().length <= maxTokens) {
      return new Sequence(text.substring(from), stretch);
    }
    int budget = maxTokens - (stretch.ids().length - stretch.realTokens());
    while (budget > 0) {
      int codePoints = boundary(text, from, stretch, budget);
      if (codePoints == 0) {
        return null;
      }
      String window = text.substring(from, text.offsetByCodePoints(from, codePoints));
      String trimmed = stripTrailing(window);
      // A stretch of nothing but white space is a window too, or there would be no way past it.
      String candidate = trimmed.isEmpty() ? window : trimmed;
      TokenizedText tokens = tokenizer.encode(candidate);
      if (tokens.ids().length <= maxTokens) {
        return new Sequence(candidate, tokens);
      }
      budget -= tokens.ids().length - maxTokens;
    }
    return null;
  }

  /** Tokens from a place on: of all the rest if it fits, else of enough text to fill a window. */
  private TokenizedText tokenizeUntilFull(String text, int from) {
    long length = (long) maxTokens * CHARACTERS_PER_TOKEN;
    while (true) {
      int end = (int) Math.min(text.length(), from + length);
      if (end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
        end++;
      }
      TokenizedText tokens = tokenizer.encode(text.substring(from, end));
      if (tokens.ids().length > maxTokens || end == text.length()) {
        return tokens;
      }
      length *= 2;
    }
  }

  /**
   * The code points that the first {@code budget} tokens take at most, ending between words unless
   * that would leave half of the window empty; 0 if there is no place to cut.
   */
  private static int boundary(String text, int from, TokenizedText tokens, int budget) {
    int codePoint = 0;
    int index = from;
    int atToken = 0;
    int atSpace = 0;
    int covered = 0;
    int real = 0;
    for (int i = 0; i < tokens.ids().length && real <= budget; i++) {
      if (tokens.isSpecial(i)) {
        continue;
      }
      int start = tokens.starts()[i];
      // Several tokens may share a code point (bytes): there is no cut inside it.
      if (start >= covered && start > 0) {
        index = text.offsetByCodePoints(index, start - codePoint);
        codePoint = start;
        atToken = start;
        // Where offsets leave out white space, a token of it alone starts behind all of it.
        if (2 * real >= budget
            && (index == text.length()
                || UCharacter.isUWhiteSpace(text.codePointAt(index))
                || UCharacter.isUWhiteSpace(text.codePointBefore(index)))) {
          atSpace = start;
        }
      }
      covered = Math.max(covered, tokens.ends()[i]);
      real++;
    }
    return atSpace > 0 ? atSpace : atToken;
  }

  private int skipSpace(String text, int from) {
    int next = from;
    while (next < text.length() && UCharacter.isUWhiteSpace(text.charAt(next))) {
      next++;
    }
    boolean keep = spaceBelongsToWord && next > from && next < text.length();
    return keep && text.charAt(next - 1) == ' ' ? next - 1 : next;
  }

  private static String stripTrailing(String text) {
    int end = text.length();
    while (end > 0 && UCharacter.isUWhiteSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }
}
