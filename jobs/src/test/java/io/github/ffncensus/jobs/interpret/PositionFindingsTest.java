package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.task.Finding;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Findings over two made-up layers, counted by hand. */
class PositionFindingsTest {
  private static final int NEURONS = 200;

  private static final StructType COMPOSITION =
      StructType.fromDDL(
          "layer INT, positions BIGINT, active_fraction DOUBLE, active_p50 INT,"
              + " zero_agreement_fraction DOUBLE, zero_agreement_reading STRING,"
              + " zero_agreement_active DOUBLE, agreeing_share DOUBLE,"
              + " short_prefix_fraction DOUBLE, short_prefix_fraction_of_agreeing DOUBLE,"
              + " stop_word_fraction DOUBLE, stop_word_fraction_of_agreeing DOUBLE");

  private static final StructType REFINEMENT =
      StructType.fromDDL(
          "layer INT, positions BIGINT, residual_matches_output DOUBLE,"
              + " mean_output_probability DOUBLE, median_output_probability DOUBLE,"
              + " settled_fraction DOUBLE, residual DOUBLE, ffn DOUBLE, agreement DOUBLE,"
              + " composition DOUBLE, composition_positions BIGINT,"
              + " split_agreement_positions BIGINT, residual_token_z_in_ffn DOUBLE,"
              + " residual_token_z_in_ffn_of_changed DOUBLE, demoted_fraction_of_changed DOUBLE,"
              + " composition_related_fraction DOUBLE,"
              + " composition_token_rank_in_residual_p50 INT");

  @TempDir static Path folder;
  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = TestSpark.start("local[1]", folder);
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void composition() {
    Dataset<Row> table =
        spark.createDataFrame(
            List.of(
                RowFactory.create(1, 1000L, 0.2, 30, 0.9, "active", 0.9, 0.02, 0.1, 0.5, 0.3, 0.4),
                RowFactory.create(0, 1000L, 0.4, 90, 0.7, "active", 0.7, 0.01, 0.1, 0.1, 0.2, 0.8)),
            COMPOSITION);
    List<Finding> findings = PositionFindings.ofComposition(table, NEURONS);
    assertValue(findings, "active_memories", 0, 0.4, null);
    assertValue(findings, "active_memories_median", 1, 0.15, null);
    assertValue(findings, "active_memories_of_the_sparsest_layer", null, 0.2, 0.1);
    assertValue(findings, "active_memories_of_the_densest_layer", null, 0.4, 0.5);
    assertValue(findings, "depth_of_the_sparsest_layer", null, 1.0, 0.625);
    assertValue(findings, "zero_agreement", 1, 0.9, 0.68);
    assertValue(findings, "zero_agreement_smallest", null, 0.7, 0.68);
    assertValue(findings, "stop_words_everywhere", 0, 0.2, null);
    assertValue(findings, "stop_words_where_a_memory_agrees", 1, 0.4, null);
    // 300 agreeing positions in layer 0 and 100 in layer 1.
    assertValue(findings, "stop_words_where_a_memory_agrees", null, 280 / 400.0, 0.6);
    assertValue(findings, "short_prefixes_where_a_memory_agrees", null, 80 / 400.0, 0.43);
  }

  @Test
  void refinement() {
    Dataset<Row> table =
        spark.createDataFrame(
            List.of(
                RowFactory.create(
                    0, 1000L, 0.3, 0.1, 0.05, 0.2, 0.7, 0.05, 0.1, 0.15, 150L, 2L, -0.5, -1.5, 0.8,
                    0.25, null),
                RowFactory.create(
                    1, 1000L, 0.9, 0.6, 0.75, 0.9, 0.8, 0.0, 0.2, 0.0, 0L, 0L, 0.5, null, null,
                    null, null)),
            REFINEMENT);
    List<Finding> findings = PositionFindings.ofRefinement(table);
    assertValue(findings, "residual_matches_output", 0, 0.3, 1 / 3.0);
    assertValue(findings, "residual_matches_output", 1, 0.9, null);
    assertValue(findings, "median_output_probability", 1, 0.75, null);
    assertValue(findings, "settled_predictions", 1, 0.9, null);
    assertValue(findings, "predictions_settled_by_the_last_ffn", null, 0.1, null);
    assertValue(findings, "prediction_class_composition", 0, 0.15, null);
    assertValue(findings, "split_agreement", 0, 0.002, 0.0);
    assertValue(findings, "compositions_among_changes", 0, 0.75, null);
    assertValue(findings, "compositions_among_changes", 1, null, null);
    assertValue(findings, "residual_token_in_ffn_at_changes", 0, -1.5, null);
    assertValue(findings, "vetoed_changes", 0, 0.8, null);
    assertValue(findings, "compositions_to_a_related_token", 0, 0.25, null);
    assertThat(findings)
        .extracting(Finding::finding)
        .doesNotContain("last_layer_compositions_to_a_related_token");
  }

  @Test
  void compositionsOfTheLastLayer() {
    Dataset<Row> table =
        spark.createDataFrame(
            List.of(
                RowFactory.create(
                    0, 1000L, 0.3, 0.1, 0.05, 0.2, 0.7, 0.05, 0.1, 0.15, 150L, 2L, -0.5, -1.5, 0.8,
                    0.25, 12)),
            REFINEMENT);
    List<Finding> findings = PositionFindings.ofRefinement(table);
    assertValue(findings, "last_layer_compositions_to_a_related_token", null, 0.25, 0.34);
    assertValue(findings, "last_layer_compositions_to_an_unrelated_token", null, 0.75, 0.66);
    assertValue(findings, "last_layer_composition_rank_in_residual", null, 12.0, null);
  }

  @Test
  void layersWithoutPositions_haveNoValues() {
    Dataset<Row> composition =
        spark.createDataFrame(
            List.of(
                RowFactory.create(
                    0, 0L, null, null, null, "all", null, null, null, null, null, null)),
            COMPOSITION);
    Dataset<Row> refinement =
        spark.createDataFrame(
            List.of(
                RowFactory.create(
                    0, 0L, null, null, null, null, null, null, null, null, 0L, 0L, null, null, null,
                    null, null)),
            REFINEMENT);
    assertThat(PositionFindings.ofComposition(composition, NEURONS))
        .isNotEmpty()
        .allSatisfy(finding -> assertThat(finding.value()).isNull());
    assertThat(PositionFindings.ofRefinement(refinement))
        .isNotEmpty()
        .allSatisfy(finding -> assertThat(finding.value()).isNull());
  }

  private static void assertValue(
      List<Finding> findings, String name, Integer layer, Double value, Double paperValue) {
    List<Finding> found =
        findings.stream()
            .filter(f -> f.finding().equals(name))
            .filter(f -> layer == null ? f.layer() == null : layer.equals(f.layer()))
            .toList();
    assertThat(found).as("%s of layer %s", name, layer).hasSize(1);
    if (value == null) {
      assertThat(found.get(0).value()).isNull();
    } else {
      assertThat(found.get(0).value()).as(name).isCloseTo(value, within(1e-9));
    }
    assertThat(found.get(0).paperValue()).as(name).isEqualTo(paperValue);
  }
}
