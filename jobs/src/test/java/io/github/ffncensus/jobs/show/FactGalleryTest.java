package io.github.ffncensus.jobs.show;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which facts are chosen, and what is printed of them, from tables made by hand. */
class FactGalleryTest {
  @TempDir Path folder;
  private HandmadeTables tables;

  @BeforeEach
  void tables() {
    tables = new HandmadeTables(folder.resolve("w"));
  }

  private void prompt(String relation, String id, int prompt, double probability, int rank) {
    row(
        "fact_prompts",
        relation,
        id,
        "prompt_id",
        prompt,
        "head",
        "head of " + id,
        "answer",
        "Lima",
        "prompt",
        "prompt %d of %s is [MASK].".formatted(prompt, id),
        "predicted",
        rank == 1 ? "Lima" : "Bonn",
        "answer_probability",
        probability,
        "answer_rank",
        rank);
  }

  private void neuron(String relation, String id) {
    row("knowledge_neurons", relation, id, "prompts_sharing", 2, "prompts", 3);
  }

  private void intervention(
      String relation, String id, String target, double factor, double before, double after) {
    row(
        "fact_interventions",
        relation,
        id,
        "target",
        target,
        "operation",
        factor < 1 ? "suppress" : "amplify",
        "factor",
        factor,
        "probability_before",
        before,
        "probability_after",
        after);
  }

  private void update(
      String relation, String id, String kind, String direction, String says, int targetRank) {
    row(
        "fact_edits",
        relation,
        id,
        "kind",
        kind,
        "direction",
        direction,
        "direction_rank",
        direction.equals("head") ? 1 : 115,
        "edited_neurons",
        1,
        "judged_prompt_id",
        1,
        "answer",
        "Lima",
        "target",
        "Quito",
        "answer_after",
        says,
        "changed",
        !says.equals("Lima"),
        "probability_before",
        0.9,
        "probability_after",
        0.5,
        "target_probability_before",
        0.001,
        "target_probability_after",
        0.25,
        "answer_rank_before",
        1,
        "answer_rank_after",
        2,
        "target_rank_before",
        1_234,
        "target_rank_after",
        targetRank);
  }

  private void row(String table, String relation, String id, Object... columns) {
    Object[] all = new Object[columns.length + 6];
    System.arraycopy(
        new Object[] {"relation", relation, "fact_id", id, "method", "integrated_gradients"},
        0,
        all,
        0,
        6);
    System.arraycopy(columns, 0, all, 6, columns.length);
    tables.row(table, 1, 3, all);
  }

  private void fact(String relation, String id, double suppressed) {
    prompt(relation, id, 0, 0.9, 1);
    prompt(relation, id, 1, 0.7, 1);
    neuron(relation, id);
    intervention(relation, id, "own", 0, 0.8, suppressed);
    update(relation, id, "update", "embedding", "Lima", 7);
  }

  @Test
  void aFact_isShownWithEachFactorAndWhatItsUpdatesCameTo() {
    fact("capital", "c-1", 0.2);
    intervention("capital", "c-1", "own", 0.5, 0.8, 0.4);
    intervention("capital", "c-1", "random_neurons", 0, 0.8, 0.8);
    intervention("capital", "c-1", "own", 2, 0.8, 0.88);
    update("capital", "c-1", "update_random_neurons", "embedding", "of", 9);
    update("capital", "c-1", "update", "head", "Quito", 1);
    assertThat(printed((gallery, out) -> gallery.print("capital", "c-1", out)))
        .isEqualTo(
            """

            capital: head of c-1 -> Lima (fact c-1)
              2 prompts, 2 of them answered; mean probability of the answer 0.800
              the surest: "prompt 0 of c-1 is [MASK].": the model says Lima, and the answer has 0.900
              knowledge neurons (layer:neuron): 1:3 (2 of 3 prompts)
              suppress x 0  0.800 -> 0.200 (-75.0 %), its own prompts
              suppress x 0  0.800 -> 0.800 (+0.0 %), its own prompts, random neurons instead
              suppress x 0.5 0.800 -> 0.400 (-50.0 %), its own prompts
              amplify x 2   0.800 -> 0.880 (+10.0 %), its own prompts
              update to Quito by 1 value vector, judged at "prompt 1 of c-1 is [MASK]."
                by embedding rows, the paper's rule
                  fails: the model still says Lima; Quito 0.001 -> 0.250 (rank 1,234 -> 7); Lima 0.900 -> 0.500 (rank 1 -> 2)
                  to the model's head this direction alone says another word: Quito is its choice number 115, so a larger weight does not help
                  the same to as many random neurons
                  fails: the model now says of, not Quito; Quito 0.001 -> 0.250 (rank 1,234 -> 9); Lima 0.900 -> 0.500 (rank 1 -> 2)
                toward the directions of the answers' logits
                  succeeds: the model says Quito; Quito 0.001 -> 0.250 (rank 1,234 -> 1); Lima 0.900 -> 0.500 (rank 1 -> 2)
            """);
  }

  @Test
  void theChoice_doesNotDependOnEffects() {
    for (String relation : new String[] {"capital", "tool", "season"}) {
      for (int f = 0; f < 4; f++) {
        fact(relation, relation + f, 0.1 * f);
      }
    }
    // Not answered at one prompt, without neurons, not updated.
    fact("other", "unknown", 0);
    prompt("other", "unknown", 2, 0.1, 2);
    prompt("other", "bare", 0, 0.9, 1);
    prompt("other", "kept", 0, 0.9, 1);
    neuron("other", "kept");
    String first = printed((gallery, out) -> gallery.print(2, out));
    assertThat(first)
        .contains("Of 15 facts 12 have neurons, are answered at every prompt, and were updated.")
        .contains(
            "suppress x 0: a fact's own neurons lower the answer's probability in 100 % of 12 facts, -81.3 % in the median; as many random ones were not tried.")
        .contains("one of each of 2 relations")
        .doesNotContain("other:");
    tables();
    for (String relation : new String[] {"capital", "tool", "season"}) {
      for (int f = 3; f >= 0; f--) {
        fact(relation, relation + f, 0.8 - 0.1 * f);
      }
    }
    assertThat(names(printed((gallery, out) -> gallery.print(2, out)))).isEqualTo(names(first));
  }

  private static List<String> names(String printed) {
    return printed.lines().filter(line -> line.contains(" -> Lima (fact ")).sorted().toList();
  }

  @Test
  void whereNoFactWillDo_itSaysSo() {
    prompt("capital", "c-1", 0, 0.9, 2);
    neuron("capital", "c-1");
    assertThat(printed((gallery, out) -> gallery.print(3, out)))
        .isEqualTo(
            """

            Of 1 facts 0 have neurons and are answered at every prompt.
            So there is none to show as an example; --fact RELATION:ID shows any fact.
            """);
  }

  private String printed(BiConsumer<FactGallery, PrintStream> printer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    printer.accept(
        new FactGallery(tables.publish()), new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
