package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What triggers have in common (section 3.1 of the paper, where people looked at 25 of a key). */
final class PatternFindings {

  /** The paper's layers 1 to 9 of 16 are mostly shallow, those above more semantic. */
  private static final double LOWER = 9 / 16.0;

  private static final String SHALLOW = "prefixes_with_shallow_pattern";
  private static final String SEMANTIC = "prefixes_with_semantic_pattern";
  private static final String LAST_TOKEN = "neurons_with_last_token_pattern";

  private static final List<Claim> CLAIMS =
      List.of(
          new Claim(
              "patterns_per_neuron",
              layer -> layer.patterns,
              layer -> layer.neurons,
              3.6,
              "mean over neurons with triggers, patterns that the same prefixes have counted once"),
          new Claim(
              "neurons_with_pattern",
              layer -> layer.withPattern,
              layer -> layer.neurons,
              1.0,
              "share of the neurons with triggers that have a shallow or semantic pattern"),
          new Claim(
              "prefixes_covered",
              layer -> layer.prefixes - layer.notCovered,
              layer -> layer.prefixes,
              0.725,
              "share of the distinct prefixes that some pattern covers; the paper: 0.65 to 0.8"),
          new Claim(
              "prefixes_not_covered",
              layer -> layer.notCovered,
              layer -> layer.prefixes,
              0.275,
              "share of the distinct prefixes that no pattern covers; the paper, off a figure: 0.2"
                  + " to 0.35"),
          new Claim(
              "prefixes_shallow_only",
              layer -> layer.shallow - layer.both,
              layer -> layer.prefixes,
              null,
              "share of the distinct prefixes that only shallow patterns cover"),
          new Claim(
              "prefixes_semantic_only",
              layer -> layer.semantic - layer.both,
              layer -> layer.prefixes,
              null,
              "share of the distinct prefixes that only semantic patterns cover"),
          new Claim(
              "prefixes_shallow_and_semantic",
              layer -> layer.both,
              layer -> layer.prefixes,
              null,
              "share of the distinct prefixes that patterns of both classes cover"),
          new Claim(
              SHALLOW,
              layer -> layer.shallow,
              layer -> layer.prefixes,
              null,
              "share of the distinct prefixes that a shallow pattern covers; the paper: most in"
                  + " layers 1 to 9 of 16"),
          new Claim(
              SEMANTIC,
              layer -> layer.semantic,
              layer -> layer.prefixes,
              null,
              "share of the distinct prefixes that a semantic pattern covers; the paper: more in"
                  + " layers 10 to 16 of 16"),
          new Claim(
              LAST_TOKEN,
              layer -> layer.withLastToken,
              layer -> layer.neurons,
              null,
              "share of the neurons with triggers that share their last token; the paper: typical of"
                  + " layers 1 to 9 of 16"));

  /** A share of what a layer has; its paper value is one of the whole model. */
  private record Claim(
      String finding,
      ToDoubleFunction<Layer> counted,
      ToDoubleFunction<Layer> of,
      Double paperValue,
      String detail) {

    Finding in(String name, Integer layer, Double paperValue, List<Layer> layers, String where) {
      double whole = layers.stream().mapToDouble(of).sum();
      return new Finding(
          name,
          layer,
          whole == 0 ? null : layers.stream().mapToDouble(counted).sum() / whole,
          paperValue,
          detail
              + "; %s: %,.0f of %,.0f"
                  .formatted(where, layers.stream().mapToDouble(counted).sum(), whole));
    }
  }

  /** Counts of a row of {@code pattern_summary}. */
  private record Layer(
      int layer,
      long neurons,
      long withPattern,
      long withLastToken,
      long patterns,
      long prefixes,
      double shallow,
      double semantic,
      double both,
      double notCovered) {

    static Layer of(Row row) {
      long prefixes = number(row, "prefixes");
      double both = share(row, "shallow_and_semantic");
      return new Layer(
          row.getInt(row.fieldIndex("layer")),
          number(row, "neurons_with_triggers"),
          number(row, "neurons_with_pattern"),
          number(row, "neurons_with_last_token"),
          number(row, "patterns"),
          prefixes,
          prefixes * (share(row, "shallow_only") + both),
          prefixes * (share(row, "semantic_only") + both),
          prefixes * both,
          prefixes * share(row, "not_covered"));
    }

    private static long number(Row row, String column) {
      return row.getLong(row.fieldIndex(column));
    }

    private static double share(Row row, String column) {
      int index = row.fieldIndex(column);
      return row.isNullAt(index) ? 0 : row.getDouble(index);
    }
  }

  private PatternFindings() {}

  /**
   * @param summary rows of {@code pattern_summary}
   */
  static List<Finding> of(Dataset<Row> summary, int layers) {
    List<Row> rows =
        summary.filter(col("polarity").equalTo("positive")).orderBy("layer").collectAsList();
    List<Layer> all = rows.stream().map(Layer::of).toList();
    long inLower = Math.round(layers * LOWER);
    List<Layer> lower = all.stream().filter(layer -> layer.layer < inLower).toList();
    List<Layer> upper = all.stream().filter(layer -> layer.layer >= inLower).toList();
    List<Finding> findings = new ArrayList<>();
    for (Claim claim : CLAIMS) {
      findings.add(claim.in(claim.finding, null, claim.paperValue, all, "all layers"));
      all.forEach(
          layer ->
              findings.add(
                  claim.in(claim.finding, layer.layer, null, List.of(layer), "this layer")));
      if (List.of(SHALLOW, SEMANTIC, LAST_TOKEN).contains(claim.finding)) {
        findings.add(
            claim.in(claim.finding + "_in_lower_layers", null, null, lower, layers(lower)));
        findings.add(
            claim.in(claim.finding + "_in_upper_layers", null, null, upper, layers(upper)));
      }
    }
    for (Row row : rows) {
      median(
          row,
          "last_token_concentration",
          "share of a neuron's most frequent last token",
          findings);
      median(row, "topic_coherence", "how alike the content of a neuron's prefixes is", findings);
    }
    return findings;
  }

  private static String layers(List<Layer> layers) {
    return layers.isEmpty()
        ? "no layers"
        : "layers %d to %d".formatted(layers.get(0).layer, layers.get(layers.size() - 1).layer);
  }

  private static void median(Row row, String score, String what, List<Finding> findings) {
    int column = row.fieldIndex("median_" + score);
    findings.add(
        new Finding(
            score + "_median",
            row.getInt(row.fieldIndex("layer")),
            row.isNullAt(column) ? null : row.getDouble(column),
            null,
            "median over the layer's neurons with triggers: " + what));
  }
}
