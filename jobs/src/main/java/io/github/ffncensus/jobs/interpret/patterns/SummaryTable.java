package io.github.ffncensus.jobs.interpret.patterns;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.median;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.interpret.patterns.PatternKind;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Table {@code pattern_summary}. Counts and medians only: they do not depend on any order. */
final class SummaryTable {
  private static final List<String> LABELS =
      List.of("shallow_only", "semantic_only", "shallow_and_semantic", "not_covered");
  private static final List<String> MEDIANS =
      List.of("last_token_concentration", "lexical_diversity", "topic_coherence");

  private SummaryTable() {}

  /** A layer's triggers of one polarity. */
  private record Place(int layer, String polarity) {
    static Place of(Row row) {
      return new Place(row.getInt(0), row.getString(1));
    }
  }

  /** What a layer's rows sum up to; null where it has none. */
  private record Summary(Place place, int neurons, Row scores, Row patterns) {}

  static void write(StageContext context) {
    Architecture architecture = context.model().architecture();
    Map<Place, Row> scores = byPlace(scores(context.rows(PatternTables.SCORES)));
    Map<Place, Row> patterns =
        byPlace(
            patterns(
                context.rows(PatternTables.PATTERNS),
                context.config().interpret().patterns().settings().minSupport()));
    List<String> polarities =
        context.config().scan().triggerPrefixes().polarities(architecture.gated()).stream()
            .map(polarity -> polarity.name().toLowerCase(Locale.ROOT))
            .sorted()
            .toList();
    try (ParquetTableWriter<Summary> writer =
        context.create(PatternTables.SUMMARY, SummaryTable::encode)) {
      for (int layer = 0; layer < architecture.layers(); layer++) {
        for (String polarity : polarities) {
          Place place = new Place(layer, polarity);
          writer.write(
              new Summary(
                  place, architecture.intermediate(), scores.get(place), patterns.get(place)));
        }
      }
      context.made(PatternTables.SUMMARY, List.of(writer.finish()));
    } catch (IOException e) {
      throw CensusException.cannotWrite(PatternTables.SUMMARY, e);
    }
  }

  private static Map<Place, Row> byPlace(Dataset<Row> rows) {
    Map<Place, Row> byPlace = new HashMap<>();
    rows.collectAsList().forEach(row -> byPlace.put(Place.of(row), row));
    return byPlace;
  }

  private static Dataset<Row> scores(Dataset<Row> scores) {
    List<Column> sums = new ArrayList<>();
    sums.add(sum("prefixes").as("prefixes"));
    sums.add(sum("patterns").as("patterns"));
    LABELS.forEach(label -> sums.add(sum(label).as(label)));
    MEDIANS.forEach(score -> sums.add(median(col(score)).as(score)));
    return scores
        .groupBy("layer", "polarity")
        .agg(count(lit(1)).as("neurons_with_triggers"), sums.toArray(Column[]::new));
  }

  /** Neurons with a pattern of each kind. */
  private static Dataset<Row> patterns(Dataset<Row> patterns, int minSupport) {
    Column input = col("class").notEqual(PatternKind.PatternClass.OUTPUT.label());
    Column semantic =
        col("class")
            .equalTo(PatternKind.PatternClass.SEMANTIC.label())
            .and(col("counted").geq(minSupport));
    Column shallow = col("class").equalTo(PatternKind.PatternClass.SHALLOW.label());
    Map<String, Column> having = new LinkedHashMap<>();
    having.put("neurons_with_pattern", input);
    having.put("neurons_with_shallow", shallow);
    having.put("neurons_with_semantic", semantic);
    for (PatternKind kind : PatternKind.values()) {
      having.put("neurons_with_" + kind.label(), col("kind").equalTo(kind.label()));
    }
    List<Column> ofNeuron = new ArrayList<>();
    List<Column> ofLayer = new ArrayList<>();
    having.forEach(
        (name, condition) -> {
          ofNeuron.add(max(when(condition, 1L).otherwise(0L)).as(name));
          ofLayer.add(sum(name).as(name));
        });
    return patterns
        .groupBy("layer", "polarity", "neuron")
        .agg(ofNeuron.get(0), ofNeuron.subList(1, ofNeuron.size()).toArray(Column[]::new))
        .groupBy("layer", "polarity")
        .agg(ofLayer.get(0), ofLayer.subList(1, ofLayer.size()).toArray(Column[]::new));
  }

  private static void encode(Summary row, RowWriter out) {
    out.intValue("layer", row.place().layer());
    out.string("polarity", row.place().polarity());
    out.intValue("neurons", row.neurons());
    long withTriggers = number(row.scores(), "neurons_with_triggers");
    long patterns = number(row.scores(), "patterns");
    long prefixes = number(row.scores(), "prefixes");
    out.longValue("neurons_with_triggers", withTriggers);
    out.longValue("neurons_with_pattern", number(row.patterns(), "neurons_with_pattern"));
    out.longValue("neurons_with_shallow", number(row.patterns(), "neurons_with_shallow"));
    out.longValue("neurons_with_semantic", number(row.patterns(), "neurons_with_semantic"));
    for (PatternKind kind : PatternKind.values()) {
      String column = "neurons_with_" + kind.label();
      out.longValue(column, number(row.patterns(), column));
    }
    out.longValue("patterns", patterns);
    out.longValue("prefixes", prefixes);
    if (withTriggers > 0) {
      out.doubleValue("patterns_per_neuron", patterns / (double) withTriggers);
      LABELS.forEach(
          label -> out.doubleValue(label, number(row.scores(), label) / (double) prefixes));
      for (String score : MEDIANS) {
        int index = row.scores().fieldIndex(score);
        if (!row.scores().isNullAt(index)) {
          out.doubleValue("median_" + score, row.scores().getDouble(index));
        }
      }
    }
  }

  private static long number(Row row, String column) {
    return row == null ? 0 : row.getLong(row.fieldIndex(column));
  }
}
