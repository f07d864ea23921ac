package io.github.ffncensus.jobs.run;

import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must hold of the tables of interventions and edits. */
final class EditChecks {
  private static final double ROUNDING = 1e-12;

  private final TableContentChecks tables;
  private final int layers;
  private final int neurons;

  /** Neurons of the real edits, by edit. */
  private final Map<List<String>, Integer> edited = new HashMap<>();

  EditChecks(TableContentChecks tables, int layers, int neurons) {
    this.tables = tables;
    this.layers = layers;
    this.neurons = neurons;
  }

  /** Probabilities and ranks are such, and nothing changes where no neuron is scaled. */
  void interventionsAreSound(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("fact_interventions");
    tables.forEachRow(
        "fact_interventions",
        files,
        row -> {
          double before = row.getDouble("probability_before");
          double after = row.getDouble("probability_after");
          boolean suppressed = row.getDouble("factor") < 1;
          if (!isProbability(before) || !isProbability(after)) {
            findings.add("%s: probabilities %s and %s".formatted(fact(row), before, after));
          } else if (row.getInt("neurons") == 0 && before != after) {
            findings.add(fact(row) + ": has no neurons, and yet its probability changes");
          } else if (row.getInt("answer_rank_before") < 1 || row.getInt("answer_rank_after") < 1) {
            findings.add(fact(row) + ": an answer has a rank below 1");
          } else if (row.getString("operation").equals("suppress") != suppressed) {
            findings.add(
                "%s: the factor %s is called %s"
                    .formatted(fact(row), row.getDouble("factor"), row.getString("operation")));
          }
        },
        "relation",
        "fact_id",
        "operation",
        "probability_before",
        "probability_after",
        "factor",
        "neurons",
        "answer_rank_before",
        "answer_rank_after");
    findings.report();
  }

  /** Pairs are of the model, in order, and their interaction is what is left of the drops. */
  void interactionsAreSound(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("neuron_interactions");
    tables.forEachRow(
        "neuron_interactions",
        files,
        row -> {
          int layerA = row.getInt("layer_a");
          int layerB = row.getInt("layer_b");
          int a = row.getInt("neuron_a");
          int b = row.getInt("neuron_b");
          double left =
              row.getDouble("drop_both") - row.getDouble("drop_a") - row.getDouble("drop_b");
          if (outside(layerA, a) || outside(layerB, b)) {
            findings.add(fact(row) + ": the model has no such neurons");
          } else if (layerA > layerB || (layerA == layerB && a >= b)) {
            findings.add(fact(row) + ": a pair is not in the order of its neurons");
          } else if (!(Math.abs(left - row.getDouble("interaction")) <= ROUNDING)) {
            findings.add(fact(row) + ": an interaction does not follow from the drops");
          }
        },
        "relation",
        "fact_id",
        "layer_a",
        "neuron_a",
        "layer_b",
        "neuron_b",
        "drop_a",
        "drop_b",
        "drop_both",
        "interaction");
    findings.report();
  }

  /** Updates are of facts, erasures of relations, and each is made once. */
  void editsAreSound(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("fact_edits");
    tables.forEachRow(
        "fact_edits",
        files,
        row -> {
          boolean update = row.getString("kind").startsWith("update");
          if (update == row.isNull("fact_id")
              || update == row.isNull("target")
              || update == row.isNull("direction")) {
            findings.add(
                "%s %s: is neither of a fact nor of a relation".formatted(kind(row), fact(row)));
          } else if (edited.put(edit(row), row.getInt("edited_neurons")) != null) {
            findings.add("%s %s: is made twice".formatted(kind(row), fact(row)));
          } else if (!isProbability(row.getDouble("probability_after"))) {
            findings.add(
                "%s %s: has the probability %s"
                    .formatted(kind(row), fact(row), row.getDouble("probability_after")));
          }
        },
        "kind",
        "relation",
        "fact_id",
        "target",
        "direction",
        "edited_neurons",
        "probability_after");
    findings.report();
  }

  /** To be called after the edits: each has as many vectors as it says, all of them finite. */
  void deltasAreSound(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("edit_deltas");
    Map<List<String>, Integer> missing = new HashMap<>(edited);
    tables.forEachRow(
        "edit_deltas",
        files,
        row -> {
          missing.merge(edit(row), -1, Integer::sum);
          if (outside(row.getInt("layer"), row.getInt("neuron"))) {
            findings.add("%s %s: the model has no such neuron".formatted(kind(row), fact(row)));
          }
          for (float value : row.getFloatList("value")) {
            if (!Float.isFinite(value)) {
              findings.add("%s %s: a vector is not finite".formatted(kind(row), fact(row)));
              break;
            }
          }
        },
        "kind",
        "relation",
        "fact_id",
        "direction",
        "layer",
        "neuron",
        "value");
    missing.forEach(
        (edit, count) -> {
          if (count != 0 && !edit.get(0).endsWith("random_neurons")) {
            findings.add(
                "%s: %d more vectors in fact_edits than here"
                    .formatted(String.join(" ", edit), count));
          }
        });
    findings.report();
  }

  private boolean outside(int layer, int neuron) {
    return TableContentChecks.outside(layer, neuron, layers, neurons);
  }

  private static boolean isProbability(double p) {
    return p >= 0 && p <= 1 + ROUNDING;
  }

  private static String kind(TableRow row) {
    return row.getString("kind");
  }

  private static String fact(TableRow row) {
    return row.isNull("fact_id")
        ? row.getString("relation")
        : row.getString("relation") + " " + row.getString("fact_id");
  }

  private static List<String> edit(TableRow row) {
    return row.isNull("direction")
        ? List.of(kind(row), fact(row))
        : List.of(kind(row), fact(row), row.getString("direction"));
  }
}
