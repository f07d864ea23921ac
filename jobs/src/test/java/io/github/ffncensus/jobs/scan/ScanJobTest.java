package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.AllCoefficients.Cell;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.jobs.scan.ScanFixture.Run;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tables of a scan against an oracle computed from {@code sequences} and the model. */
class ScanJobTest {
  private static final int K = 6;

  /** Each sequence a batch: the same computation as the oracle's. */
  private static final String ALONE = "scan.batch-tokens=1";

  @TempDir static Path folder;
  private static ScanFixture scans;

  @BeforeAll
  static void start() throws IOException {
    scans = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    scans.close();
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, sequence",
    "gpt2-gelu-new, prefix",
    "bert-gelu, sequence",
    "llama-silu, sequence",
    "llama-silu, prefix"
  })
  void tables_equalTheOracle(String model, String distinct) throws IOException {
    Run run =
        scans.ingest(
            model + "-" + distinct, model, ALONE, "scan.trigger-prefixes.distinct=" + distinct);
    assertThat(run.plan.shards()).hasSizeGreaterThan(2);
    Map<String, List<Map<String, Object>>> tables = run.tables();
    List<Map<String, Object>> sequences = run.sequences();
    try (Transformer transformer =
        TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32)) {
      AllCoefficients all =
          AllCoefficients.of(transformer, sequences.stream().map(ScanJobTest::tokens).toList());
      Oracle oracle = new Oracle(run, all, sequences);
      oracle.checkTriggers(
          tables.get("trigger_prefixes"), Distinct.valueOf(distinct.toUpperCase()));
      oracle.checkStatistics(tables.get("neuron_stats"));
      oracle.checkActivations(tables.get("activations"));
    }
  }

  @Test
  void batchSize_changesNothingBeyondRounding() throws IOException {
    Map<String, List<Map<String, Object>>> expected =
        scans.ingest("alone", "bert-gelu", ALONE).tables();
    for (String tokens : List.of("40", "4096")) {
      Map<String, List<Map<String, Object>>> actual =
          scans.ingest("batch-" + tokens, "bert-gelu", "scan.batch-tokens=" + tokens).tables();
      assertClose(actual, expected, 1e-5);
    }
  }

  @Test
  void shardSize_changesNoTrigger_andStatisticsByRoundingOnly() throws IOException {
    Map<String, List<Map<String, Object>>> expected =
        scans.ingest("one", "llama-silu", ALONE, "ingest.shard-tokens=1000000").tables();
    Run small = scans.ingest("small", "llama-silu", ALONE, "ingest.shard-tokens=64");
    assertThat(small.plan.shards()).hasSizeGreaterThan(10);
    Map<String, List<Map<String, Object>>> actual = small.tables();
    assertThat(actual.get("trigger_prefixes")).isEqualTo(expected.get("trigger_prefixes"));
    assertClose(actual, expected, 1e-6);
  }

  /** Rows in the same order, their coefficients and statistics within a tolerance. */
  private static void assertClose(
      Map<String, List<Map<String, Object>>> actual,
      Map<String, List<Map<String, Object>>> expected,
      double tolerance) {
    for (String table : List.of("trigger_prefixes", "neuron_stats")) {
      assertThat(actual.get(table)).hasSameSizeAs(expected.get(table));
      List<String> columns =
          table.equals("neuron_stats")
              ? List.of("token_count", "mean", "stddev", "min", "max")
              : List.of("rank", "coefficient");
      for (int i = 0; i < expected.get(table).size(); i++) {
        Map<String, Object> a = actual.get(table).get(i);
        Map<String, Object> e = expected.get(table).get(i);
        for (String column : List.of("layer", "neuron")) {
          assertThat(a.get(column)).isEqualTo(e.get(column));
        }
        for (String column : columns) {
          assertThat(number(a, column))
              .as("%s.%s of row %d", table, column, i)
              .isCloseTo(number(e, column), within(tolerance * (1 + Math.abs(number(e, column)))));
        }
      }
    }
  }

  private static double number(Map<String, Object> row, String column) {
    return ((Number) row.get(column)).doubleValue();
  }

  static TokenSequence tokens(Map<String, Object> sequence) {
    int[] ids = ints(sequence, "token_ids");
    int[] starts = ints(sequence, "token_starts");
    boolean[] special = new boolean[ids.length];
    for (int t = 0; t < ids.length; t++) {
      special[t] = starts[t] < 0;
    }
    return new TokenSequence((Long) sequence.get("sequence_id"), ids, special);
  }

  private static int[] ints(Map<String, Object> row, String column) {
    return ((List<?>) row.get(column)).stream().mapToInt(i -> (Integer) i).toArray();
  }

  /** What the tables must hold. */
  private record Oracle(Run run, AllCoefficients all, List<Map<String, Object>> sequences) {

    void checkTriggers(List<Map<String, Object>> rows, Distinct distinct) {
      List<Trigger> expected = new ArrayList<>();
      forEachNeuron(
          (layer, neuron) -> {
            // By name, as the table is sorted.
            if (run.model.architecture().gated()) {
              expected.addAll(all.triggers(layer, neuron, Polarity.NEGATIVE, distinct, K, 1));
            }
            expected.addAll(all.triggers(layer, neuron, Polarity.POSITIVE, distinct, K, 1));
          });
      List<Trigger> actual = rows.stream().map(Oracle::trigger).toList();
      assertThat(actual).isEqualTo(expected);
      boolean emoji = false;
      for (Map<String, Object> row : rows) {
        checkText(row);
        emoji |= row.get("prefix").toString().contains("\uD83D\uDE00 ");
      }
      assertThat(emoji).as("prefixes beyond characters of two code units").isTrue();
      assertThat(rows)
          .anyMatch(r -> r.get("next_token_id") == null)
          .anyMatch(r -> r.get("next_token_id") != null);
    }

    private static Trigger trigger(Map<String, Object> row) {
      return new Trigger(
          (Integer) row.get("layer"),
          (Integer) row.get("neuron"),
          Polarity.valueOf(row.get("polarity").toString().toUpperCase()),
          (Integer) row.get("rank"),
          (Float) row.get("coefficient"),
          (Long) row.get("sequence_id"),
          (Integer) row.get("position"));
    }

    private void checkText(Map<String, Object> row) {
      Map<String, Object> sequence = sequences.get(((Long) row.get("sequence_id")).intValue());
      int position = (Integer) row.get("position");
      int[] ids = ints(sequence, "token_ids");
      int[] ends = ints(sequence, "token_ends");
      int[] codePoints = sequence.get("text").toString().codePoints().toArray();
      assertThat(row.get("prefix")).isEqualTo(new String(codePoints, 0, ends[position]));
      assertThat(row.get("document_id")).isEqualTo(sequence.get("document_id"));
      assertThat(row.get("token_id")).isEqualTo(ids[position]);
      boolean last = position + 1 == ids.length || ends[position + 1] < 0;
      assertThat(row.get("next_token_id")).isEqualTo(last ? null : (Integer) ids[position + 1]);
      assertThat(row.get("next_token") == null).isEqualTo(last);
    }

    void checkStatistics(List<Map<String, Object>> rows) {
      Map<List<Object>, Map<String, Object>> byNeuron = new HashMap<>();
      rows.forEach(row -> byNeuron.put(List.of(row.get("layer"), row.get("neuron")), row));
      assertThat(byNeuron).hasSameSizeAs(rows).hasSize((int) run.model.architecture().neurons());
      forEachNeuron(
          (layer, neuron) -> {
            Map<String, Object> row = byNeuron.get(List.of((Object) layer, neuron));
            List<Cell> cells = all.cells(layer, neuron);
            double[] x = cells.stream().mapToDouble(Cell::value).toArray();
            double mean = IntStream.range(0, x.length).mapToDouble(i -> x[i]).sum() / x.length;
            double variance = 0;
            for (double value : x) {
              variance += (value - mean) * (value - mean) / x.length;
            }
            assertThat(row.get("token_count")).isEqualTo((long) x.length);
            assertThat(number(row, "mean")).isCloseTo(mean, within(1e-6));
            assertThat(number(row, "stddev")).isCloseTo(Math.sqrt(variance), within(1e-5));
            assertThat(number(row, "min"))
                .isEqualTo(cells.stream().mapToDouble(Cell::value).min().getAsDouble());
            assertThat(number(row, "max"))
                .isEqualTo(cells.stream().mapToDouble(Cell::value).max().getAsDouble());
            long active = cells.stream().filter(cell -> cell.value() > 0).count();
            assertThat(number(row, "active_fraction")).isEqualTo(active / (double) x.length);
            assertThat(row.get("quadrant_fractions") != null)
                .isEqualTo(run.model.architecture().gated());
          });
    }

    /** The four largest of each text token, at each layer once. */
    void checkActivations(List<Map<String, Object>> rows) {
      for (Map<String, Object> row : rows) {
        int layer = (Integer) row.get("layer");
        int position = (Integer) row.get("position");
        float[] x = all.row(layer, (Long) row.get("sequence_id"), position);
        List<Integer> largest =
            IntStream.range(0, x.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -x[i]))
                .limit(4)
                .toList();
        assertThat(row.get("neurons")).isEqualTo(largest);
        assertThat(row.get("coefficients")).isEqualTo(largest.stream().map(i -> x[i]).toList());
      }
      assertThat(rows)
          .extracting(row -> List.of(row.get("layer"), row.get("sequence_id"), row.get("position")))
          .doesNotHaveDuplicates()
          .hasSize(run.model.architecture().layers() * all.cells(0, 0).size());
    }

    private interface NeuronVisitor {
      void visit(int layer, int neuron);
    }

    private void forEachNeuron(NeuronVisitor visitor) {
      for (int layer = 0; layer < run.model.architecture().layers(); layer++) {
        for (int neuron = 0; neuron < run.model.architecture().intermediate(); neuron++) {
          visitor.visit(layer, neuron);
        }
      }
    }
  }
}
