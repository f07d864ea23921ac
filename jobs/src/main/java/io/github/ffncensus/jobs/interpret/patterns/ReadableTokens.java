package io.github.ffncensus.jobs.interpret.patterns;

import io.github.ffncensus.interpret.patterns.PrefixText;
import io.github.ffncensus.table.TableRow;
import io.github.ffncensus.text.ModelTokenizer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Rows of prefixes, their tokens as text in lower case; a token that is no text stays as the
 * vocabulary has it. Not thread-safe.
 */
final class ReadableTokens {
  /** What both tables of prefixes have. */
  static final String[] COLUMNS = {"document_id", "prefix", "token_id", "next_token_id"};

  private final ModelTokenizer tokenizer;
  private final Locale locale;
  private final boolean causal;
  private final Map<Integer, String> texts = new HashMap<>();

  /**
   * @param language tag, whose lower case is taken
   * @param causal whether the model is to predict the next token; a masked model's target is the
   *     last token itself, which says nothing new
   */
  ReadableTokens(ModelTokenizer tokenizer, String language, boolean causal) {
    this.tokenizer = tokenizer;
    this.locale = Locale.forLanguageTag(language);
    this.causal = causal;
  }

  PrefixText prefix(int rank, TableRow row) {
    return new PrefixText(
        rank,
        row.getString("document_id"),
        row.getString("prefix"),
        text(row.getInt("token_id")),
        causal && !row.isNull("next_token_id") ? text(row.getInt("next_token_id")) : null);
  }

  private String text(int token) {
    return texts.computeIfAbsent(
        token,
        id ->
            tokenizer
                .text(id)
                .map(text -> text.toLowerCase(locale))
                .orElseGet(() -> tokenizer.token(id)));
  }
}
