package io.github.ffncensus.jobs.attribute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.attribute.AttributeFixture.Run;
import io.github.ffncensus.jobs.attribute.FactShards.Shard;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read of files of facts, what is rejected, and which shard holds what. */
class FactShardsTest {
  private static final String GOOD =
      "{\"relation\": \"%s\", \"fact_id\": \"%s\", \"head\": \"%s\", \"answer\": \"%s\", \"prompts\": [%s]}";

  @TempDir static Path folder;
  private static AttributeFixture runs;

  private record Read(List<List<StagedFact>> shards, List<Map<String, Object>> rejects) {
    List<StagedFact> facts() {
      return shards.stream().flatMap(List::stream).toList();
    }

    List<String> reasons() {
      return rejects.stream()
          .map(
              row ->
                  "%s %s %s %s"
                      .formatted(
                          row.get("line"),
                          row.get("fact_id"),
                          row.get("prompt_id"),
                          row.get("reason")))
          .sorted()
          .toList();
    }
  }

  @BeforeAll
  static void start() {
    runs = new AttributeFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    runs.close();
  }

  private static Read read(String runId, String model, String... settings) throws IOException {
    Run run = runs.run(runId, model, settings);
    StageContext context = run.context(Map.of());
    List<List<StagedFact>> shards = new ArrayList<>();
    for (Shard shard : FactShards.write(context, PromptReading.of(run.model))) {
      List<StagedFact> facts = new ArrayList<>();
      try (ParquetTableReader reader =
          ParquetTableReader.open(
              context.setup().hadoop(),
              context.setup().staging().file(WriteFactShards.SHARDS, shard.file()))) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          facts.add(StagedFact.decode(row));
        }
      }
      shards.add(facts);
    }
    return new Read(shards, run.tables(context.made()).get("fact_rejects"));
  }

  private static String fact(String relation, String id, String head, String answer, String... p) {
    List<String> prompts = new ArrayList<>();
    for (String prompt : p) {
      prompts.add('"' + prompt + '"');
    }
    return GOOD.formatted(relation, id, head, answer, String.join(", ", prompts));
  }

  @Test
  void badLinesAndPrompts_areTold_andTheRestGoesOn() throws IOException {
    Path file = folder.resolve("bad.jsonl");
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF});
      for (String line :
          List.of(
              fact(
                  "r", "a", "France", "Paris", "of France [MASK].", "no place", "[MASK] is [MASK]"),
              "",
              "{\"relation\": \"r\", ",
              "{\"relation\": \"r\", \"fact_id\": \"m\", \"head\": \"h\", \"prompts\": []}",
              fact("r", "n", "France", "Paris"),
              fact("r", "u", "France", "☃", "of France [MASK]."),
              fact("r", "l", "France", "Paris", "the ".repeat(30) + "[MASK]"),
              fact("r", "a", "Japan", "Tokyo", "of Japan [MASK]."),
              fact("s", "a", "Japan", "Tokyo", "of Japan [MASK]."))) {
        out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
      }
      out.write(new byte[] {'{', (byte) 0xFF, '}', '\n'});
    }
    Read read = read("bad", "bert-gelu", "facts.input=" + file);
    assertThat(read.facts())
        .extracting(f -> f.fact().relation() + f.fact().factId() + f.place().line())
        .containsExactly("ra1", "sa9");
    assertThat(read.facts().get(0).fact())
        .isEqualTo(
            new Fact(
                "r",
                "a",
                "France",
                "Paris",
                List.of(),
                List.of(),
                null,
                List.of(Prompt.of(0, "of France [MASK].", "Paris"))));
    assertThat(read.reasons())
        .containsExactly(
            "1 a 1 no_marker",
            "1 a 2 several_markers",
            "10 null null undecodable",
            "3 null null malformed",
            "4 m null missing_field",
            "5 n null no_prompts",
            "6 u 0 inexpressible_answer",
            "6 u null no_prompts",
            "7 l 0 over_long",
            "7 l null no_prompts",
            "8 a null duplicate_fact");
    assertThat(read.rejects())
        .allSatisfy(row -> assertThat(row.get("source").toString()).endsWith("/bad.jsonl"))
        .anySatisfy(
            row ->
                assertThat(row.get("detail").toString())
                    .matches("line 1 of file:.*/bad.jsonl has it already"));
  }

  @Test
  void causalModels_readWhatStandsBefore() throws IOException {
    Path file = folder.resolve("causal.jsonl");
    Files.writeString(
        file, fact("r", "a", "France", "Paris", "[MASK] of it", "of [MASK] the", "of it [MASK] ."));
    Read read = read("causal", "gpt2-gelu-new", "facts.input=" + file);
    assertThat(read.reasons()).containsExactly("1 a 0 no_text_before", "1 a 1 text_after");
    assertThat(read.facts().get(0).fact().prompts()).extracting(Prompt::id).containsExactly(2);
  }

  @Test
  void nothingUsable_isRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("none.jsonl"), "{}\n" + fact("r", "a", "h", "☃"));
    assertThatThrownBy(() -> read("none", "bert-gelu", "facts.input=" + file))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("no prompt in them can be used")
        .hasMessageContaining("none.jsonl, line 1: missing_field: no usable relation")
        .extracting(e -> ((CensusException) e).kind())
        .isEqualTo(CensusException.Kind.INPUT);
  }

  @Test
  void templatesAndPairs() throws IOException {
    Path templates = Files.createDirectories(folder.resolve("templates"));
    Files.writeString(
        templates.resolve("P1.jsonl"),
        """
        {"pattern": "[X] is in [Y] .", "lemma": "is"}
        {"pattern": "[Y] has [X]"}
        {"pattern": "no places"}
        {"pattern": "[Y] alone"}
        """);
    Files.writeString(templates.resolve("P2.jsonl"), "{\"template\": \"the [Y] of [X]\"}\n");
    Path pairs = Files.createDirectories(folder.resolve("pairs"));
    write(
        pairs.resolve("query_pairs.json.gz"),
        "{\"P1\": [[\"Seine\", \"France\"],\n [\"Lima\", 3], [\"[Y]\", \"Paris\"]],"
            + " \"P9\": [[\"a\", \"b\"]], \"P8\": 1}\n{}");
    write(
        pairs.resolve("P2.jsonl.gz"),
        """
        {"uuid": "u-1", "sub_label": "Seine", "obj_label": "France", "evidences": [[1]]}
        {"sub_label": "Seine", "obj_label": "Peru"}
        {"predicate_id": "P1", "sub_label": "Tokyo", "obj_label": "Japan"}
        """);
    String[] settings = {
      "facts.templates=" + templates + "/*.jsonl", "facts.pairs=" + pairs, "facts.marker=@@"
    };
    Read read = read("pairs", "bert-gelu", settings);
    assertThat(read.facts())
        .extracting(f -> f.fact().relation() + " " + f.fact().factId() + " " + f.otherAnswers())
        .containsExactly("P2 u-1 1", "P2 P2-1 1", "P1 P1-0 0", "P1 P1-1-0 0", "P1 P1-1-2 0");
    assertThat(read.facts().get(4).fact().prompts())
        .extracting(Prompt::text)
        .containsExactly("[Y] is in @@ .", "@@ has [Y]");
    assertThat(read.reasons())
        .containsExactly(
            "2 P1-1-1 null missing_field",
            "2 P9-1-0 null no_prompts",
            "2 null null malformed",
            "3 null null malformed",
            "3 null null no_marker",
            "4 null null malformed");
    List<String> few = new ArrayList<>(List.of(settings));
    few.add("facts.min-templates=2");
    assertThat(read("few", "bert-gelu", few.toArray(String[]::new)).reasons())
        .contains("1 u-1 null few_templates", "2 P2-1 null few_templates");
  }

  private static void write(Path file, String text) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void shards_holdConsecutiveFacts() throws IOException {
    Path file = SmallFacts.write(folder.resolve("small.jsonl"));
    Read read = read("shards", "bert-gelu", "facts.input=" + file, "attribute.shard-prompts=9");
    assertThat(read.shards().stream().map(List::size)).containsExactly(2, 2, 2, 2, 1);
    assertThat(read.facts())
        .extracting(f -> f.place().line())
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
  }

  @Test
  void relations_mayBeChosen() throws IOException {
    Path file = folder.resolve("chosen.jsonl");
    Files.writeString(
        file,
        String.join(
            "\n",
            fact("P1", "a", "Seine", "France", "Seine is in [MASK] ."),
            fact("P2", "b", "Lima", "Peru", "Lima is in [MASK] ."),
            fact("P2", "c", "Rhine", "France", "no place"),
            fact("P3", "d", "Oslo", "Norway", "no place")));
    Read read = read("chosen", "bert-gelu", "facts.input=" + file, "facts.relations=[P1]");
    assertThat(read.facts()).extracting(f -> f.fact().factId()).containsExactly("a");
    assertThat(read.reasons()).isEmpty();
    assertThatThrownBy(
            () -> read("unusable", "bert-gelu", "facts.input=" + file, "facts.relations=[P1, P3]"))
        .isInstanceOf(CensusException.class)
        .hasMessage("census.facts.relations: no fact can be used with this model of P3");
    assertThatThrownBy(
            () ->
                read("missing", "bert-gelu", "facts.input=" + file, "facts.relations=[P1, P4, p]"))
        .isInstanceOf(CensusException.class)
        .hasMessage(
            "census.facts.relations: the files have no relation P4, p. They have: P1, P2, P3");
  }

  /** The same facts, wherever they stand; what is left out still counts as another answer. */
  @Test
  void factsOfARelation_mayBeLimited() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      String head = "head" + i / 2;
      String answer = i % 2 == 0 ? "France" : "Peru";
      lines.add(fact("P" + i % 3, "id" + i, head, answer, head + " is in [MASK] ."));
    }
    Path file = folder.resolve("many.jsonl");
    Files.writeString(file, String.join("\n", lines));
    Read whole = read("whole", "bert-gelu", "facts.input=" + file);
    String limit = "facts.limit-per-relation=4";
    Read some =
        read("some", "bert-gelu", "facts.input=" + file, limit, "attribute.shard-prompts=5");
    assertThat(some.facts()).hasSize(12);
    assertThat(some.shards()).extracting(List::size).containsExactly(5, 5, 2);
    assertThat(some.facts()).isSortedAccordingTo(Comparator.comparing(f -> f.place().line()));
    // Which ones, by the definition: the smallest hashes of their names.
    for (String relation : List.of("P0", "P1", "P2")) {
      Set<String> smallest =
          whole.facts().stream()
              .map(StagedFact::fact)
              .filter(f -> f.relation().equals(relation))
              .sorted(Comparator.comparing(FactShardsTest::draw))
              .limit(4)
              .map(Fact::factId)
              .collect(Collectors.toSet());
      assertThat(some.facts())
          .filteredOn(f -> f.fact().relation().equals(relation))
          .extracting(f -> f.fact().factId())
          .containsExactlyInAnyOrderElementsOf(smallest);
    }
    assertThat(texts(whole)).containsAll(texts(some));
    assertThat(some.facts()).extracting(f -> f.fact().relation()).containsOnly("P0", "P1", "P2");
    Collections.reverse(lines);
    Files.writeString(folder.resolve("one.jsonl"), String.join("\n", lines.subList(0, 11)));
    Files.writeString(folder.resolve("two.jsonl"), String.join("\n", lines.subList(11, 30)));
    Read other =
        read(
            "other",
            "bert-gelu",
            "facts.input=[\"%s/one.jsonl\", \"%s/two.jsonl\"]".formatted(folder, folder),
            limit);
    assertThat(texts(other)).isEqualTo(texts(some));
  }

  private static long draw(Fact fact) {
    return SeededHash.of(
        SeededHash.text("facts of the relation"),
        SeededHash.text(fact.relation()),
        SeededHash.text(fact.factId()));
  }

  private static Set<String> texts(Read read) {
    return read.facts().stream()
        .map(f -> f.fact().factId() + " " + f.otherAnswers())
        .collect(Collectors.toSet());
  }
}
