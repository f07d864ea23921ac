package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.knowledge.facts.FactReject;
import io.github.ffncensus.table.RowWriter;
import java.io.Serializable;

/** A row of {@code fact_rejects}. */
record SourcedReject(String source, FactReject reject) implements Serializable {
  static final String TABLE = "fact_rejects";

  static void encode(SourcedReject row, RowWriter out) {
    FactReject reject = row.reject();
    out.string("source", row.source());
    out.longValue("line", reject.line());
    if (reject.relation() != null) {
      out.string("relation", reject.relation());
    }
    if (reject.factId() != null) {
      out.string("fact_id", reject.factId());
    }
    if (reject.promptId() != null) {
      out.intValue("prompt_id", reject.promptId());
    }
    out.string("reason", reject.reason().key());
    out.string("detail", reject.detail());
  }
}
