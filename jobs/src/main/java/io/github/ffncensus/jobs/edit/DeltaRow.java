package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.model.ValueVector;
import io.github.ffncensus.table.RowEncoder;

/**
 * A row of {@code edit_deltas}: a value vector of an edited model.
 *
 * @param factId null if a relation was erased
 * @param direction null if a relation was erased
 */
record DeltaRow(
    EditKind kind, String relation, String factId, Direction direction, ValueVector vector) {

  static RowEncoder<DeltaRow> encoder(String method, String weightsSha256) {
    return (row, out) -> {
      out.string("kind", row.kind.key());
      out.string("method", method);
      out.string("relation", row.relation);
      if (row.factId != null) {
        out.string("fact_id", row.factId);
      }
      out.intValue("layer", row.vector.layer());
      out.intValue("neuron", row.vector.neuron());
      out.floatList("value", row.vector.values());
      out.string("weights_sha256", weightsSha256);
      if (row.direction != null) {
        out.string("direction", row.direction.key());
      }
    };
  }
}
