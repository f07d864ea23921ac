package io.github.ffncensus.jobs.task;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The sequences that an earlier stage could not read with the model: others leave them out. */
public final class UnreadableIds {
  private static final List<String> TABLES = List.of("scan_rejects", "knowledge_neuron_rejects");

  private UnreadableIds() {}

  /** Their ids; there are few, if any. */
  public static Set<Long> of(StageContext context) {
    Set<Long> ids = new HashSet<>();
    for (String table : TABLES) {
      if (context.has(table)) {
        context
            .rows(table)
            .select("sequence_id")
            .toLocalIterator()
            .forEachRemaining(row -> ids.add(row.getLong(0)));
      }
    }
    return ids;
  }
}
