package io.github.ffncensus.table;

import java.io.Serializable;

/**
 * A row of {@code sequences}: a stretch of text as the model reads it.
 *
 * @param sequenceId from 0, gapless, in corpus order
 * @param documentId of the document that the text comes from
 * @param ordinal place of the sequence in its document, from 0
 * @param text the sequence's text, to which the offsets refer
 * @param tokenIds as fed to the model, special tokens included
 * @param tokenStarts per token the first code point of text, -1 for a special token
 * @param tokenEnds per token the code point after its last one, -1 for a special token
 */
public record SequenceRow(
    long sequenceId,
    String documentId,
    int ordinal,
    String text,
    int[] tokenIds,
    int[] tokenStarts,
    int[] tokenEnds)
    implements Serializable {
  public static final RowEncoder<SequenceRow> ENCODER = SequenceRow::encode;

  /** The text up to the end of a token. */
  public String prefix(int position) {
    return text.substring(0, text.offsetByCodePoints(0, tokenEnds[position]));
  }

  /** Whether a text token follows. */
  public boolean hasNext(int position) {
    return position + 1 < tokenIds.length && tokenEnds[position + 1] >= 0;
  }

  public static SequenceRow decode(TableRow row) {
    return new SequenceRow(
        row.getLong("sequence_id"),
        row.getString("document_id"),
        row.getInt("ordinal"),
        row.getString("text"),
        row.getIntList("token_ids"),
        row.getIntList("token_starts"),
        row.getIntList("token_ends"));
  }

  private static void encode(SequenceRow row, RowWriter out) {
    out.longValue("sequence_id", row.sequenceId);
    out.string("document_id", row.documentId);
    out.intValue("ordinal", row.ordinal);
    out.string("text", row.text);
    out.intList("token_ids", row.tokenIds);
    out.intList("token_starts", row.tokenStarts);
    out.intList("token_ends", row.tokenEnds);
  }
}
