package io.github.ffncensus.jobs.show;

import io.github.ffncensus.table.TableRow;
import java.util.HashMap;
import java.util.Map;

/**
 * What a layer's strongest triggers are to predict: how often a value would agree with its triggers
 * by chance, because both favour frequent tokens.
 */
final class Targets {
  static final String TABLE = "value_predictions";

  private static final String[] COLUMNS = {"layer", "trigger_next_token_id"};

  private final Map<Integer, Map<Integer, Integer>> counts = new HashMap<>();
  private final Map<Integer, Integer> totals = new HashMap<>();

  Targets(PublishedTables tables) {
    tables.forEachRow(TABLE, this::add, COLUMNS);
  }

  private void add(TableRow row) {
    if (!row.isNull("trigger_next_token_id")) {
      int layer = row.getInt("layer");
      counts
          .computeIfAbsent(layer, first -> new HashMap<>())
          .merge(row.getInt("trigger_next_token_id"), 1, Integer::sum);
      totals.merge(layer, 1, Integer::sum);
    }
  }

  /** Share of the layer's strongest triggers with this target; 0 for a layer without targets. */
  double share(int layer, int token) {
    return counts.getOrDefault(layer, Map.of()).getOrDefault(token, 0)
        / (double) Math.max(1, totals.getOrDefault(layer, 0));
  }

  /**
   * How much more often a neuron's value agrees with its triggers than by chance, as evidence:
   * agreements times the logarithm of observed over expected.
   */
  double evidence(int layer, int token, int agreements, int targets) {
    double chance = Math.max(share(layer, token), 1.0 / Math.max(1, totals.getOrDefault(layer, 0)));
    return agreements * Math.log(agreements / (double) targets / chance);
  }
}
