package io.github.ffncensus.table;

import java.io.Serializable;

/**
 * A row of {@code rejects}: a document that was read and not used.
 *
 * @param source path of the input file
 * @param documentId the document's own id, or the one derived from its place
 * @param reason see {@code data-schemas/rejects.md}
 * @param detail what is wrong, and where
 */
public record RejectRow(String source, String documentId, String reason, String detail)
    implements Serializable {
  public static final RowEncoder<RejectRow> ENCODER = RejectRow::encode;

  public static RejectRow decode(TableRow row) {
    return new RejectRow(
        row.getString("source"),
        row.getString("document_id"),
        row.getString("reason"),
        row.getString("detail"));
  }

  private static void encode(RejectRow row, RowWriter out) {
    out.string("source", row.source);
    out.string("document_id", row.documentId);
    out.string("reason", row.reason);
    out.string("detail", row.detail);
  }
}
