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

/** Rates and perplexities of edits, worked out by hand. */
class EditFindingsTest {
  private static final StructType COLUMNS =
      StructType.fromDDL(
          "kind STRING, direction STRING, relation STRING, fact_id STRING, changed BOOLEAN,"
              + " answer_tokens INT, target_tokens INT, target_rank_after INT,"
              + " target_first_token_predicted BOOLEAN, direction_rank INT,"
              + " intra_relation_perplexity_before DOUBLE, intra_relation_perplexity_after DOUBLE,"
              + " inter_relation_perplexity_before DOUBLE, inter_relation_perplexity_after DOUBLE,"
              + " subject_perplexity_before DOUBLE, subject_perplexity_after DOUBLE,"
              + " text_perplexity_before DOUBLE, text_perplexity_after DOUBLE");

  private static final StructType PROMPTS =
      StructType.fromDDL(
          "kind STRING, direction STRING, localising BOOLEAN, changed BOOLEAN, answer_tokens INT,"
              + " target_tokens INT, target_rank_after INT");

  @TempDir static Path folder;
  private static SparkSession spark;
  private final List<Row> rows = new ArrayList<>();
  private final List<Row> prompts = new ArrayList<>();

  @BeforeAll
  static void start() {
    spark = TestSpark.start("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private void update(
      String kind,
      String direction,
      String id,
      String after,
      int targetTokens,
      int targetRank,
      boolean firstToken,
      int directionRank,
      Double intraBefore,
      Double intraAfter) {
    rows.add(
        RowFactory.create(
            kind,
            direction,
            "a",
            id,
            !after.equals("Paris"),
            1,
            targetTokens,
            targetRank,
            firstToken,
            directionRank,
            intraBefore,
            intraAfter,
            2.0,
            4.0,
            null,
            null,
            null,
            null));
  }

  private void prompt(
      String direction, boolean localising, boolean changed, int targetTokens, int targetRank) {
    prompts.add(
        RowFactory.create("update", direction, localising, changed, 1, targetTokens, targetRank));
  }

  private void erasure(String kind, String relation, Double... perplexities) {
    Object[] values = new Object[COLUMNS.size()];
    values[0] = kind;
    values[2] = relation;
    System.arraycopy(perplexities, 0, values, 10, 4);
    rows.add(RowFactory.create(values));
  }

  @Test
  void updates() {
    update("update", "embedding", "1", "Rome", 1, 1, true, 3, 1.0, 2.0);
    update("update", "embedding", "2", "Oslo", 1, 4, false, 1, 4.0, 8.0);
    // Of two tokens: the first of them is there.
    update("update", "embedding", "3", "New", 2, 900, true, 7, null, null);
    update("update", "embedding", "4", "Paris", 1, 2_000, false, 9, 1.0, 1.0);
    update("update", "head", "1", "Rome", 1, 1, true, 1, 1.0, 1.0);
    update("update_random_neurons", "embedding", "1", "Paris", 1, 50, false, 3, 1.0, 1.0);
    erasure("erase", "a", 9.0, 99.0, 9.0, 99.0);
    prompt("embedding", true, true, 1, 1);
    prompt("embedding", true, true, 1, 2);
    prompt("embedding", true, true, 2, 1);
    prompt("embedding", true, false, 1, 9);
    prompt("embedding", false, true, 1, 4);
    prompt("embedding", false, false, 1, 7);
    prompt("head", true, true, 1, 1);
    Map<String, Finding> found = updates("of 9 facts 5 have no neurons");
    check(found, "update_change_rate", 0.75, 0.485);
    check(found, "update_success_rate", 1.0 / 3, 0.344);
    check(found, "update_top5_success_rate", 2.0 / 3, null);
    check(found, "update_success_rate_of_all", 0.25, null);
    check(found, "update_first_token_success_rate", 0.5, null);
    check(found, "update_change_rate_localising", 0.75, null);
    check(found, "update_success_rate_localising", 1.0 / 3, null);
    check(found, "update_change_rate_held_out", 0.5, null);
    check(found, "update_success_rate_held_out", 0, null);
    check(found, "update_success_rate_localising_by_head", 1, null);
    assertThat(found.get("update_success_rate_held_out_by_head").value()).isNull();
    assertThat(found.get("update_success_rate_held_out_by_head").detail())
        .startsWith("share of 0 prompts")
        .contains("attribute.held-out-share");
    check(found, "update_direction_rank", 5, null);
    check(found, "update_direction_names_answer", 0.25, null);
    check(found, "update_intra_relation_perplexity", Math.cbrt(16) - Math.cbrt(4), 8.4);
    check(found, "update_inter_relation_perplexity", 2, 7.2);
    assertThat(found.get("update_text_perplexity").value()).isNull();
    check(found, "update_of_random_neurons_change_rate", 0, 0.047);
    check(found, "update_of_random_neurons_intra_relation_perplexity", 0, 10.1);
    assertThat(found.get("update_of_random_neurons_intra_relation_perplexity").detail())
        .endsWith("the paper's number as remembered, not verified");
    check(found, "update_success_rate_by_head", 1, null);
    assertThat(found).doesNotContainKey("update_of_random_neurons_success_rate_by_head");
    assertThat(found.get("update_success_rate").detail())
        .contains("3 updates whose old and new answers have one token")
        .contains("of 9 facts 5 have no neurons");
    assertThat(UpdateFindings.updated(edits())).isEqualTo(4);
  }

  @Test
  void withoutUpdates_publishedNumbersStand() {
    erasure("erase", "P27", 1.0, 2.0, 1.0, 1.0);
    Map<String, Finding> found = updates("of 9 facts 9 have no neurons");
    assertThat(found)
        .containsOnlyKeys(
            "update_change_rate",
            "update_success_rate",
            "update_intra_relation_perplexity",
            "update_inter_relation_perplexity",
            "update_of_random_neurons_change_rate",
            "update_of_random_neurons_success_rate",
            "update_of_random_neurons_intra_relation_perplexity",
            "update_of_random_neurons_inter_relation_perplexity");
    assertThat(found.values())
        .allSatisfy(finding -> assertThat(finding.value()).isNull())
        .allSatisfy(finding -> assertThat(finding.paperValue()).isNotNull());
    assertThat(found.get("update_success_rate").detail())
        .contains("no updates")
        .contains("of 9 facts 9 have no neurons");
    assertThat(UpdateFindings.missing("none"))
        .extracting(Finding::finding)
        .containsExactlyInAnyOrderElementsOf(found.keySet());
  }

  @Test
  void erasures() {
    erasure("erase", "P27", 2.0, 3.0, 4.0, 5.0);
    // No other relation has a prompt.
    erasure("erase", "next_day", 1.0, 4.0, null, null);
    erasure("erase_random_neurons", "P27", 2.0, 2.0, 4.0, 2.0);
    update("update", "embedding", "1", "Rome", 1, 1, true, 3, 1.0, 2.0);
    Map<String, Finding> found = new LinkedHashMap<>();
    ErasureFindings.of(edits()).forEach(finding -> found.put(finding.finding(), finding));
    check(found, "erasure_perplexity_P27", 0.5, 0.367);
    check(found, "erasure_perplexity_before_P27", 2, 28.0);
    check(found, "erasure_perplexity_after_P27", 3, 38.3);
    check(found, "erasure_perplexity_of_others_P27", 0.25, 0.042);
    check(found, "erasure_perplexity_of_others_before_P27", 4, 143.6);
    check(found, "erasure_perplexity_of_others_after_P27", 5, 149.5);
    check(found, "erasure_perplexity", (0.5 + 3) / 2, null);
    check(found, "erasure_perplexity_of_others", 0.25, null);
    assertThat(found.get("erasure_perplexity_of_others").detail())
        .contains("mean over 1 relations");
    check(found, "erasure_of_random_neurons_perplexity", 0, null);
    check(found, "erasure_of_random_neurons_perplexity_of_others", -0.5, null);
    assertThat(found.get("erasure_perplexity_P19").value()).isNull();
    assertThat(found.get("erasure_perplexity_P19").paperValue()).isEqualTo(1.066);
    assertThat(found.get("erasure_perplexity_P19").detail())
        .startsWith("this run erases no relation P19");
    assertThat(found).hasSize(4 * 6 + 4);
    assertThat(ErasureFindings.missing("none")).hasSize(4 * 6);
  }

  private static void check(
      Map<String, Finding> found, String name, double value, Double paperValue) {
    assertThat(found).containsKey(name);
    assertThat(found.get(name).value()).as(name).isCloseTo(value, within(1e-12));
    assertThat(found.get(name).paperValue()).as(name).isEqualTo(paperValue);
  }

  private Dataset<Row> edits() {
    return spark.createDataFrame(rows, COLUMNS).repartition(3);
  }

  private Map<String, Finding> updates(String account) {
    Map<String, Finding> found = new LinkedHashMap<>();
    Dataset<Row> ofFacts = spark.createDataFrame(prompts, PROMPTS).repartition(3);
    UpdateFindings.of(edits(), ofFacts, account)
        .forEach(finding -> found.put(finding.finding(), finding));
    return found;
  }
}
