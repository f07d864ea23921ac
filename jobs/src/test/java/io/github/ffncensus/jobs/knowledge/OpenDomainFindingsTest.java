package io.github.ffncensus.jobs.knowledge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.task.Finding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Averages over facts and relations, worked out by hand. */
class OpenDomainFindingsTest {
  private static final String GRADIENTS = "integrated_gradients";
  private static final StructType COLUMNS =
      StructType.fromDDL(
          "method STRING, relation STRING, fact_id STRING, layer INT, neuron INT,"
              + " text_class STRING, mean DOUBLE");

  @TempDir static Path folder;
  private static SparkSession spark;
  private final List<Row> rows = new ArrayList<>();

  @BeforeAll
  static void start() {
    spark = TestSpark.start("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void averages_areOverTheNeuronsOfARelation_thenOverRelations() {
    // Two neurons in the one relation's facts, one in the other's.
    fact(GRADIENTS, "a", "1", new double[] {4, 2}, new double[] {1, 1}, new double[] {0, 1});
    fact(GRADIENTS, "a", "2", new double[] {1}, new double[] {2}, new double[] {5});
    fact(GRADIENTS, "b", "1", new double[] {-1}, new double[] {-2}, new double[] {-3});
    // Without head_only, and without random.
    fact(GRADIENTS, "b", "2", new double[] {100}, null, new double[] {100});
    fact(GRADIENTS, "b", "3", new double[] {3}, new double[] {0}, null);
    // A relation none of whose facts counts.
    fact(GRADIENTS, "c", "1", null, new double[] {50}, new double[] {50});
    fact("activation", "a", "1", new double[] {7}, new double[] {8}, new double[] {9});
    Map<String, Finding> found = findings();
    check(found, "average_activation_head_and_tail", (7.0 / 3 + 1) / 2, 0.485);
    check(found, "average_activation_head_only", (4.0 / 3 - 1) / 2, 0.019);
    check(found, "average_activation_random", (2.0 - 3) / 2, -0.018);
    check(found, "average_activation_head_and_tail_micro", 9.0 / 5, null);
    check(found, "average_activation_head_only_micro", 2.0 / 5, null);
    check(found, "average_activation_random_micro", 3.0 / 4, null);
    check(found, "facts_ordered_by_text_class", 2.0 / 3, null);
    check(found, "facts_more_active_with_tail_than_head_only", 2.0 / 3, null);
    check(found, "facts_more_active_with_tail_than_random", 2.0 / 3, null);
    check(found, "average_activation_head_and_tail_by_activation", 7, null);
    check(found, "average_activation_random_by_activation_micro", 9, null);
    check(found, "facts_ordered_by_text_class_by_activation", 0, null);
    assertThat(found.get("average_activation_head_only").detail())
        .contains("2 relations", "4 facts", "read at the first mask");
    assertThat(found.get("facts_ordered_by_text_class").detail()).contains("3 facts");
  }

  @Test
  void withoutText_valuesAreMissing() {
    fact(GRADIENTS, "a", "1", null, null, new double[] {1});
    assertThat(findings().values()).hasSize(18).allMatch(finding -> finding.value() == null);
  }

  private static void check(
      Map<String, Finding> found, String name, double value, Double paperValue) {
    assertThat(found).containsKey(name);
    assertThat(found.get(name).value()).as(name).isCloseTo(value, within(1e-12));
    assertThat(found.get(name).paperValue()).as(name).isEqualTo(paperValue);
  }

  /**
   * @param both means of the neurons in head_and_tail; null where there is no such text
   */
  private void fact(
      String method, String relation, String id, double[] both, double[] head, double[] random) {
    add(method, relation, id, "head_and_tail", both);
    add(method, relation, id, "head_only", head);
    add(method, relation, id, "random", random);
  }

  private void add(String method, String relation, String id, String textClass, double[] means) {
    for (int i = 0; means != null && i < means.length; i++) {
      rows.add(RowFactory.create(method, relation, id, i, 7 - i, textClass, means[i]));
    }
  }

  private Map<String, Finding> findings() {
    Dataset<Row> activations = spark.createDataFrame(rows, COLUMNS).repartition(3);
    Map<String, Finding> found = new LinkedHashMap<>();
    OpenDomainFindings.of(activations, "read at the first mask")
        .forEach(finding -> found.put(finding.finding(), finding));
    return found;
  }
}
