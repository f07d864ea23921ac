package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.TableRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Property 45: a run's tables do not depend on the number of tasks nor on their timing. */
class InterpretStabilityTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama-silu", "bert-gelu"})
  void parallelism_changesNoBit(String model) throws IOException {
    List<Map<String, List<Map<String, Object>>>> runs = new ArrayList<>();
    for (String master : List.of("local[1]", "local[3]")) {
      try (ScanFixture fixture = new ScanFixture(master, folder)) {
        runs.add(
            Interpreted.tables(
                fixture.ingest(
                    model + runs.size(),
                    model,
                    "ingest.shard-tokens=150",
                    "interpret.perturbations.neurons-per-layer=10",
                    "interpret.examples.sequences=50",
                    "interpret.memories.sequences=30")));
      }
    }
    assertThat(runs.get(0))
        .containsKeys(
            "value_predictions",
            "value_lenses",
            "trigger_perturbations",
            "trigger_patterns",
            "activation_examples",
            "memory_positions",
            "memory_ablations",
            "key_value_findings");
    for (Map<String, List<Map<String, Object>>> run : runs) {
      // A random model's triggers need not have a pattern.
      run.values().removeIf(List::isEmpty);
    }
    TableRows.assertSame(runs.get(1), runs.get(0));
  }
}
