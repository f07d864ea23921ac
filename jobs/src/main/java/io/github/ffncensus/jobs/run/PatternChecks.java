package io.github.ffncensus.jobs.run;

import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must hold of the tables of patterns. */
final class PatternChecks {
  private static final double ROUNDING = 1e-9;

  private final TableContentChecks tables;
  private final int layers;
  private final int neurons;

  /** Neurons with scores, by polarity. */
  private final Map<String, BitSet> scored = new HashMap<>();

  PatternChecks(TableContentChecks tables, int layers, int neurons) {
    this.tables = tables;
    this.layers = layers;
    this.neurons = neurons;
  }

  /** Each neuron at most once per polarity, and its labels divide its prefixes. */
  void scoresAreSound(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("trigger_pattern_scores");
    tables.forEachRow(
        "trigger_pattern_scores",
        files,
        row -> {
          int number = number(row);
          int labelled =
              row.getInt("shallow_only")
                  + row.getInt("semantic_only")
                  + row.getInt("shallow_and_semantic")
                  + row.getInt("not_covered");
          if (number < 0) {
            findings.add(name(row) + ": the model has no such neuron");
          } else if (scoredOf(row).get(number)) {
            findings.add(name(row) + ": has two rows");
          } else if (labelled != row.getInt("prefixes") || labelled == 0) {
            findings.add(
                "%s: %d prefixes, but %d have a label"
                    .formatted(name(row), row.getInt("prefixes"), labelled));
          }
          scoredOf(row).set(Math.max(0, number));
        },
        "layer",
        "neuron",
        "polarity",
        "prefixes",
        "shallow_only",
        "semantic_only",
        "shallow_and_semantic",
        "not_covered");
    findings.report();
  }

  /** To be called after the scores: a pattern belongs to a neuron that has them. */
  void patternsAreSound(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("trigger_patterns");
    tables.forEachRow(
        "trigger_patterns",
        files,
        row -> {
          int number = number(row);
          int support = row.getInt("support");
          double rate = row.getDouble("background_rate");
          if (number < 0 || !scoredOf(row).get(number)) {
            findings.add(name(row) + ": has a pattern and no row in trigger_pattern_scores");
          } else if (support > row.getInt("prefixes")
              || support != row.getIntList("ranks").length
              || row.getInt("counted") > support) {
            findings.add(
                "%s: pattern %s of %d prefixes has support %d, counted %d, %d ranks"
                    .formatted(
                        name(row),
                        row.getString("pattern"),
                        row.getInt("prefixes"),
                        support,
                        row.getInt("counted"),
                        row.getIntList("ranks").length));
          } else if (!(rate > 0 && rate < 1)) {
            findings.add(
                "%s: pattern %s has the background rate %s"
                    .formatted(name(row), row.getString("pattern"), rate));
          } else if (!Double.isFinite(row.getDouble("score"))) {
            findings.add(
                "%s: pattern %s has the score %s"
                    .formatted(name(row), row.getString("pattern"), row.getDouble("score")));
          }
        },
        "layer",
        "neuron",
        "polarity",
        "pattern",
        "support",
        "prefixes",
        "counted",
        "background_rate",
        "score",
        "ranks");
    findings.report();
  }

  /** The shares of the four labels sum to 1 in every layer that has prefixes. */
  void summaryIsSound(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("pattern_summary");
    tables.forEachRow(
        "pattern_summary",
        files,
        row -> {
          if (row.getLong("prefixes") > 0) {
            double sum =
                row.getDouble("shallow_only")
                    + row.getDouble("semantic_only")
                    + row.getDouble("shallow_and_semantic")
                    + row.getDouble("not_covered");
            if (!(Math.abs(sum - 1) < ROUNDING)) {
              findings.add(
                  "layer %d, %s: the shares of its labels sum to %s"
                      .formatted(row.getInt("layer"), row.getString("polarity"), sum));
            }
          }
        },
        "layer",
        "polarity",
        "prefixes",
        "shallow_only",
        "semantic_only",
        "shallow_and_semantic",
        "not_covered");
    findings.report();
  }

  private int number(TableRow row) {
    int layer = row.getInt("layer");
    int neuron = row.getInt("neuron");
    return TableContentChecks.outside(layer, neuron, layers, neurons)
        ? -1
        : layer * neurons + neuron;
  }

  private BitSet scoredOf(TableRow row) {
    return scored.computeIfAbsent(row.getString("polarity"), polarity -> new BitSet());
  }

  private static String name(TableRow row) {
    return "layer %d, neuron %d, %s"
        .formatted(row.getInt("layer"), row.getInt("neuron"), row.getString("polarity"));
  }
}
