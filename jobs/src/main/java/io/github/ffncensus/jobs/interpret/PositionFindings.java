package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * How memories add up within a layer and predictions are refined across layers, at the positions
 * that the scan sampled (sections 5 and 6 of the paper).
 */
final class PositionFindings {
  static final String COMPOSITION = "layer_composition";
  static final String REFINEMENT = "prediction_refinement";

  /** The paper's numbers by layer are read off figures: shapes rather than values. */
  private static final String FIGURE = "; the paper, off a figure: ";

  private final List<Row> layers;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * @param table rows by layer, few
   */
  private PositionFindings(Dataset<Row> table) {
    layers = table.orderBy(col("layer")).collectAsList();
  }

  /**
   * @param composition rows of {@code layer_composition}
   * @param neurons of a layer
   */
  static List<Finding> ofComposition(Dataset<Row> composition, int neurons) {
    return new PositionFindings(composition).composition(neurons);
  }

  /**
   * @param refinement rows of {@code prediction_refinement}
   */
  static List<Finding> ofRefinement(Dataset<Row> refinement) {
    return new PositionFindings(refinement).refinement();
  }

  private List<Finding> composition(int neurons) {
    activeMemories(neurons);
    zeroAgreement();
    whereMemoriesAgree(
        "stop_words",
        "stop_word_fraction",
        0.6,
        "where the token that the FFN promotes most is a stop word");
    whereMemoriesAgree(
        "short_prefixes",
        "short_prefix_fraction",
        0.43,
        "with fewer than 5 text tokens up to them");
    return findings;
  }

  private void activeMemories(int neurons) {
    byLayer(
        "active_memories",
        row -> number(row, "active_fraction"),
        "mean share of the layer's memories with coefficient > 0; the paper: 0.1 to 0.5");
    byLayer(
        "active_memories_median",
        row -> row.isNullAt(row.fieldIndex("active_p50")) ? null : median(row) / neurons,
        "median share of the layer's memories with coefficient > 0"
            + FIGURE
            + "0.4 to 0.5 in layers 1 to 5 of 16, 0.1 to 0.15 in layer 10, 0.15 to 0.2 above");
    List<Row> known = with("active_fraction");
    if (known.isEmpty()) {
      return;
    }
    Row fewest = extreme(known, row -> number(row, "active_fraction"));
    Row most = extreme(known, row -> -number(row, "active_fraction"));
    ofModel(
        "active_memories_of_the_sparsest_layer",
        number(fewest, "active_fraction"),
        0.1,
        "the smallest of the layers' mean shares");
    ofModel(
        "active_memories_of_the_densest_layer",
        number(most, "active_fraction"),
        0.5,
        "the largest of the layers' mean shares");
    ofModel(
        "depth_of_the_sparsest_layer",
        (layer(fewest) + 1) / (double) layers.size(),
        10 / 16.0,
        "layer with the smallest mean share of active memories, counted from 1, by the number of"
            + " layers: it is layer %d from 0".formatted(layer(fewest)));
  }

  private static double median(Row row) {
    return row.getInt(row.fieldIndex("active_p50"));
  }

  private void zeroAgreement() {
    byLayer(
        "zero_agreement",
        row -> number(row, "zero_agreement_fraction"),
        row -> 0.68,
        "share of positions where no memory's vote is the FFN's top token; the paper: at least 0.68"
            + " in every layer");
    List<Row> known = with("zero_agreement_fraction");
    if (!known.isEmpty()) {
      ofModel(
          "zero_agreement_smallest",
          known.stream()
              .mapToDouble(row -> number(row, "zero_agreement_fraction"))
              .min()
              .orElseThrow(),
          0.68,
          "the smallest of the layers' shares (reading: %s)"
              .formatted(
                  known.get(0).getString(known.get(0).fieldIndex("zero_agreement_reading"))));
    }
    byLayer(
        "agreeing_memories_share",
        row -> number(row, "agreeing_share"),
        "mean share of the agreeing memories in the sum of |coefficient| x length of the value");
  }

  /** A share over the positions where some memory agrees, beside that over all positions. */
  private void whereMemoriesAgree(String what, String column, double paperValue, String condition) {
    String agreeing = column + "_of_agreeing";
    byLayer(
        what + "_where_a_memory_agrees",
        row -> number(row, agreeing),
        "share, of the positions where some memory's vote is the FFN's top token, of those "
            + condition);
    byLayer(
        what + "_everywhere",
        row -> number(row, column),
        "share of all positions " + condition + ": the baseline");
    double positions = 0;
    double meeting = 0;
    for (Row row : with(agreeing)) {
      double ofLayer = positions(row) * (1 - number(row, "zero_agreement_active"));
      positions += ofLayer;
      meeting += ofLayer * number(row, agreeing);
    }
    if (positions > 0) {
      ofModel(
          what + "_where_a_memory_agrees",
          meeting / positions,
          paperValue,
          "the same over all layers together, %,d positions".formatted(Math.round(positions)));
    }
  }

