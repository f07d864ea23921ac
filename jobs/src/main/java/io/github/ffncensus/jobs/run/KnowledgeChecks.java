package io.github.ffncensus.jobs.run;

import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What must hold of the tables of facts, whose rows stand in order. */
final class KnowledgeChecks {
  private final TableContentChecks tables;
  private final int layers;
  private final int neurons;

  KnowledgeChecks(TableContentChecks tables, int layers, int neurons) {
    this.tables = tables;
    this.layers = layers;
    this.neurons = neurons;
  }

  /** Each prompt has a row for every layer, one after the other. */
  void layersFollowEachOther(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("attribution_layers");
    String[] prompt = {null};
    int[] next = {0};
    tables.forEachRow(
        "attribution_layers",
        files,
        row -> {
          String current = fact(row) + ", prompt " + row.getInt("prompt_id");
          int due = next[0] % layers;
          if (row.getInt("layer") != due || due > 0 && !current.equals(prompt[0])) {
            findings.add(
                "%s: layer %d where %d is due".formatted(current, row.getInt("layer"), due));
          }
          prompt[0] = current;
          next[0]++;
        },
        "relation",
        "fact_id",
        "prompt_id",
        "layer");
    findings.report();
  }

  /** Neurons that the model has, in order and once per fact, shared by some of its prompts. */
  void neuronsAreShared(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("knowledge_neurons");
    String[] fact = {null};
    long[] last = {-1};
    tables.forEachRow(
        "knowledge_neurons",
        files,
        row -> {
          String current = row.getString("method") + ", " + fact(row);
          int layer = row.getInt("layer");
          int neuron = row.getInt("neuron");
          long number = (long) layer * neurons + neuron;
          String name = "%s: layer %d, neuron %d".formatted(current, layer, neuron);
          if (TableContentChecks.outside(layer, neuron, layers, neurons)) {
            findings.add(name + ": the model has no such neuron");
          } else if (current.equals(fact[0]) && number <= last[0]) {
            findings.add(name + ": is not after the one before");
          }
          int sharing = row.getInt("prompts_sharing");
          if (sharing < 1 || sharing > row.getInt("prompts")) {
            findings.add(
                "%s: %d of %d prompts share it".formatted(name, sharing, row.getInt("prompts")));
          }
          fact[0] = current;
          last[0] = number;
        },
        "method",
        "relation",
        "fact_id",
        "layer",
        "neuron",
        "prompts_sharing",
        "prompts");
    findings.report();
  }

  /** The neurons of a relation stand together, ranked 1, 2, 3 ... by the facts that share them. */
  void ranksAreGapless(List<TableFile> files) throws IOException {
    TableContentChecks.Findings findings = tables.new Findings("relation_neurons");
    String[] relation = {null};
    int[] last = {0, 0}; // rank and facts of the row before
    Set<String> seen = new HashSet<>();
    tables.forEachRow(
        "relation_neurons",
        files,
        row -> {
          String current = row.getString("method") + ", relation " + row.getString("relation");
          if (!current.equals(relation[0])) {
            if (!seen.add(current)) {
              findings.add(current + ": its rows do not stand together");
            }
            last[0] = 0;
            last[1] = row.getInt("facts");
          }
          int rank = row.getInt("rank");
          int sharing = row.getInt("facts_sharing");
          if (rank != last[0] + 1) {
            findings.add("%s: rank %d where %d is due".formatted(current, rank, last[0] + 1));
          } else if (sharing < 1 || sharing > last[1]) {
            findings.add(
                "%s: rank %d is shared by %d facts, the one before by %d"
                    .formatted(current, rank, sharing, last[1]));
          }
          relation[0] = current;
          last[0] = rank;
          last[1] = sharing;
        },
        "method",
        "relation",
        "rank",
        "facts_sharing",
        "facts");
    findings.report();
  }

  private static String fact(TableRow row) {
    return "relation " + row.getString("relation") + ", fact " + row.getString("fact_id");
  }
}
