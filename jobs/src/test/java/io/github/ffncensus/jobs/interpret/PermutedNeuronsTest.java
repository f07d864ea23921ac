package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.NeuronOrder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Property 5: neurons in another order have the same rows under other numbers. */
class PermutedNeuronsTest {
  /** The last, so that what it reads is the same to the bit. */
  private int layer;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu"})
  void permutedNeurons_permuteTheirNumbersAndChangeNothingElse(String model) throws IOException {
    Architecture architecture = ModelFolder.open(Fixture.named(model).folder()).architecture();
    layer = architecture.layers() - 1;
    int width = architecture.intermediate();
    int[] from = new int[width];
    for (int i = 0; i < width; i++) {
      from[i] = (i * 37 + 11) % width;
    }
    ModelCopy copy = ModelCopy.of(model, Files.createDirectory(folder.resolve("model")));
    NeuronOrder.permute(copy, layer, from);
    Path permuted = copy.write();
    try (ScanFixture fixture = new ScanFixture("local[2]", folder)) {
      Map<String, List<Map<String, Object>>> before = tables(fixture, "plain", model);
      Map<String, List<Map<String, Object>>> after =
          tables(fixture, "permuted", permuted.toString());
      compare(before, after, from, "neuron_stats", List.of());
      compare(before, after, from, "trigger_prefixes", List.of("polarity", "rank"));
      compare(before, after, from, "value_predictions", List.of());
      compare(before, after, from, "value_lenses", List.of("lens"));
      compare(before, after, from, "memory_ablations", List.of("sequence_id", "position"));
      compare(before, after, null, "memory_positions", List.of("sequence_id", "position"));
      compare(before, after, null, "layer_composition", List.of());
      compare(before, after, null, "prediction_refinement", List.of());
    }
  }

  private static Map<String, List<Map<String, Object>>> tables(
      ScanFixture fixture, String runId, String model) throws IOException {
    return Interpreted.tables(
        fixture.ingest(
            runId,
            model,
            "interpret.perturbations.enabled=false",
            "interpret.patterns.enabled=false",
            "interpret.examples.enabled=false",
            "interpret.memories.strongest=1000",
            "interpret.memories.sequences=20"));
  }

  /**
   * @param from the neuron before of each one of the layer; null for a table without neurons
   * @param key columns that tell rows apart, besides layer and neuron
   */
  private void compare(
      Map<String, List<Map<String, Object>>> before,
      Map<String, List<Map<String, Object>>> after,
      int[] from,
      String table,
      List<String> key) {
    Map<List<Object>, Map<String, Object>> expected = new HashMap<>();
    before.get(table).forEach(row -> expected.put(key(row, null, key), row));
    assertThat(expected).as(table).hasSameSizeAs(before.get(table)).isNotEmpty();
    assertThat(after.get(table)).as(table).hasSameSizeAs(before.get(table));
    int differing = 0;
    for (Map<String, Object> row : after.get(table)) {
      Map<String, Object> was = expected.get(key(row, from, key));
      assertThat(was).as(table).isNotNull();
      differing += same(row, was) ? 0 : 1;
    }
    // Sums in another order differ in their last bits, which exchanges a near tie now and then.
    assertThat(differing).as(table).isLessThanOrEqualTo(before.get(table).size() / 100);
  }

  private List<Object> key(Map<String, Object> row, int[] from, List<String> columns) {
    Object neuron = row.get("neuron");
    if (from != null && row.get("layer").equals(layer)) {
      neuron = from[(Integer) neuron];
    }
    List<Object> key = new ArrayList<>();
    key.add(row.get("layer"));
    key.add(String.valueOf(neuron));
    columns.forEach(column -> key.add(row.get(column)));
    return key;
  }

  private static boolean same(Map<String, Object> row, Map<String, Object> expected) {
    for (Map.Entry<String, Object> column : expected.entrySet()) {
      Object value = row.get(column.getKey());
      if (column.getValue() instanceof Number number && value instanceof Number other) {
        double tolerance = 2e-4 * (1 + Math.abs(number.doubleValue()));
        if (!column.getKey().equals("neuron")
            && !(Math.abs(number.doubleValue() - other.doubleValue()) <= tolerance)) {
          return false;
        }
      } else if (!close(column.getValue(), value)) {
        return false;
      }
    }
    return true;
  }

  private static boolean close(Object expected, Object actual) {
    if (expected instanceof List<?> list
        && actual instanceof List<?> other
        && list.size() == other.size()
        && !list.isEmpty()
        && (list.get(0) instanceof Float || list.get(0) instanceof Double)) {
      for (int i = 0; i < list.size(); i++) {
        double wanted = ((Number) list.get(i)).doubleValue();
        assertThat(((Number) other.get(i)).doubleValue()).isCloseTo(wanted, within(1e-4));
      }
      return true;
    }
    return Objects.equals(expected, actual);
  }
}
