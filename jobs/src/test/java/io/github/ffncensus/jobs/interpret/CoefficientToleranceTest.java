package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.ScanFixture.Run;
import io.github.ffncensus.jobs.scan.TableRows;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Property 44, as far as a CPU goes: triggers in 16 bits against those in float32. */
class CoefficientToleranceTest {
  private static final int PER_NEURON = 5;

  @TempDir static Path folder;
  private static ScanFixture fixture;

  @BeforeAll
  static void start() throws IOException {
    fixture = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @ParameterizedTest
  @CsvSource({"gpt2-gelu-new, bfloat16", "bert-gelu, float16", "llama-silu, bfloat16"})
  void triggersOutsideTheBand_areThoseOfFloat32(String model, String precision) throws IOException {
    Scanned half = scan(model, precision);
    Scanned full = scan(model, "float32");
    assertThat(half.notes().get("precision")).isEqualTo(precision);
    Map<Integer, Double> bands = bands(half);
    Map<List<Object>, Map<Object, Float>> expected = byNeuron(full);
    Map<List<Object>, Map<Object, Float>> actual = byNeuron(half);
    int compared = 0;
    for (Map.Entry<List<Object>, Map<Object, Float>> neuron : expected.entrySet()) {
      double band = bands.get((Integer) neuron.getKey().get(0));
      Set<Object> found = actual.getOrDefault(neuron.getKey(), Map.of()).keySet();
      for (Object sequence : outside(neuron.getValue(), band)) {
        compared++;
        assertThat(found).as("%s", neuron.getKey()).contains(sequence);
      }
    }
    for (Map.Entry<List<Object>, Map<Object, Float>> neuron : actual.entrySet()) {
      double band = bands.get((Integer) neuron.getKey().get(0));
      assertThat(expected.getOrDefault(neuron.getKey(), Map.of()).keySet())
          .containsAll(outside(neuron.getValue(), band));
    }
    assertThat(compared).isGreaterThan(expected.size() / 2);
  }

  @Test
  void scanInFloat32_differsOnlyByItsBatches() throws IOException {
    Scanned full = interpret("full", "gpt2-gelu-new", "float32", 10_000);
    assertThat(bands(full))
        .hasSize(2)
        .allSatisfy((layer, band) -> assertThat(band).isLessThan(1e-5));
    assertThat(interpret("off", "gpt2-gelu-new", "float32", 0).notes()).isEmpty();
  }

  private record Scanned(List<Map<String, Object>> triggers, Map<String, Object> notes) {}

  private static Scanned scan(String model, String precision) throws IOException {
    return interpret(model + "-" + precision, model, precision, 10_000);
  }

  private static Scanned interpret(String runId, String model, String precision, int perLayer)
      throws IOException {
    Run run =
        fixture.ingest(
            runId,
            model,
            "model.precision=" + precision,
            "scan.trigger-prefixes.per-neuron=" + PER_NEURON,
            "scan.neuron-stats.enabled=false",
            "scan.layer-composition.enabled=false",
            "scan.prediction-refinement.enabled=false",
            "interpret.tolerance.triggers-per-layer=" + perLayer,
            "interpret.values.enabled=false",
            "interpret.lenses.enabled=false",
            "interpret.findings.enabled=false",
            "interpret.perturbations.enabled=false",
            "interpret.patterns.enabled=false",
            "interpret.examples.enabled=false",
            "interpret.memories.enabled=false");
    Map<String, List<TableFile>> published = run.publish();
    StageContext context = run.interpretation(published);
    InterpretJob.run(context);
    List<Map<String, Object>> triggers =
        TableRows.read(
            "trigger_prefixes",
            published.get("trigger_prefixes").stream()
                .map(
                    file ->
                        new org.apache.hadoop.fs.Path(
                            run.folder.table("trigger_prefixes"), file.name()))
                .toList());
    return new Scanned(triggers, context.notes());
  }

  private static Map<Integer, Double> bands(Scanned scanned) {
    Map<Integer, Double> bands = new HashMap<>();
    for (Object entry : (List<?>) scanned.notes().get("coefficients_against_float32")) {
      Map<?, ?> layer = (Map<?, ?>) entry;
      bands.put((Integer) layer.get("layer"), (Double) layer.get("near_tie_band"));
    }
    return bands;
  }

  /** Coefficients by sequence: which of two positions of it is stronger may be a near tie, too. */
  private static Map<List<Object>, Map<Object, Float>> byNeuron(Scanned scanned) {
    Map<List<Object>, Map<Object, Float>> byNeuron = new HashMap<>();
    for (Map<String, Object> row : scanned.triggers()) {
      if (row.get("polarity").equals("positive")) {
        byNeuron
            .computeIfAbsent(List.of(row.get("layer"), row.get("neuron")), first -> new HashMap<>())
            .put(row.get("sequence_id"), (Float) row.get("coefficient"));
      }
    }
    return byNeuron;
  }

  /** Sequences that are safely among the strongest: others would have to gain a whole band. */
  private static Set<Object> outside(Map<Object, Float> triggers, double band) {
    // A neuron with fewer triggers has them all, down to coefficients of zero.
    double weakest =
        triggers.size() < PER_NEURON
            ? 0
            : triggers.values().stream().mapToDouble(Float::doubleValue).min().orElseThrow();
    Set<Object> outside = new HashSet<>();
    triggers.forEach(
        (sequence, coefficient) -> {
          if (coefficient > weakest + band) {
            outside.add(sequence);
          }
        });
    return outside;
  }
}