  private List<Finding> refinement() {
    byLayer(
        "residual_matches_output",
        row -> number(row, "residual_matches_output"),
        row -> layer(row) == 0 ? 1 / 3.0 : null,
        "share of positions where the residual before the FFN predicts the model's output; the"
            + " paper: about a third early, growing fast from layer 10 of 16");
    byLayer(
        "mean_output_probability",
        row -> number(row, "mean_output_probability"),
        "mean probability of the model's output in the residual's distribution");
    byLayer(
        "median_output_probability",
        row -> number(row, "median_output_probability"),
        "median probability of the model's output in the residual's distribution"
            + FIGURE
            + "near 0 up to layer 7 of 16, 0.6 to 0.8 in layers 14 to 16");
    byLayer(
        "settled_predictions",
        row -> number(row, "settled_fraction"),
        "share of positions whose prediction is the model's output from the residual of this layer,"
            + " or an earlier one, on");
    if (!with("settled_fraction").isEmpty()) {
      ofModel(
          "predictions_settled_by_the_last_ffn",
          1 - number(layers.get(layers.size() - 1), "settled_fraction"),
          null,
          "share of positions where only the last FFN makes the prediction the model's output");
    }
    classes();
    changes();
    return findings;
  }

  private void classes() {
    ofClass("residual", "the residual's alone" + FIGURE + "0.6 to 0.85");
    ofClass("ffn", "the FFN's alone; the paper: rare");
    ofClass("agreement", "both the residual's and the FFN's; the paper: small");
    ofClass("composition", "neither's; the paper: most of the changes");
    byLayer(
        "split_agreement",
        row ->
            positions(row) == 0
                ? null
                : row.getLong(row.fieldIndex("split_agreement_positions"))
                    / (double) positions(row),
        row -> 0.0,
        "share of positions where residual and FFN have the same top token and the layer another;"
            + " the paper: cannot happen, which is so for a linear lens");
  }

  private void ofClass(String name, String whose) {
    byLayer(
        "prediction_class_" + name,
        row -> number(row, name),
        "share of positions where the layer's top token is " + whose);
  }

  private void changes() {
    byLayer(
        "compositions_among_changes",
        row -> {
          Double composition = number(row, "composition");
          if (composition == null) {
            return null;
          }
          double changes = composition + number(row, "ffn");
          return changes == 0 ? null : composition / changes;
        },
        "share, of the positions where the FFN changes the top token, of those where it becomes"
            + " neither's; the paper: most");
    byLayer(
        "residual_token_in_ffn",
        row -> number(row, "residual_token_z_in_ffn"),
        "mean logit of the residual's top token in the FFN's output, in standard deviations over the"
            + " vocabulary; negative: the FFN demotes it");
    byLayer(
        "residual_token_in_ffn_at_changes",
        row -> number(row, "residual_token_z_in_ffn_of_changed"),
        "the same where the FFN changes the top token; the paper conjectures a veto");
    byLayer(
        "vetoed_changes",
        row -> number(row, "demoted_fraction_of_changed"),
        "share, of the positions where the FFN changes the top token, of those where its own logit"
            + " for the residual's top token is below the mean");
    byLayer(
        "compositions_to_a_related_token",
        row -> number(row, "composition_related_fraction"),
        "share of the compositions where the new top token is related to the residual's: of one"
            + " stem, or among the one in a hundred tokens nearest to it");
    Row last = layers.isEmpty() ? null : layers.get(layers.size() - 1);
    if (last == null || number(last, "composition_related_fraction") == null) {
      return;
    }
    String compositions =
        "%,d compositions of the last layer; the paper judged 100 by hand"
            .formatted(last.getLong(last.fieldIndex("composition_positions")));
    double related = number(last, "composition_related_fraction");
    ofModel("last_layer_compositions_to_a_related_token", related, 0.34, compositions);
    ofModel("last_layer_compositions_to_an_unrelated_token", 1 - related, 0.66, compositions);
    ofModel(
        "last_layer_composition_rank_in_residual",
        (double) last.getInt(last.fieldIndex("composition_token_rank_in_residual_p50")),
        null,
        "median rank of the new top token in the residual's distribution, over as many");
  }

  private void byLayer(String finding, Function<Row, Double> value, String detail) {
    byLayer(finding, value, row -> null, detail);
  }

  private void byLayer(
      String finding,
      Function<Row, Double> value,
      Function<Row, Double> paperValue,
      String detail) {
    for (Row row : layers) {
      findings.add(
          new Finding(
              finding,
              layer(row),
              value.apply(row),
              paperValue.apply(row),
              "%s; %,d positions".formatted(detail, positions(row))));
    }
  }

  private void ofModel(String finding, Double value, Double paperValue, String detail) {
    findings.add(new Finding(finding, null, value, paperValue, detail));
  }

  /** The layers where a column is not null. */
  private List<Row> with(String column) {
    return layers.stream().filter(row -> number(row, column) != null).toList();
  }

  private static Row extreme(List<Row> rows, ToDoubleFunction<Row> value) {
    return rows.stream()
        .reduce((a, b) -> value.applyAsDouble(b) < value.applyAsDouble(a) ? b : a)
        .orElseThrow();
  }

  private static int layer(Row row) {
    return row.getInt(row.fieldIndex("layer"));
  }

  private static long positions(Row row) {
    return row.getLong(row.fieldIndex("positions"));
  }

  private static Double number(Row row, String column) {
    int index = row.fieldIndex(column);
    return row.isNullAt(index) ? null : row.getDouble(index);
  }
}
