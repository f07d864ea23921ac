package io.github.ffncensus.jobs.show;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.CensusException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is printed and written of tables made by hand. */
class ShowTest {
  @TempDir Path folder;
  private HandmadeTables tables;

  @BeforeEach
  void tables() {
    tables = new HandmadeTables(folder.resolve("w"));
  }

  private void trigger(
      int layer, int neuron, int rank, String polarity, String prefix, String nextToken) {
    tables.row(
        "trigger_prefixes",
        layer,
        neuron,
        "polarity",
        polarity,
        "rank",
        rank,
        "coefficient",
        10f - rank,
        "prefix",
        prefix,
        "next_token",
        nextToken);
  }

  private void pattern(
      int layer, int neuron, String kind, String pattern, double score, int... ranks) {
    tables.row(
        "trigger_patterns",
        layer,
        neuron,
        "kind",
        kind,
        "pattern",
        pattern,
        "polarity",
        "positive",
        "class",
        switch (kind) {
          case "topic" -> "semantic";
          case "next_token" -> "output";
          default -> "shallow";
        },
        "score",
        score,
        "support",
        ranks.length,
        "counted",
        ranks.length,
        "prefixes",
        5,
        "background_rate",
        0.034,
        "ranks",
        ranks);
  }

  /** One neuron of which all tables have something, and others of less. */
  private PublishedTables gallery(boolean causal) {
    trigger(0, 1, 1, "negative", "never shown", null);
    trigger(0, 1, 1, "positive", "The capital of", "\u0120Peru");
    trigger(0, 1, 2, "positive", "The Capital of", "\u0120Chile");
    trigger(0, 1, 3, "positive", "Wine of", null);
    trigger(0, 1, 4, "positive", "Red wine of", "\u0120Peru");
    trigger(0, 2, 1, "positive", "Alone", null);
    pattern(0, 1, "skip_pair", "the _ of", 9, 1, 3, 4);
    pattern(0, 1, "last_token", "of", 8, 1, 3, 4);
    pattern(0, 1, "next_token", "peru", 7, 1, 4);
    pattern(0, 1, "topic", "wine", 6, 4);
    pattern(0, 3, "topic", "sea", 4, 1, 2, 3);
    pattern(1, 0, "shape", "year", 3, 1, 2, 3);
    tables.row(
        "value_predictions",
        0,
        1,
        "top_tokens",
        List.of("\u0120Peru", "##an"),
        "top_token_id",
        7,
        "trigger_next_token_id",
        7,
        "agreement_count",
        2,
        "targets",
        3,
        "agrees",
        true,
        "next_token_rank",
        1);
    tables.row(
        "value_predictions",
        0,
        2,
        "top_tokens",
        List.of("x"),
        "top_token_id",
        9,
        "trigger_next_token_id",
        6,
        "next_token_rank",
        1_200);
    for (String removed : List.of("first", "last")) {
      double change = removed.equals("first") ? -0.1 : -0.7;
      for (int rank = 1; rank <= 2; rank++) {
        tables.row(
            "trigger_perturbations",
            0,
            1,
            "rank",
            rank,
            "removed",
            removed,
            "relative_change",
            change * rank);
      }
    }
    tables.row("neuron_stats", 0, 1, "active_fraction", 0.25, "token_count", 4_000L, "mean", -0.5);
    return tables.publish(causal);
  }

  private PublishedTables gallery() {
    return gallery(true);
  }

  @Test
  void neuronThatIsAskedFor_isShownWithAllThatTheTablesSay() {
    assertThat(
            printed(out -> new NeuronGallery(gallery(), 2).print(Set.of(new Address(0, 1)), out)))
        .isEqualTo(
            """

            Layer 0, neuron 1
              prefixes  a 3 of 5 distinct ones end in "of" (3.4 % of all do)
                        b 1 of 5 distinct ones mention "wine" before (3.4 % of all do)
                        c 2 of 5 distinct ones come before "peru" (3.4 % of all do)
              promotes  "Peru", "##an"; the first follows 2 of its 3 triggers (1.5 by chance)
              without   the last token -105 %, the first token -15 % (mean change of 2 triggers)
              active    on 25.0 % of 4,000 tokens; mean -0.500, 99.9 % below 0.000, largest 0.000
                 9.000 ac    The capital of  [Peru]
                 7.000 a     Wine of
            """);
  }

  /** What follows a trigger is nothing that a masked model was asked for. */
  @Test
  void neuronOfAMaskedModel_isComparedWithTheTokenItself() {
    assertThat(
            printed(
                out ->
                    new NeuronGallery(gallery(false), 2)
                        .print(Set.of(new Address(0, 1), new Address(0, 2)), out)))
        .contains(
            "\"##an\"; the first ends 2 of its 3 triggers (1.5 by chance)\n",
            "\"x\"; the token that its strongest trigger ends in is number 1,200\n",
            "The capital of\n")
        .doesNotContain("follows", "[");
  }

