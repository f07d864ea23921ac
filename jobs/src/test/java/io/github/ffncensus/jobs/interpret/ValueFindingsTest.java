package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.task.Finding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Findings over made-up predictions, against counting by hand and by chance. */
class ValueFindingsTest {
  private static final int LAYERS = 2;
  private static final int NEURONS = 300;
  private static final StructType SCHEMA =
      StructType.fromDDL(
          "layer INT, neuron INT, top_token_id INT, max_probability DOUBLE,"
              + " trigger_next_token_id INT, agrees BOOLEAN, next_token_rank INT,"
              + " agreement_count INT, targets INT");

  @TempDir Path folder;

  /**
   * A row of the table; {@code top} null for a value of zeros, {@code target} where the strongest
   * trigger has none.
   */
  private record Prediction(
      int layer, int neuron, Integer top, double probability, Integer target, int agreements) {

    Boolean agrees() {
      return target == null ? null : (Boolean) target.equals(top);
    }

    Integer rank() {
      return target == null || top == null ? null : (Integer) (1 + Math.abs(target - top));
    }
  }

  @Test
  void findings_areWhatTheRowsSay() {
    List<Prediction> all = predictions();
    List<Finding> findings = findings(all);
    for (int layer = 0; layer < LAYERS; layer++) {
      int l = layer;
      List<Prediction> answered =
          all.stream().filter(p -> p.layer == l && p.target != null).toList();
      assertThat(value(findings, "agreement_rate", layer)).isCloseTo(rate(answered), within(1e-12));
      int[] ranks =
          answered.stream()
              .map(Prediction::rank)
              .filter(Objects::nonNull)
              .mapToInt(rank -> rank)
              .sorted()
              .toArray();
      assertThat(ranks.length).isLessThan(answered.size());
      assertThat(value(findings, "next_token_rank_median", layer))
          .isEqualTo((ranks[(ranks.length - 1) / 2] + ranks[ranks.length / 2]) / 2.0);
      assertThat(value(findings, "agreement_rate_of_shuffled_pairs", layer))
          .isCloseTo(shuffledRate(answered), within(0.003));
    }
    List<Prediction> top =
        all.stream()
            .sorted(Comparator.comparingDouble((Prediction p) -> -p.probability))
            .limit(100)
            .toList();
    assertThat(value(findings, "top_values_in_upper_layers", null))
        .isCloseTo(top.stream().mapToInt(Prediction::layer).sum() / 100.0, within(1e-12));
    assertThat(value(findings, "top_values_with_an_agreeing_trigger", null))
        .isCloseTo(top.stream().filter(p -> p.agreements > 0).count() / 100.0, within(1e-12));
    assertThat(value(findings, "top_values_by_layer", 1))
        .isCloseTo(top.stream().filter(p -> p.layer == 1).count() / 100.0, within(1e-12));
    assertThat(value(findings, "top_values_precision", null))
        .isCloseTo(
            top.stream()
                .filter(p -> p.target != null)
                .mapToDouble(p -> p.agreements / 4.0)
                .average()
                .orElseThrow(),
            within(1e-12));
    assertThat(value(findings, "top_values_with_an_agreeing_trigger_of_all", null))
        .isCloseTo(
            all.stream().filter(p -> p.agreements > 0).count() / (double) all.size(),
            within(1e-12));
    assertThat(value(findings, "top_values_precision_of_all", null))
        .isCloseTo(
            all.stream()
                .filter(p -> p.target != null)
                .mapToDouble(p -> p.agreements / 4.0)
                .average()
                .orElseThrow(),
            within(1e-12));
    assertThat(value(findings, "agreement_rate_by_guessing", null)).isEqualTo(1 / 50.0);
    assertTenths(all, findings);
    assertPaper(findings, "agreement_rate", 0, null);
    assertPaper(findings, "agreement_rate", LAYERS - 1, 0.035);
    assertPaper(findings, "agreement_rate_by_guessing", null, 4e-6);
    assertPaper(findings, "top_values_in_upper_layers", null, 0.97);
    assertPaper(findings, "top_values_with_an_agreeing_trigger", null, 0.46);
  }

