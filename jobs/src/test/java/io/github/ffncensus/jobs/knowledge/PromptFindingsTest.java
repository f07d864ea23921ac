package io.github.ffncensus.jobs.knowledge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.ffncensus.jobs.task.Finding;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;

/** Numbers of the facts themselves, beside those of the paper's data. */
class PromptFindingsTest {
  @Test
  void numbers_areOfAllRelations() {
    Map<String, Finding> found =
        PromptFindings.of(
                List.of(
                    RowFactory.create("a", 3L, 10L, 4L, 2.5, 3L, 4L, 1L, 2L),
                    RowFactory.create("b", 1L, 6L, 4L, 1.5, 1L, 0L, 1L, 0L)))
            .stream()
            .collect(Collectors.toMap(Finding::finding, Function.identity()));
    check(found, "facts", 4, 27_738.0);
    check(found, "prompts", 16, 253_448.0);
    check(found, "relations", 2, 34.0);
    check(found, "prompts_per_fact", 4, 9.14);
    check(found, "prompts_answered", 0.5, null);
    check(found, "answer_probability", 0.25, null);
    check(found, "prompts_with_answer_in_head", 0.25, null);
    check(found, "facts_with_answer_in_head", 0.5, 2_786 / 27_738.0);
    check(found, "prompts_with_other_answers", 0.25, null);
    check(found, "heads_with_several_answers", 2, 851.0);
  }

  @Test
  void withoutFacts_publishedNumbersStand() {
    List<Finding> found =
        PromptFindings.of(List.of(RowFactory.create("a", 1L, 1L, 1L, 1.0, 0L, 0L, 0L, 0L)));
    assertThat(PromptFindings.missing("none"))
        .allSatisfy(finding -> assertThat(finding.value()).isNull())
        .allSatisfy(finding -> assertThat(finding.detail()).isEqualTo("none"))
        .extracting(Finding::finding, Finding::paperValue)
        .containsExactlyElementsOf(
            found.stream()
                .filter(finding -> finding.paperValue() != null)
                .map(f -> tuple(f.finding(), f.paperValue()))
                .toList());
  }

  private static void check(
      Map<String, Finding> found, String name, double value, Double paperValue) {
    assertThat(found.get(name).value()).as(name).isEqualTo(value);
    assertThat(found.get(name).paperValue()).as(name).isEqualTo(paperValue);
  }
}
