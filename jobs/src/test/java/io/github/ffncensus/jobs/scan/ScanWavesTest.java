package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.scan.ScanFixture.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Waves change what shards report, and nothing else. {@link ScanJobTest} compares the tables of a
 * scan in waves with an oracle; here they are compared with those of one without.
 */
class ScanWavesTest {
  private static final String OFF = "scan.waves.enabled=false";
  private static final String FROM_ONE = "scan.waves.first=1";

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

  /** Sentences of the corpus repeat, so that many coefficients are equal. */
  @ParameterizedTest
  @CsvSource({"llama-silu, sequence, 2", "gpt2-relu-untied, prefix, 1.5", "bert-gelu, prefix, 3"})
  void waves_changeNoTable_andSaveCandidates(String model, String distinct, String growth)
      throws IOException {
    String[] settings = {
      "scan.trigger-prefixes.distinct=" + distinct,
      "scan.trigger-prefixes.per-neuron=2",
      "ingest.shard-tokens=100",
      "scan.waves.growth=" + growth
    };
    Run off = scans.ingest("off-" + model, model, with(settings, OFF));
    ScanResult expected = off.scan(Progress.SILENT);
    Run on = scans.ingest("on-" + model, model, with(settings, FROM_ONE));
    ScanResult result = on.scan(Progress.SILENT);
    TableRows.assertSame(on.tables(result), off.tables(expected));
    assertThat(waves(expected)).hasSize(1);
    assertThat(waves(result)).hasSizeGreaterThan(3);
    assertThat(number(result, "candidate_rows"))
        .isLessThan(0.7 * number(expected, "candidate_rows"));
    for (ScanResult each : List.of(expected, result)) {
      double neurons = on.model.architecture().neurons();
      assertThat(number(each, "candidate_rows_per_neuron"))
          .isEqualTo(number(each, "candidate_rows") / neurons);
      for (String counter : List.of("shards", "tokens", "candidate_rows")) {
        assertThat(
                waves(each).stream()
                    .mapToDouble(wave -> ((Number) wave.get(counter)).doubleValue())
                    .sum())
            .isEqualTo(number(each, counter));
      }
    }
  }

  @Test
  void candidates_arePrinted() throws IOException {
    Notes notes = new Notes();
    scans.ingest("printed", "gpt2-gelu-new", FROM_ONE).scan(notes);
    assertThat(notes.lines)
        .singleElement()
        .asString()
        .matches(
            "candidates: [\\d,]+ rows, [\\d.]+ per neuron; by wave: [\\d.]+ from 1 shards, .*");
  }

  @Test
  void scanThatDiesInAWave_isContinuedByAnyWaves() throws IOException {
    String[] settings = {"ingest.shard-tokens=100", "scan.trigger-prefixes.per-neuron=2"};
    Map<String, List<Map<String, Object>>> expected =
        scans.ingest("whole", "llama-silu", with(settings, OFF)).tables();
    for (String[] ways :
        List.of(new String[] {OFF, FROM_ONE}, new String[] {FROM_ONE, "scan.waves.first=5"})) {
      String id = String.join("-then-", ways).replaceAll("[.=]", "-");
      Run first = scans.ingest(id, "llama-silu", with(settings, ways[0]));
      assertThatThrownBy(() -> first.scan(new Dying())).hasStackTraceContaining("pulled plug");
      scans.restart();
      Run second = scans.ingest(id, "llama-silu", with(settings, ways[1]));
      ScanResult result = second.scan(Progress.SILENT);
      TableRows.assertSame(second.tables(result), expected);
      assertThat(waves(result)).hasSizeGreaterThan(1);
    }
  }

  /** Without what has no part in waves. */
  private static String[] with(String[] settings, String another) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "scan.activations.mode=off",
                "scan.layer-composition.enabled=false",
                "scan.prediction-refinement.enabled=false"));
    all.addAll(List.of(settings));
    all.add(another);
    return all.toArray(String[]::new);
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> waves(ScanResult result) {
    return (List<Map<String, Object>>) result.counters().get("waves");
  }

  private static double number(ScanResult result, String counter) {
    return ((Number) result.counters().get(counter)).doubleValue();
  }

  private static class Notes implements Progress {
    final List<String> lines = new ArrayList<>();

    @Override
    public void stage(String name, long totalUnits, String unit) {}

    @Override
    public void advance(long units, long tokens) {}

    @Override
    public void finish() {}

    @Override
    public void note(String line) {
      lines.add(line);
    }
  }

  /** At the sixth shard, which is in the third wave of those that begin with one. */
  private static final class Dying extends Notes {
    private int shards;

    @Override
    public void advance(long units, long tokens) {
      shards += tokens > 0 ? 1 : 0;
      if (shards == 6) {
        throw new IllegalStateException("pulled plug");
      }
    }
  }
}
