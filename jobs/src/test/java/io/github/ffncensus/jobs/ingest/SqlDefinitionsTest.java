package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.SequenceRow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code data-schemas/ddl.sql} is SQL that Spark runs, over files as this product writes them. */
class SqlDefinitionsTest {
  @TempDir Path folder;

  @Test
  void sparkReadsTheTables() throws Exception {
    var file = new org.apache.hadoop.fs.Path(folder + "/w/sequences/run_id=2026-11-23/p.parquet");
    try (ParquetTableWriter<SequenceRow> writer =
        ParquetTableWriter.create(
            new Configuration(), file, "sequences", "2026-11-23", SequenceRow.ENCODER)) {
      int[] tokens = {1, 2};
      writer.write(new SequenceRow(0, "d", 0, "text", tokens, tokens, tokens));
      writer.finish();
    }
    SparkSession spark = TestSpark.start("local[1]", folder);
    try {
      statements().forEach(spark::sql);
      spark.sql("MSCK REPAIR TABLE sequences");
      Row row = spark.sql("SELECT * FROM sequences WHERE run_id = '2026-11-23'").head();
      assertThat(row.<String>getAs("text")).isEqualTo("text");
      assertThat(row.getList(row.fieldIndex("token_ids"))).isEqualTo(List.of(1, 2));
      assertThat(spark.sql("SELECT * FROM triggers_in_context").count()).isZero();
      assertThat(spark.sql("SELECT * FROM layer_activity").count()).isZero();
      assertThat(spark.sql("SELECT * FROM reject_reasons").count()).isZero();
      assertThat(spark.sql("SELECT * FROM fact_reject_reasons").count()).isZero();
      assertThat(spark.sql("SELECT * FROM facts_with_neurons").count()).isZero();
    } finally {
      spark.stop();
    }
  }

  /** A value as the views see it; {@code top} null if it predicts nothing. */
  private record Value(
      int layer, int neuron, double probability, Integer top, Integer target, int count) {

    Boolean agrees() {
      return target == null ? null : (Boolean) target.equals(top);
    }
  }

