package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged tables of interventions and edits, of a model of 2 layers with 8 neurons. */
class EditChecksTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path warehouse;

  private final List<String> problems = new ArrayList<>();

  @Test
  void interventions() throws IOException {
    assertThat(interventions(Map.of())).isEmpty();
    assertThat(interventions(Map.of("neurons", 0, "probability_after", 0.25))).isEmpty();
    assertThat(interventions(Map.of("probability_after", 1.5)))
        .singleElement()
        .asString()
        .endsWith("P1 f: probabilities 0.25 and 1.5");
    assertThat(interventions(Map.of("probability_before", Double.NaN))).hasSize(1);
    assertThat(interventions(Map.of("neurons", 0)))
        .singleElement()
        .asString()
        .endsWith("has no neurons, and yet its probability changes");
    assertThat(interventions(Map.of("answer_rank_after", 0))).hasSize(1);
    assertThat(interventions(Map.of("factor", 2.0)))
        .singleElement()
        .asString()
        .endsWith("the factor 2.0 is called suppress");
  }

  private List<String> interventions(Map<String, Object> changes) throws IOException {
    Map<String, Object> row = new LinkedHashMap<>();
    for (String column : List.of("method", "target", "prompt_relation", "prompt_fact_id")) {
      row.put(column, "x");
    }
    row.put("relation", "P1");
    row.put("fact_id", "f");
    row.put("operation", "suppress");
    row.put("prompt_id", 0);
    row.put("probability_before", 0.25);
    row.put("probability_after", 0.125);
    row.put("factor", 0.0);
    row.put("neurons", 2);
    row.put("answer_rank_before", 1);
    row.put("answer_rank_after", 3);
    row.put("predicted_before", "a");
    row.put("predicted_after", "b");
    row.put("flipped", true);
    return check("fact_interventions", row, changes, c -> c::interventionsAreSound);
  }

  @Test
  void interactions() throws IOException {
    assertThat(interactions(Map.of())).isEmpty();
    assertThat(interactions(Map.of("neuron_b", 8))).hasSize(1);
    assertThat(interactions(Map.of("layer_a", 1, "neuron_a", 7)))
        .singleElement()
        .asString()
        .endsWith("a pair is not in the order of its neurons");
    assertThat(interactions(Map.of("interaction", 0.3)))
        .singleElement()
        .asString()
        .endsWith("an interaction does not follow from the drops");
  }

  private List<String> interactions(Map<String, Object> changes) throws IOException {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("method", "x");
    row.put("relation", "P1");
    row.put("fact_id", "f");
    row.put("prompt_id", 0);
    row.put("layer_a", 0);
    row.put("neuron_a", 7);
    row.put("layer_b", 1);
    row.put("neuron_b", 2);
    row.put("drop_a", 0.125);
    row.put("drop_b", 0.25);
    row.put("drop_both", 0.5);
    row.put("interaction", 0.125);
    row.put("probability_before", 0.75);
    return check("neuron_interactions", row, changes, c -> c::interactionsAreSound);
  }

  @Test
  void edits() throws IOException {
    assertThat(edits(Map.of(), 1)).isEmpty();
    assertThat(edits(Map.of("kind", "erase"), 1))
        .singleElement()
        .asString()
        .endsWith("erase P1 f: is neither of a fact nor of a relation");
    assertThat(edits(Map.of(), 2))
        .singleElement()
        .asString()
        .endsWith("update P1 f: is made twice");
    assertThat(edits(Map.of("probability_after", -0.5), 1)).hasSize(1);
  }

  private List<String> edits(Map<String, Object> changes, int times) throws IOException {
    problems.clear();
    checks().editsAreSound(write("fact_edits", edit(changes), times));
    return problems;
  }

  private static Map<String, Object> edit(Map<String, Object> changes) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("kind", "update");
    row.put("relation", "P1");
    row.put("fact_id", "f");
    row.put("edited_neurons", 2);
    row.put("target", "b");
    row.put("probability_before", 0.5);
    row.put("probability_after", 0.25);
    row.put("method", "x");
    row.put("intra_relation_prompts", 0);
    row.put("inter_relation_prompts", 0);
    row.put("subject_prompts", 0);
    row.put("direction", "embedding");
    row.putAll(changes);
    return row;
  }

  @Test
  void deltas() throws IOException {
    assertThat(deltas(2, Map.of())).isEmpty();
    assertThat(deltas(1, Map.of()))
        .singleElement()
        .asString()
        .endsWith("update P1 f embedding: 1 more vectors in fact_edits than here");
    assertThat(deltas(2, Map.of("layer", 2))).hasSize(1);
    assertThat(deltas(2, Map.of("value", new float[] {0, Float.NaN}))).hasSize(1);
  }

  private List<String> deltas(int vectors, Map<String, Object> changes) throws IOException {
    problems.clear();
    EditChecks checks = checks();
    checks.editsAreSound(write("fact_edits", edit(Map.of()), 1));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("kind", "update");
    row.put("method", "x");
    row.put("relation", "P1");
    row.put("fact_id", "f");
    row.put("layer", 0);
    row.put("neuron", 3);
    row.put("value", new float[] {1, 2});
    row.put("weights_sha256", "w");
    row.put("direction", "embedding");
    row.putAll(changes);
    checks.deltasAreSound(write("edit_deltas", row, vectors));
    return problems;
  }

  private EditChecks checks() {
    RunFolder folder = RunFolder.qualified(HADOOP, warehouse.toString(), "r1");
    return new EditChecks(new TableContentChecks(HADOOP, folder, problems), 2, 8);
  }

  private interface Checked {
    TableContentChecks.Check of(EditChecks checks);
  }

  private List<String> check(
      String table, Map<String, Object> row, Map<String, Object> changes, Checked check)
      throws IOException {
    problems.clear();
    row.putAll(changes);
    check.of(checks()).accept(write(table, row, 1));
    return problems;
  }

  private List<TableFile> write(String table, Map<String, Object> row, int times)
      throws IOException {
    var file =
        new org.apache.hadoop.fs.Path(
            RunFolder.qualified(HADOOP, warehouse.toString(), "r1").table(table), "p.parquet");
    try (ParquetTableWriter<Map<String, Object>> writer =
        ParquetTableWriter.create(HADOOP, file, table, "r1", EditChecksTest::encode)) {
      for (int i = 0; i < times; i++) {
        writer.write(row);
      }
      return List.of(writer.finish());
    }
  }

  private static void encode(Map<String, Object> row, RowWriter out) {
    row.forEach(
        (column, value) -> {
          if (value instanceof String text) {
            out.string(column, text);
          } else if (value instanceof Integer number) {
            out.intValue(column, number);
          } else if (value instanceof Double number) {
            out.doubleValue(column, number);
          } else if (value instanceof Boolean flag) {
            out.booleanValue(column, flag);
          } else {
            out.floatList(column, (float[]) value);
          }
        });
  }
}