  @Test
  void removalsOfDifferentlyManyTriggers_haveCountsOfTheirOwn() {
    trigger(0, 0, 1, "positive", "One", null);
    for (String removed : List.of("last", "last", "first")) {
      tables.row("trigger_perturbations", 0, 0, "removed", removed, "relative_change", -0.5);
    }
    assertThat(
            printed(
                out ->
                    new NeuronGallery(tables.publish(), 2).print(Set.of(new Address(0, 0)), out)))
        .contains("the last token -50 %, the first token -50 % (mean change of 2, 1 triggers)");
  }

  /** Its top tokens are the first of equal ones. */
  @Test
  void valueOfZeros_promotesNothing() {
    trigger(0, 0, 1, "positive", "One", "two");
    tables.row(
        "value_predictions", 0, 0, "top_tokens", List.of("a", "b"), "trigger_next_token_id", 6);
    assertThat(
            printed(
                out ->
                    new NeuronGallery(tables.publish(), 2).print(Set.of(new Address(0, 0)), out)))
        .contains("promotes  nothing: its value vector gives all tokens the same logit\n");
  }

  /** One that wins two sorts leaves the second to the next best. */
  @Test
  void neuronThatIsTheClearestOfTwoSorts_takesNoPlaceTwice() {
    trigger(0, 0, 1, "positive", "One", null);
    pattern(0, 0, "last_token", "of", 9, 1, 2, 3);
    pattern(0, 0, "topic", "sea", 9, 1, 2, 3);
    pattern(0, 1, "topic", "sky", 5, 1, 2, 3);
    pattern(0, 2, "topic", "sun", 6, 1, 2, 3);
    assertThat(Selection.of(tables.publish(), 2).keySet())
        .containsExactly(new Address(0, 0), new Address(0, 2));
  }

  /** Where most triggers are followed by one token, agreeing on that one is no news. */
  @Test
  void agreement_isWorthMoreWhereChanceGivesLess() {
    trigger(0, 0, 1, "positive", "One", null);
    for (int neuron = 0; neuron < 4; neuron++) {
      tables.row(
          "value_predictions",
          0,
          neuron,
          "agrees",
          neuron != 2,
          "top_token_id",
          neuron == 3 ? 8 : 7,
          "trigger_next_token_id",
          neuron == 3 ? 8 : 7,
          "agreement_count",
          neuron == 3 ? 10 : 12,
          "targets",
          25);
    }
    assertThat(Selection.of(tables.publish(), 1).keySet()).containsExactly(new Address(0, 3));
  }

  @Test
  void tokens_areShownAsText() {
    assertThat(TokenText.readable("\u0120the")).isEqualTo("the");
    assertThat(TokenText.readable("\u2581the")).isEqualTo("the");
    assertThat(TokenText.readable("##ing")).isEqualTo("##ing");
    // GPT-2 writes the two bytes of an e with an acute accent as these two characters.
    assertThat(TokenText.readable("\u0120caf\u00c3\u00a9")).isEqualTo("caf\u00e9");
    assertThat(TokenText.readable("caf\u00e9")).isEqualTo("caf\u00e9");
    // A part of a character.
    assertThat(TokenText.readable("\u00c3")).isEqualTo("\u00c3");
    assertThat(TokenText.readable("\u010a")).isEqualTo("\u010a");
  }

  @Test
  void neuronOfWhichLittleIsKnown() {
    assertThat(
            printed(
                out ->
                    new NeuronGallery(gallery(), 2)
                        .print(Set.of(new Address(0, 2), new Address(1, 3)), out)))
        .isEqualTo(
            """

            Layer 0, neuron 2
              prefixes  have nothing in common that chance would not give
              promotes  "x"; what follows its strongest trigger is number 1,200
                 9.000       Alone

            Layer 1, neuron 3
              prefixes  have nothing in common that chance would not give
            """);
  }

  @Test
  void chosenNeurons_areClearExamplesOfDifferentSorts() {
    PublishedTables published = gallery();
    assertThat(Selection.of(published, 3).keySet())
        .containsExactly(new Address(0, 1), new Address(0, 3), new Address(1, 0));
    assertThat(Selection.of(published, 1).keySet())
        .containsExactly(new Address(0, 1), new Address(1, 0));
    assertThat(printed(out -> new NeuronGallery(published, 2).print(3, out)))
        .contains(
            "Layer 0, neuron 1: a last word\n  prefixes  a 3 of 5 distinct ones end in \"of\"",
            "Layer 0, neuron 3: what the text is about\n  prefixes  a 3 of 5 distinct ones mention \"sea\" before",
            "Layer 1, neuron 0: a form, whatever the word\n  prefixes  a 3 of 5 distinct ones end in a year");
  }

