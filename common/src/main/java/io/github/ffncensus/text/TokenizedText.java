package io.github.ffncensus.text;

/**
 * A text as the model reads it. Special tokens are those that the tokenizer's post-processor put
 * around the text; a text that spells out «[CLS]» or «&lt;/s&gt;» itself gets the same id, but with
 * offsets: it is the author's text, and is treated as such.
 *
 * @param ids token ids, special tokens included
 * @param starts per token the first code point of the text, -1 for a special token
 * @param ends per token the code point after its last one, -1 for a special token
 */
public record TokenizedText(int[] ids, int[] starts, int[] ends) {

  /** Whether the tokenizer added this token, rather than finding it in the text. */
  public boolean isSpecial(int token) {
    return starts[token] < 0;
  }

  /** Tokens that stem from the text. */
  public int realTokens() {
    int real = 0;
    for (int start : starts) {
      if (start >= 0) {
        real++;
      }
    }
    return real;
  }
}
