package io.github.ffncensus.jobs.run;

import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What must hold of the rows of a run's tables. Reads files one after the other, in bounded memory.
 */
final class TableContentChecks {

  interface Check {
    void accept(List<TableFile> files) throws IOException;
  }

  private static final int EXAMPLES = 3;

  private final Configuration hadoop;
  private final RunFolder folder;
  private final List<String> problems;

  TableContentChecks(Configuration hadoop, RunFolder folder, List<String> problems) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.problems = problems;
  }

  /** Sequence ids are 0, 1, 2 ... over all files, each once. */
  void sequenceIdsAreDense(List<TableFile> files) throws IOException {
    // Runs of consecutive ids, first id to last: a handful as long as the table is sound.
    TreeMap<Long, Long> runs = new TreeMap<>();
    Findings findings = new Findings("sequences");
    long[] last = {Long.MIN_VALUE, Long.MIN_VALUE}; // first and last id of the current run
    forEachRow(
        "sequences",
        files,
        row -> {
          long id = row.getLong("sequence_id");
          Map.Entry<Long, Long> before = runs.floorEntry(id);
          if (before != null && before.getValue() >= id) {
            findings.add("sequence_id %d occurs twice".formatted(id));
          } else if (id == last[1] + 1 && id > 0) {
            last[1] = id;
            runs.put(last[0], id);
          } else {
            last[0] = id;
            last[1] = id;
            runs.put(id, id);
          }
        },
        "sequence_id");
    long expected = 0;
    for (Map.Entry<Long, Long> run : runs.entrySet()) {
      if (run.getKey() != expected) {
        findings.add(
            "sequence_ids from %d to %d are missing".formatted(expected, run.getKey() - 1));
      }
      expected = run.getValue() + 1;
    }
    findings.report();
  }

  /** Each layer has each neuron exactly once. */
  void neuronsAreComplete(String table, List<TableFile> files, int layers, int neurons)
      throws IOException {
    Findings findings = new Findings(table);
    SeenNeurons seen = new SeenNeurons(layers, neurons, "", findings);
    forEachRow(table, files, seen::add, "layer", "neuron");
    seen.addMissing();
    findings.report();
  }

  /** Under every lens that there is, each layer has each neuron exactly once. */
  void neuronsOfEachLens(List<TableFile> files, int layers, int neurons) throws IOException {
    Findings findings = new Findings("value_lenses");
    Map<String, SeenNeurons> seen = new TreeMap<>();
    forEachRow(
        "value_lenses",
        files,
        row ->
            seen.computeIfAbsent(
                    row.getString("lens"),
                    lens -> new SeenNeurons(layers, neurons, lens + " lens, ", findings))
                .add(row),
        "layer",
        "neuron",
        "lens");
    seen.values().forEach(SeenNeurons::addMissing);
    findings.report();
  }

  /** Which neurons had a row so far. */
  private static final class SeenNeurons {
    private final BitSet seen = new BitSet();
    private final int layers;
    private final int neurons;
    private final String which;
    private final Findings findings;

    /**
     * @param which begins what is found
     */
    SeenNeurons(int layers, int neurons, String which, Findings findings) {
      this.layers = layers;
      this.neurons = neurons;
      this.which = which;
      this.findings = findings;
    }

    void add(TableRow row) {
      int layer = row.getInt("layer");
      int neuron = row.getInt("neuron");
      if (outside(layer, neuron, layers, neurons)) {
        findings.add(
            "%slayer %d, neuron %d: the model has no such neuron".formatted(which, layer, neuron));
      } else if (seen.get(layer * neurons + neuron)) {
        findings.add("%slayer %d, neuron %d: has two rows".formatted(which, layer, neuron));
      } else {
        seen.set(layer * neurons + neuron);
      }
    }

    void addMissing() {
      for (int i = seen.nextClearBit(0); i < layers * neurons; i = seen.nextClearBit(i + 1)) {
        findings.add(
            "%slayer %d, neuron %d: is missing".formatted(which, i / neurons, i % neurons));
      }
    }
  }

  /** Each layer exactly once, all of them over the same number of positions. */
  void layersAreComplete(String table, List<TableFile> files, int layers) throws IOException {
    Map<Integer, Long> positions = new TreeMap<>();
    Findings findings = new Findings(table);
    forEachRow(
        table,
        files,
        row -> {
          int layer = row.getInt("layer");
          long ofLayer = row.getLong("positions");
          if (layer < 0 || layer >= layers) {
            findings.add("layer %d: the model has no such layer".formatted(layer));
          } else if (positions.putIfAbsent(layer, ofLayer) != null) {
            findings.add("layer %d: has two rows".formatted(layer));
          }
        },
        "layer",
        "positions");
    for (int layer = 0; layer < layers; layer++) {
      if (!positions.containsKey(layer)) {
        findings.add("layer %d: is missing".formatted(layer));
      }
    }
    if (positions.values().stream().distinct().count() > 1) {
      findings.add("layers have different numbers of positions: %s".formatted(positions));
    }
    findings.report();
  }

  /** The four classes of a layer share out its positions, as counts and as shares. */
  void classesPartition(List<TableFile> files) throws IOException {
    Findings findings = new Findings("prediction_refinement");
    List<String> classes = List.of("residual", "ffn", "agreement", "composition");
    List<String> counts = classes.stream().map(name -> name + "_positions").toList();
    List<String> columns = new ArrayList<>(List.of("layer", "positions"));
    columns.addAll(classes);
    columns.addAll(counts);
    forEachRow(
        "prediction_refinement",
        files,
        row -> {
          long positions = row.getLong("positions");
          long counted = counts.stream().mapToLong(row::getLong).sum();
          if (counted != positions) {
            findings.add(
                "layer %d: its classes have %,d positions of %,d"
                    .formatted(row.getInt("layer"), counted, positions));
          }
          double shares = positions == 0 ? 1 : classes.stream().mapToDouble(row::getDouble).sum();
          if (!(Math.abs(shares - 1) <= 1e-9)) {
            findings.add(
                "layer %d: the shares of its classes add up to %s"
                    .formatted(row.getInt("layer"), shares));
          }
        },
        columns.toArray(String[]::new));
    findings.report();
  }

  /**
   * The rows of a neuron stand together; per polarity its ranks are 1, 2, 3 ... and its
   * coefficients go from the most extreme inwards.
   */
  void ranksAreGapless(List<TableFile> files, int layers, int neurons) throws IOException {
    BitSet seen = new BitSet();
    Findings findings = new Findings("trigger_prefixes");
    Map<String, Trigger> lastOfPolarity = new HashMap<>();
    int[] current = {-1, -1};
    forEachRow(
        "trigger_prefixes",
        files,
        row -> {
          int layer = row.getInt("layer");
          int neuron = row.getInt("neuron");
          if (outside(layer, neuron, layers, neurons)) {
            findings.add(
                "layer %d, neuron %d: the model has no such neuron".formatted(layer, neuron));
            return;
          }
          if (layer != current[0] || neuron != current[1]) {
            if (seen.get(layer * neurons + neuron)) {
              findings.add(
                  "layer %d, neuron %d: its rows do not stand together".formatted(layer, neuron));
            }
            seen.set(layer * neurons + neuron);
            current[0] = layer;
            current[1] = neuron;
            lastOfPolarity.clear();
          }
          String polarity = row.getString("polarity");
          Trigger trigger = new Trigger(row.getInt("rank"), row.getFloat("coefficient"));
          String problem = trigger.problemAfter(lastOfPolarity.put(polarity, trigger), polarity);
          if (problem != null) {
            findings.add("layer %d, neuron %d, %s: %s".formatted(layer, neuron, polarity, problem));
          }
        },
        "layer",
        "neuron",
        "polarity",
        "rank",
        "coefficient");
    findings.report();
  }

  /**
   * The memories of a position stand together; their ranks are 1, 2, 3 ... and their contributions
   * never increase.
   */
  void memoriesAreRanked(List<TableFile> files) throws IOException {
    Findings findings = new Findings("memory_ablations");
    Memory[] last = {null};
    forEachRow(
        "memory_ablations",
        files,
        row -> {
          Memory memory =
              new Memory(
                  row.getLong("sequence_id"),
                  row.getInt("position"),
                  row.getInt("rank"),
                  row.getFloat("contribution"));
          String problem = memory.problemAfter(last[0]);
          if (problem != null) {
            findings.add(
                "sequence %d, position %d: %s"
                    .formatted(memory.sequenceId(), memory.position(), problem));
          }
          last[0] = memory;
        },
        "sequence_id",
        "position",
        "rank",
        "contribution");
    findings.report();
  }

  /** Within a neuron's band examples are 1, 2, 3 ..., and no more than there were to draw from. */
  void examplesAreGapless(List<TableFile> files) throws IOException {
    Findings findings = new Findings("activation_examples");
    Example[] last = {null};
    forEachRow(
        "activation_examples",
        files,
        row -> {
          Example example =
              new Example(
                  row.getInt("layer"),
                  row.getInt("neuron"),
                  row.getString("band"),
                  row.getInt("example"));
          int expected = example.sameBand(last[0]) ? last[0].number() + 1 : 1;
          if (example.number() != expected || expected > row.getLong("positions_in_band")) {
            findings.add(
                "layer %d, neuron %d, %s: example %d of %d where %d is due"
                    .formatted(
                        example.layer(),
                        example.neuron(),
                        example.band(),
                        example.number(),
                        row.getLong("positions_in_band"),
                        expected));
          }
          last[0] = example;
        },
        "layer",
        "neuron",
        "band",
        "example",
        "positions_in_band");
    findings.report();
  }

  private record Example(int layer, int neuron, String band, int number) {

    boolean sameBand(Example other) {
      return other != null
          && other.layer == layer
          && other.neuron == neuron
          && other.band.equals(band);
    }
  }

  private record Memory(long sequenceId, int position, int rank, float contribution) {

    String problemAfter(Memory before) {
      boolean together =
          before != null && before.sequenceId == sequenceId && before.position == position;
      int expected = together ? before.rank + 1 : 1;
      if (rank != expected) {
        return "rank %d where %d is due".formatted(rank, expected);
      }
      return together && before.contribution < contribution
          ? "rank %d contributes %s after %s".formatted(rank, contribution, before.contribution)
          : null;
    }
  }

  private record Trigger(int rank, float coefficient) {

    String problemAfter(Trigger before, String polarity) {
      int expected = before == null ? 1 : before.rank + 1;
      if (rank != expected) {
        return "rank %d where %d is due".formatted(rank, expected);
      }
      boolean inwards =
          before == null
              || (polarity.equals("negative")
                  ? before.coefficient <= coefficient
                  : before.coefficient >= coefficient);
      return inwards
          ? null
          : "rank %d has coefficient %s after %s".formatted(rank, coefficient, before.coefficient);
    }
  }

  static boolean outside(int layer, int neuron, int layers, int neurons) {
    return layer < 0 || layer >= layers || neuron < 0 || neuron >= neurons;
  }

  void forEachRow(String table, List<TableFile> files, Consumer<TableRow> action, String... columns)
      throws IOException {
    for (TableFile file : files) {
      try (ParquetTableReader reader =
          ParquetTableReader.open(hadoop, new Path(folder.table(table), file.name()), columns)) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          action.accept(row);
        }
      }
    }
  }

  /** One line per table and kind of damage would be too few, one per row too many. */
  final class Findings {

    private final String table;
    private final StringBuilder examples = new StringBuilder();
    private long count;

    Findings(String table) {
      this.table = table;
    }

    void add(String finding) {
      count++;
      if (count <= EXAMPLES) {
        examples.append(count == 1 ? "" : "; ").append(finding);
      }
    }

    void report() {
      if (count > 0) {
        String more =
            count > EXAMPLES ? "; and %,d more such rows".formatted(count - EXAMPLES) : "";
        problems.add("%s: %s%s".formatted(folder.table(table), examples, more));
      }
    }
  }
}