  /** Values by their largest probability, ten parts of which the first ones may be one larger. */
  private static void assertTenths(List<Prediction> all, List<Finding> findings) {
    List<Prediction> sorted =
        all.stream()
            .filter(p -> p.target != null)
            .sorted(Comparator.comparingDouble(Prediction::probability))
            .toList();
    int from = 0;
    for (int tenth = 1; tenth <= 10; tenth++) {
      int size = sorted.size() / 10 + (tenth <= sorted.size() % 10 ? 1 : 0);
      List<Prediction> part = sorted.subList(from, from + size);
      from += size;
      String name = "agreement_rate_tenth_%02d".formatted(tenth);
      assertThat(value(findings, name + "_by_max_probability", null))
          .isCloseTo(rate(part), within(1e-12));
      assertThat(value(findings, name + "_of_shuffled_pairs", null))
          .isCloseTo(expectedRate(part), within(1e-12));
    }
  }

  /** The rate over all pairs of a value and a target. */
  private static double expectedRate(List<Prediction> part) {
    long agreeing =
        part.stream()
            .mapToLong(p -> part.stream().filter(other -> other.target.equals(p.top)).count())
            .sum();
    return agreeing / (double) part.size() / part.size();
  }

  private static void assertPaper(
      List<Finding> findings, String name, Integer layer, Double expected) {
    assertThat(findings)
        .filteredOn(f -> f.finding().equals(name) && Objects.equals(f.layer(), layer))
        .singleElement()
        .extracting(Finding::paperValue)
        .isEqualTo(expected);
  }

  @Test
  void agreementUnderALens_hasItsBaseline() {
    SparkSession spark = TestSpark.start("local[2]", folder);
    try {
      Dataset<Row> rows =
          spark.createDataFrame(
              predictions().stream()
                  .map(
                      p ->
                          RowFactory.create(
                              p.layer, p.neuron, "raw", p.top, p.target, p.agrees(), p.rank(), 0.5))
                  .toList(),
              StructType.fromDDL(
                  "layer INT, neuron INT, lens STRING, top_token_id INT,"
                      + " trigger_next_token_id INT, agrees BOOLEAN, next_token_rank INT,"
                      + " max_cosine DOUBLE"));
      List<Finding> findings = LensFindings.of(rows, 64, 50);
      for (int layer = 0; layer < LAYERS; layer++) {
        int l = layer;
        List<Prediction> answered =
            predictions().stream().filter(p -> p.layer == l && p.target != null).toList();
        assertThat(value(findings, "agreement_rate_under_raw_lens", layer))
            .isCloseTo(rate(answered), within(1e-12));
        assertThat(value(findings, "agreement_rate_of_shuffled_pairs_under_raw_lens", layer))
            .isCloseTo(expectedRate(answered), within(1e-12));
      }
    } finally {
      spark.stop();
    }
  }

  /** Property 31: the mean agreement over random permutations. */
  private static double shuffledRate(List<Prediction> answered) {
    List<Integer> targets = new ArrayList<>(answered.stream().map(Prediction::target).toList());
    Random random = new Random(4);
    double sum = 0;
    int rounds = 4_000;
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(targets, random);
      sum +=
          IntStream.range(0, targets.size())
                  .filter(i -> targets.get(i).equals(answered.get(i).top))
                  .count()
              / (double) targets.size();
    }
    return sum / rounds;
  }

  private static double rate(List<Prediction> answered) {
    return answered.stream().filter(Prediction::agrees).count() / (double) answered.size();
  }

  private static List<Prediction> predictions() {
    Random random = new Random(3);
    List<Prediction> all = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      for (int neuron = 0; neuron < NEURONS; neuron++) {
        Integer top = random.nextInt(20) == 0 ? null : (Integer) random.nextInt(8);
        Integer target =
            random.nextInt(10) == 0
                ? null
                : random.nextInt(3) == 0 && top != null ? top : (Integer) random.nextInt(12);
        all.add(new Prediction(layer, neuron, top, random.nextDouble(), target, random.nextInt(3)));
      }
    }
    return all;
  }

  private List<Finding> findings(List<Prediction> all) {
    SparkSession spark = TestSpark.start("local[2]", folder);
    try {
      Dataset<Row> rows =
          spark.createDataFrame(
              all.stream()
                  .map(
                      p ->
                          RowFactory.create(
                              p.layer,
                              p.neuron,
                              p.top,
                              p.probability,
                              p.target,
                              p.agrees(),
                              p.rank(),
                              p.agreements,
                              p.target == null ? 0 : 4))
                  .toList(),
              SCHEMA);
      return ValueFindings.of(rows, LAYERS, 50);
    } finally {
      spark.stop();
    }
  }

  private static double value(List<Finding> findings, String name, Integer layer) {
    List<Finding> found =
        findings.stream()
            .filter(f -> f.finding().equals(name) && Objects.equals(f.layer(), layer))
            .toList();
    assertThat(found).as(name).hasSize(1);
    return found.get(0).value();
  }
}
