package io.github.ffncensus.text.entity;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.text.Normalizer2;
import java.util.Arrays;

/**
 * A text in the form in which names are compared, with the way back to the text.
 *
 * <p>The form: Unicode's NFC; with full case folding where case does not matter; each run of white
 * space is one space. Equal texts by these rules have equal forms. The text is cut into units that
 * change independently of each other: a code point, a base with what composes with it, or a run of
 * white space.
 */
final class NormalizedText {
  private static final Normalizer2 NFC = Normalizer2.getNFCInstance();
  private static final Normalizer2 NFD = Normalizer2.getNFDInstance();

  /** No code point below composes with one before it. */
  private static final int FIRST_COMBINING = 0x300;

  private final boolean foldCase;

  /** Whether nothing changes but white space, as in most texts. */
  private final boolean asItIs;

  private final StringBuilder form;

  /** Per character of the form, the index of the text where its unit begins; and the end. */
  private int[] starts;

  private NormalizedText(String text, boolean foldCase) {
    this.foldCase = foldCase;
    this.asItIs = !foldCase && NFC.isNormalized(text);
    this.form = new StringBuilder(text.length());
    this.starts = new int[text.length() + 1];
    for (int i = 0; i < text.length(); ) {
      int end = unitEnd(text, i);
      appendUnit(text, i, end);
      i = end;
    }
    mark(form.length(), text.length());
  }

  /**
   * @param foldCase whether upper and lower case are the same
   */
  static NormalizedText of(String text, boolean foldCase) {
    return new NormalizedText(text, foldCase);
  }

  /** The normal form. */
  String form() {
    return form.toString();
  }

  /** Whether a unit begins at this index of the form, or it is the end. */
  boolean isUnitStart(int index) {
    return index == 0 || starts[index] != starts[index - 1];
  }

  /** The index of the text at which the unit of this index of the form begins. */
  int inText(int index) {
    return starts[index];
  }

  private static int unitEnd(String text, int from) {
    int c = text.codePointAt(from);
    int end = from + Character.charCount(c);
    boolean space = UCharacter.isUWhiteSpace(c);
    while (end < text.length()) {
      int next = text.codePointAt(end);
      boolean same =
          space
              ? UCharacter.isUWhiteSpace(next)
              : next >= FIRST_COMBINING && !NFC.hasBoundaryBefore(next);
      if (!same) {
        break;
      }
      end += Character.charCount(next);
    }
    return end;
  }

  private void appendUnit(String text, int from, int end) {
    int before = form.length();
    int c = text.codePointAt(from);
    if (UCharacter.isUWhiteSpace(c)) {
      form.append(' ');
    } else if (asItIs) {
      form.append(text, from, end);
    } else if (end - from == 1 && c < 0x80) {
      form.append((char) (foldCase ? Character.toLowerCase(c) : c));
    } else if (foldCase) {
      // Canonical caseless matching: definition D145 of the Unicode standard.
      form.append(
          NFC.normalize(UCharacter.foldCase(NFD.normalize(text.substring(from, end)), true)));
    } else {
      form.append(NFC.normalize(text.substring(from, end)));
    }
    for (int i = before; i < form.length(); i++) {
      mark(i, from);
    }
  }

  private void mark(int index, int start) {
    if (index == starts.length) {
      starts = Arrays.copyOf(starts, index + index / 2 + 2);
    }
    starts[index] = start;
  }
}
