package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableRow;
import io.github.ffncensus.text.TokenizedText;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * A sequence, or a rejected document, between reading and numbering.
 *
 * @param document number of the document in its split, from 0
 * @param chunk that the document is in, of the split's
 * @param unit line or row in the chunk, from 0
 * @param documentId its own, null if it has none
 * @param reason null for a sequence
 * @param detail null for a sequence
 * @param ordinal of the sequence in its document
 * @param text null for a rejected document
 * @param tokens null for a rejected document
 */
record StagedRow(
    long document,
    int chunk,
    long unit,
    String documentId,
    RejectReason reason,
    String detail,
    int ordinal,
    String text,
    TokenizedText tokens) {

  static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          """
          message staged {
            required int64 document;
            required int32 chunk;
            required int64 unit;
            optional binary document_id (STRING);
            optional binary reason (STRING);
            optional binary detail (STRING);
            required int32 ordinal;
            required int32 token_count;
            optional binary text (STRING);
            optional group token_ids (LIST) { repeated group list { required int32 element; } }
            optional group token_starts (LIST) { repeated group list { required int32 element; } }
            optional group token_ends (LIST) { repeated group list { required int32 element; } }
          }
          """);

  static final RowEncoder<StagedRow> ENCODER = StagedRow::encode;

  static StagedRow sequence(
      long document,
      int chunk,
      RawDocument source,
      int ordinal,
      String text,
      TokenizedText tokens) {
    return new StagedRow(
        document, chunk, source.unit(), source.id(), null, null, ordinal, text, tokens);
  }

  static StagedRow rejected(
      long document, int chunk, RawDocument source, RejectReason reason, String detail) {
    return new StagedRow(
        document, chunk, source.unit(), source.id(), reason, detail, 0, null, null);
  }

  static StagedRow decode(TableRow row) {
    String reason = row.getString("reason");
    return new StagedRow(
        row.getLong("document"),
        row.getInt("chunk"),
        row.getLong("unit"),
        row.getString("document_id"),
        reason == null ? null : RejectReason.valueOf(reason),
        row.getString("detail"),
        row.getInt("ordinal"),
        row.getString("text"),
        reason == null
            ? new TokenizedText(
                row.getIntList("token_ids"),
                row.getIntList("token_starts"),
                row.getIntList("token_ends"))
            : null);
  }

  private static void encode(StagedRow row, RowWriter out) {
    out.longValue("document", row.document);
    out.intValue("chunk", row.chunk);
    out.longValue("unit", row.unit);
    out.string("document_id", row.documentId);
    out.string("reason", row.reason == null ? null : row.reason.name());
    out.string("detail", row.detail);
    out.intValue("ordinal", row.ordinal);
    out.intValue("token_count", row.tokens == null ? 0 : row.tokens.ids().length);
    out.string("text", row.text);
    out.intList("token_ids", row.tokens == null ? null : row.tokens.ids());
    out.intList("token_starts", row.tokens == null ? null : row.tokens.starts());
    out.intList("token_ends", row.tokens == null ? null : row.tokens.ends());
  }
}
