package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * How memories add up within a layer and predictions are refined across layers, at the positions
 * that the scan sampled (sections 5 and 6 of the paper).
 */
final class PositionFindings {
  static final String COMPOSITION = "layer_composition";
  static final String REFINEMENT = "prediction_refinement";

  private static final List<Claim> OF_COMPOSITION =
      List.of(
          new Claim(
              "active_fraction",
              "active_memories",
              null,
              "mean share of the layer's memories with coefficient > 0; the paper: 0.1 to 0.5"),
          new Claim(
              "zero_agreement_fraction",
              "zero_agreement",
              0.68,
              "share of positions where no memory's vote is the FFN's top token; the paper: at least"
                  + " 0.68 in every layer"));

  private static final List<Claim> OF_REFINEMENT =
      List.of(
          new Claim(
              "residual_matches_output",
              "residual_matches_output",
              null,
              "share of positions where the residual before the FFN predicts the model's output; the"
                  + " paper: about a third early, growing fast from layer 10 of 16"),
          new Claim(
              "mean_output_probability",
              "mean_output_probability",
              null,
              "mean probability of the model's output in the residual's distribution"),
          ofClass("residual", "the residual's alone; the paper, off a figure: 0.6 to 0.85"),
          ofClass("ffn", "the FFN's alone; the paper: rare"),
          ofClass("agreement", "both the residual's and the FFN's; the paper: small"),
          ofClass("composition", "neither's; the paper: most of the changes"));

  /** A column of a table by layer that answers a claim. */
  private record Claim(String column, String finding, Double paperValue, String detail) {}

  private PositionFindings() {}

  /**
   * @param composition rows of {@code layer_composition}
   */
  static List<Finding> ofComposition(Dataset<Row> composition) {
    return read(composition, OF_COMPOSITION);
  }

  /**
   * @param refinement rows of {@code prediction_refinement}
   */
  static List<Finding> ofRefinement(Dataset<Row> refinement) {
    return read(refinement, OF_REFINEMENT);
  }

  private static Claim ofClass(String column, String whose) {
    return new Claim(
        column,
        "prediction_class_" + column,
        null,
        "share of positions where the layer's top token is " + whose);
  }

  private static List<Finding> read(Dataset<Row> table, List<Claim> claims) {
    List<Finding> findings = new ArrayList<>();
    for (Row row : table.orderBy(col("layer")).collectAsList()) {
      long positions = row.getLong(row.fieldIndex("positions"));
      for (Claim claim : claims) {
        int column = row.fieldIndex(claim.column());
        findings.add(
            new Finding(
                claim.finding(),
                row.getInt(row.fieldIndex("layer")),
                row.isNullAt(column) ? null : row.getDouble(column),
                claim.paperValue(),
                "%s; %,d positions".formatted(claim.detail(), positions)));
      }
    }
    return findings;
  }
}