  @Test
  void shownPrefixes_haveTheFirstPattern() {
    trigger(0, 0, 1, "positive", "One", null);
    trigger(0, 0, 2, "positive", "Two", null);
    trigger(0, 0, 3, "positive", "Three of", null);
    pattern(0, 0, "last_token", "of", 8, 3);
    assertThat(
            printed(
                out ->
                    new NeuronGallery(tables.publish(), 2).print(Set.of(new Address(0, 0)), out)))
        .contains("     9.000       One\n     7.000 a     Three of\n")
        .doesNotContain("Two");
  }

  @Test
  void findings_areALineEach() {
    Object[][] rows = {
      {"share", 0, 0.5, null},
      {"share", 1, 0.25, 0.7},
      {"share", null, 0.375, 1.0},
      {"tenths", null, 1.0, null},
      {"tenths", null, 2.0, null},
      {"last_layer", 1, 1234.5, null},
      {"rare", null, 0.00001, 4e-6},
      {"unknown", null, null, 0.1}
    };
    for (Object[] row : rows) {
      tables.row(
          "key_value_findings",
          0,
          0,
          "finding",
          row[0],
          "layer",
          row[1],
          "value",
          row[2],
          "paper_value",
          row[3],
          "detail",
          "of " + row[0]);
    }
    assertThat(printed(out -> new FindingsList(tables.publish()).print(true, out)).lines().toList())
        .hasSize(11)
        .contains("    of unknown");
    assertThat(
            printed(out -> new FindingsList(tables.publish()).print(false, out))
                .lines()
                .map(line -> line.strip().replaceAll(" +", " ")))
        .containsExactly(
            "paper here by layer from 0",
            "share 0.700 .. 1.000 0.375 0.500 0.250",
            "tenths 1.000 2.000",
            "last_layer layer 1: 1,235",
            "rare 4.0e-06 1.0e-05",
            "unknown 0.100");
  }

  @Test
  void annotationSheet_hasDistinctPrefixesAndEmptyColumns() throws IOException {
    trigger(0, 1, 1, "negative", "never", null);
    trigger(0, 1, 1, "positive", "A\ttab", "\u0120x");
    trigger(0, 1, 2, "positive", "a\ttab", null);
    trigger(0, 1, 3, "positive", "=2+2", null);
    trigger(0, 1, 4, "positive", "too many", null);
    trigger(0, 2, 1, "positive", "not asked for", null);
    trigger(1, 0, 1, "positive", "a\ttab", null);
    Path file = folder.resolve("sheet.tsv");
    int rows =
        new AnnotationSheet(tables.publish(), 2)
            .write(Set.of(new Address(0, 1), new Address(1, 0)), file);
    assertThat(rows).isEqualTo(3);
    assertThat(Files.readString(file))
        .isEqualTo(
            """
            layer\tneuron\trank\tprefix\tnext_token\tpatterns\tlabel
            0\t1\t1\tA tab\tx\t\t
            0\t1\t3\t'=2+2\t\t\t
            1\t0\t1\ta tab\t\t\t
            """);
    Path impossible = folder.resolve("none/sheet.tsv");
    AnnotationSheet sheet = new AnnotationSheet(tables.publish(), 2);
    assertThatThrownBy(() -> sheet.write(Set.of(), impossible))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining(impossible + " cannot be written");
  }

  @Test
  void randomNeurons_areTheSameEveryTime() {
    PublishedTables published = gallery();
    Set<Address> chosen = AnnotationSheet.random(published, 2, 1);
    assertThat(chosen).hasSize(4).isEqualTo(AnnotationSheet.random(published, 2, 1));
    assertThat(AnnotationSheet.random(published, 9, 1)).hasSize(8);
  }

  @Test
  void runWithoutTheTable_isRefused() {
    tables.row("neuron_stats", 0, 0);
    PublishedTables published = tables.publish();
    assertThatThrownBy(() -> new NeuronGallery(published, 1))
        .isInstanceOf(CensusException.class)
        .hasMessage("The run r1 has no trigger_prefixes, which scan makes");
    assertThatThrownBy(() -> new FindingsList(published))
        .hasMessage("The run r1 has no key_value_findings, which interpret makes");
  }

  private interface Printer {
    void print(PrintStream out);
  }

  private static String printed(Printer printer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    printer.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