  @Test
  void viewsOverValues_countWhatTheRowsSay() throws Exception {
    Random random = new Random(2);
    List<Value> values = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      // Two tokens, so that many pairs agree; the lowest layer has no targets.
      Integer top = random.nextInt(9) == 0 ? null : (Integer) (i % 2);
      Integer target = i < 50 || random.nextInt(5) == 0 ? null : (Integer) random.nextInt(3);
      values.add(new Value(i / 50, i % 50, random.nextDouble(), top, target, random.nextInt(3)));
    }
    write("value_predictions", values, SqlDefinitionsTest::encodePrediction);
    write("value_lenses", values, SqlDefinitionsTest::encodeLens);
    SparkSession spark = TestSpark.start("local[1]", folder);
    try {
      statements().forEach(spark::sql);
      spark.sql("MSCK REPAIR TABLE value_predictions");
      spark.sql("MSCK REPAIR TABLE value_lenses");
      List<Value> sorted =
          values.stream()
              .filter(value -> value.target != null)
              .sorted(Comparator.comparingDouble(Value::probability))
              .toList();
      Row tenth = spark.sql("SELECT * FROM agreement_by_max_probability WHERE tenth = 1").head();
      List<Value> first = sorted.subList(0, (sorted.size() + 9) / 10);
      assertThat(tenth.<Long>getAs("neurons")).isEqualTo(first.size());
      assertThat(tenth.<Double>getAs("to_probability"))
          .isEqualTo(first.get(first.size() - 1).probability());
      assertThat(tenth.<Double>getAs("agreement_rate")).isCloseTo(rate(first), within(1e-12));
      assertThat(tenth.<Double>getAs("shuffled_pairs_rate"))
          .isCloseTo(rateOfAllPairs(first), within(1e-12));

      List<Value> top =
          values.stream()
              .sorted(Comparator.comparingDouble((Value value) -> -value.probability))
              .limit(100)
              .toList();
      Row third = spark.sql("SELECT * FROM top_values WHERE place = 3").head();
      assertThat(third.<Integer>getAs("neuron")).isEqualTo(top.get(2).neuron());
      assertThat(third.<Double>getAs("precision_of_triggers")).isEqualTo(top.get(2).count / 4.0);
      Row layer = spark.sql("SELECT * FROM top_values_by_layer WHERE layer = 2").head();
      List<Value> ofLayer = top.stream().filter(value -> value.layer == 2).toList();
      assertThat(layer.<Long>getAs("top_values")).isEqualTo(ofLayer.size());
      assertThat(layer.<Long>getAs("with_agreeing_trigger"))
          .isEqualTo(ofLayer.stream().filter(value -> value.count > 0).count());
      assertThat(layer.<Double>getAs("mean_precision"))
          .isCloseTo(
              ofLayer.stream().mapToDouble(value -> value.count / 4.0).average().orElseThrow(),
              within(1e-12));

      Row lens = spark.sql("SELECT * FROM lens_agreement WHERE layer = 3").head();
      List<Value> read = values.stream().filter(value -> value.layer == 3).toList();
      List<Value> answered = read.stream().filter(value -> value.target != null).toList();
      assertThat(lens.<Long>getAs("neurons")).isEqualTo(50);
      assertThat(lens.<Long>getAs("targets")).isEqualTo(answered.size());
      assertThat(lens.<Double>getAs("agreement_rate")).isCloseTo(rate(answered), within(1e-12));
      assertThat(lens.<Double>getAs("shuffled_pairs_rate"))
          .isCloseTo(rateOfAllPairs(answered), within(1e-12));
      assertThat(lens.<Double>getAs("cosine_names_top_token"))
          .isCloseTo(
              read.stream().filter(value -> value.top != null && value.top == 1).count() / 50.0,
              within(1e-12));
      Row lowest = spark.sql("SELECT * FROM lens_agreement WHERE layer = 0").head();
      assertThat(lowest.<Long>getAs("targets")).isZero();
      assertThat(lowest.<Double>getAs("agreement_rate")).isNull();
      assertThat(lowest.<Double>getAs("shuffled_pairs_rate")).isNull();
    } finally {
      spark.stop();
    }
  }

  private static double rate(List<Value> values) {
    return values.stream().filter(Value::agrees).count() / (double) values.size();
  }

  /** The rate over all pairs of a value and a target. */
  private static double rateOfAllPairs(List<Value> values) {
    long agreeing =
        values.stream()
            .mapToLong(v -> values.stream().filter(other -> other.target.equals(v.top)).count())
            .sum();
    return agreeing / (double) values.size() / values.size();
  }

  private <T> void write(String table, List<T> rows, RowEncoder<T> encoder) throws Exception {
    var file = new org.apache.hadoop.fs.Path(folder + "/w/" + table + "/run_id=r/p.parquet");
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(new Configuration(), file, table, "r", encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      writer.finish();
    }
  }

  private static void encodePrediction(Value row, RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.intList("top_token_ids", new int[] {1});
    out.stringList("top_tokens", List.of("t"));
    out.floatList("top_probabilities", new float[] {(float) row.probability()});
    out.doubleValue("max_probability", row.probability());
    out.doubleValue("entropy", 1);
    encodeAgreement(row, out);
    out.intValue("agreement_count", row.count());
    out.intValue("targets", 4);
    out.string("lens", "raw");
  }

  private static void encodeLens(Value row, RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.string("lens", "raw");
    encodeAgreement(row, out);
    out.doubleValue("max_cosine", row.probability());
    out.intValue("max_cosine_token_id", 1);
  }

  private static void encodeAgreement(Value row, RowWriter out) {
    if (row.top() != null) {
      out.intValue("top_token_id", row.top());
    }
    if (row.target() != null) {
      out.intValue("trigger_next_token_id", row.target());
      out.booleanValue("agrees", row.agrees());
    }
  }

  /** Those for Spark and those for all. */
  private List<String> statements() throws Exception {
    String sql =
        Files.readString(Path.of("../data-schemas/ddl.sql"))
            .replaceAll("(?m)--.*$", "")
            .replace("${warehouse}", "file:" + folder.resolve("w"));
    List<String> statements = new ArrayList<>();
    for (String statement : sql.split(";")) {
      if (!statement.isBlank() && !statement.contains("read_parquet")) {
        statements.add(statement);
      }
    }
    return statements;
  }
}
