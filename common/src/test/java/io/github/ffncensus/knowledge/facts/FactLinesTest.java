package io.github.ffncensus.knowledge.facts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FactLinesTest {
  private final List<FactReject> rejects = new ArrayList<>();

  @Test
  void aFactWithAllItsFields() {
    Fact fact =
        parse(
            """
            {"relation": "P19", "fact_id": 7, "head": "Ann", "answer": "Paris", "note": {"a": [1]},
             "aliases": ["Lutetia"], "tails": ["Paris", "París"], "language": "en",
             "prompts": ["Ann is from [MASK].", {"prompt": "À [MASK]", "answer": "Lutèce"}],
             "negative_prompts": ["[MASK] is a town."]}""");
    assertThat(fact)
        .isEqualTo(
            new Fact(
                "P19",
                "7",
                "Ann",
                "Paris",
                List.of("Lutetia"),
                List.of("Paris", "París"),
                "en",
                List.of(
                    Prompt.of(0, "Ann is from [MASK].", "Paris"),
                    Prompt.of(1, "À [MASK]", "Lutèce"),
                    new Prompt(2, "[MASK] is a town.", "Paris", null, true))));
    assertThat(rejects).isEmpty();
  }

  @Test
  void linesWithoutAFact() {
    assertRejected("{\"relation\": ", null, null, Reason.MALFORMED, "not JSON at character");
    assertRejected("[1]", null, null, Reason.MALFORMED, "not a JSON object");
    assertRejected("{} {}", null, null, Reason.MALFORMED, "not JSON");
    assertRejected(
        "{\"relation\": \"r\", \"fact_id\": \"f\", \"head\": \" \", \"prompts\": \"x\"}",
        "r",
        "f",
        Reason.MISSING_FIELD,
        "no usable head, answer, prompts");
    assertRejected(
        "{\"relation\": \"r\", \"fact_id\": \"f\", \"head\": \"h\", \"answer\": [], \"prompts\": []}",
        "r",
        "f",
        Reason.MISSING_FIELD,
        "no usable answer");
    assertRejected(
        "{\"relation\": \"r\", \"fact_id\": \"f\", \"head\": \"h\", \"answer\": \"a\", \"prompts\": []}",
        "r",
        "f",
        Reason.NO_PROMPTS,
        "empty");
    assertRejected(
        "{\"relation\": \"r\", \"fact_id\": \"f\", \"head\": \"\\ud800\", \"answer\": \"a\", \"prompts\": [\"p\"]}",
        null,
        null,
        Reason.UNDECODABLE,
        "surrogate");
  }

  @Test
  void promptsThatAreNoTextKeepTheirNumber() {
    Fact fact =
        parse(
            "{\"relation\": \"r\", \"fact_id\": \"f\", \"head\": \"h\", \"answer\": \"a\","
                + " \"prompts\": [null, \"x [MASK]\", {\"answer\": \"b\"}, \"\\udc00\", \"y\"]}");
    assertThat(fact.prompts())
        .extracting(Prompt::id, Prompt::text)
        .containsExactly(tuple(1, "x [MASK]"), tuple(4, "y"));
    assertThat(rejects)
        .extracting(FactReject::promptId, FactReject::reason)
        .containsExactly(
            tuple(0, Reason.MALFORMED), tuple(2, Reason.MALFORMED), tuple(3, Reason.UNDECODABLE));
  }

  private void assertRejected(
      String line, String relation, String factId, Reason reason, String detail) {
    assertThat(parse(line)).as(line).isNull();
    assertThat(rejects).hasSize(1);
    FactReject reject = rejects.remove(0);
    assertThat(reject)
        .isEqualTo(new FactReject(3, relation, factId, null, reason, reject.detail()));
    assertThat(reject.detail()).contains(detail);
  }

  private Fact parse(String line) {
    return FactLines.parse(3, line, rejects::add);
  }
}
