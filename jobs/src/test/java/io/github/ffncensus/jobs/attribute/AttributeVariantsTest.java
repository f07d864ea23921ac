package io.github.ffncensus.jobs.attribute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.attribute.AttributeFixture.Run;
import io.github.ffncensus.knowledge.attribution.AttributionRequest;
import io.github.ffncensus.knowledge.attribution.IntegratedGradients;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.FactLines;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stage when it is cut otherwise, run again, or configured otherwise. */
class AttributeVariantsTest {
  private static final String MODEL = "bert-gelu";

  @TempDir static Path folder;
  private static AttributeFixture runs;
  private static String facts;

  @BeforeAll
  static void start() throws IOException {
    runs = new AttributeFixture("local[2]", folder);
    facts = "facts.input=" + SmallFacts.write(folder.resolve("facts.jsonl"));
  }

  @AfterAll
  static void stop() {
    runs.close();
  }

  @Test
  void theCutOfTheWork_changesNothing() throws IOException {
    Map<String, List<Map<String, Object>>> expected =
        runs.run("one", MODEL, facts, "attribute.steps=4").tables();
    runs.spark().conf().set("spark.sql.shuffle.partitions", 7);
    Map<String, List<Map<String, Object>>> shuffled =
        runs.run("shuffled", MODEL, facts, "attribute.steps=4").tables();
    assertThat(shuffled).isEqualTo(expected);

    Path apart = Files.createDirectories(folder.resolve("apart"));
    List<String> lines = SmallFacts.lines();
    Files.write(apart.resolve("a.jsonl"), lines.subList(0, 4));
    Files.write(apart.resolve("b.jsonl"), lines.subList(4, lines.size()));
    Map<String, List<Map<String, Object>>> cut =
        runs.run(
                "cut",
                MODEL,
                "facts.input=" + apart,
                "attribute.steps=4",
                "attribute.shard-prompts=7",
                "attribute.row-tokens=50")
            .tables();
    Map<String, Map<String, Object>> prompts = new HashMap<>();
    expected.get("fact_prompts").forEach(row -> prompts.put(prompt(row), row));
    for (String table : expected.keySet()) {
      assertSame(table, cut.get(table), expected.get(table), prompts);
    }
  }

  /** But for where a fact stands, and for rounding. */
  private static void assertSame(
      String table,
      List<Map<String, Object>> actual,
      List<Map<String, Object>> expected,
      Map<String, Map<String, Object>> prompts) {
    assertThat(actual).as(table).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      for (Map.Entry<String, Object> column : expected.get(i).entrySet()) {
        String name = column.getKey();
        Object value = actual.get(i).get(name);
        if (name.equals("source") || name.equals("line") || name.equals("detail")) {
          continue;
        }
        if (column.getValue() instanceof Number number
            && (number instanceof Double || number instanceof Float)) {
          assertThat(((Number) value).doubleValue())
              .as(table + "." + name)
              .isCloseTo(
                  number.doubleValue(), within(1e-4 * scale(name, expected.get(i), prompts)));
        } else {
          assertThat(value).as(table + "." + name).isEqualTo(column.getValue());
        }
      }
    }
  }

  /** What a number's rounding is measured by: of an attribution the largest of its prompt. */
  private static double scale(
      String column, Map<String, Object> row, Map<String, Map<String, Object>> prompts) {
    return switch (column) {
      case "attribution" -> number(prompts.get(prompt(row)), "max_attribution");
      case "activation" -> number(prompts.get(prompt(row)), "max_activation");
      case "attribution_sum", "residual" -> number(row, "probability_full");
      // Above a fifth of the prompts' largest.
      case "mean_attribution" -> 5 * number(row, column);
      // Findings are shares and ratios.
      case "value" -> 1;
      default -> number(row, column);
    };
  }

  private static double number(Map<String, Object> row, String column) {
    return Math.abs(((Number) row.get(column)).doubleValue());
  }

  private static String prompt(Map<String, Object> row) {
    return row.get("relation") + " " + row.get("fact_id") + " " + row.get("prompt_id");
  }

  @Test
  void whatIsAttributed_isNotAttributedAgain() throws IOException {
    Run run = runs.run("again", MODEL, facts, "attribute.steps=2", "attribute.shard-prompts=20");
    Map<String, List<TableFile>> first = AttributeJob.run(run.context(Map.of()));
    Map<String, List<TableFile>> second = AttributeJob.run(run.context(Map.of()));
    for (String table : List.of("fact_prompts", "fact_attributions", "knowledge_neurons")) {
      assertThat(second.get(table)).isEqualTo(first.get(table)).isNotEmpty();
    }
    assertThat(first.get("fact_prompts")).hasSize(2);
  }

  @Test
  void negativePromptsAndPromptsThatTheModelCannotAnswer() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : SmallFacts.lines()) {
      lines.add(
          line.substring(0, line.length() - 1)
              + ", \"language\": \"en\", \"aliases\": [\"x\"], \"negative_prompts\":"
              + " [\"the name is [MASK]\", \"in the river [MASK]\"]}");
    }
    Path file = Files.write(folder.resolve("negative.jsonl"), lines);
    Run run =
        runs.run(
            "negative",
            MODEL,
            "profile=eleuther2022",
            "facts.input=" + file,
            "attribute.steps=4",
            "attribute.max-answer-rank=180");
    Map<String, List<Map<String, Object>>> tables = run.tables();
    List<Map<String, Object>> prompts = tables.get("fact_prompts");
    assertThat(prompts.stream().filter(row -> (Boolean) row.get("negative"))).hasSize(18);
    assertThat(prompts)
        .allSatisfy(
            row -> {
              assertThat(row.get("votes")).isEqualTo((Integer) row.get("answer_rank") <= 180);
              assertThat(row.get("language")).isEqualTo("en");
              assertThat(row.get("tails")).isEqualTo(List.of(row.get("answer"), "x"));
            });
    assertThat(prompts.stream().map(row -> row.get("votes")).distinct()).hasSize(2);
    PlainNeurons.check(run, tables);
    assertThat(value(tables, "facts")).isEqualTo(9);
    assertThat(value(tables, "prompts")).isEqualTo(41);
  }

  private static double value(Map<String, List<Map<String, Object>>> tables, String finding) {
    return tables.get("knowledge_neuron_findings").stream()
        .filter(row -> row.get("finding").equals(finding))
        .mapToDouble(row -> (Double) row.get("value"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void contrastWithAnotherAnswer_fromAGivenBaseline() throws IOException {
    String line =
        "{\"relation\": \"r\", \"fact_id\": \"f\", \"head\": \"of\", \"answer\": \"the\","
            + " \"other_answer\": \"is\", \"prompts\": [\"of [MASK] river\", \"in [MASK]\","
            + " {\"prompt\": \"on [MASK]\", \"other_answer\": \"Paris\"}]}";
    Path file = Files.writeString(folder.resolve("contrast.jsonl"), line);
    float[][] baseline = new float[3][];
    Run run =
        runs.run(
            "contrast",
            MODEL,
            "facts.input=" + file,
            "attribute.target=contrast",
            "attribute.baseline=given",
            "attribute.baseline-input=" + baseline(folder.resolve("means.parquet"), baseline));
    Map<String, List<Map<String, Object>>> tables = run.tables();
    assertThat(tables.get("fact_rejects")).hasSize(1);
    List<PromptAttribution> alone = new ArrayList<>();
    try (ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path());
        Transformer model = TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32);
        IntegratedGradients gradients =
            new IntegratedGradients(model, run.config.attribute().gradients(), baseline)) {
      PromptEncoder encoder =
          new PromptEncoder(tokenizer, false, run.config.facts().fill(), "[MASK]", 24);
      Fact fact = FactLines.parse(1, line, reject -> {});
      int[] foil = {tokenizer.encode("is").ids()[1]};
      for (PromptEncoder.Result result : encoder.encodeAll(List.of(fact)).subList(0, 2)) {
        AttributionRequest request =
            new AttributionRequest(result.encoded(), List.of(), List.of(foil));
        gradients.attribute(List.of(request), alone::add);
      }
    }
    List<Map<String, Object>> layers = tables.get("attribution_layers");
    assertThat(layers).hasSize(6);
    for (int i = 0; i < layers.size(); i++) {
      PromptAttribution prompt = alone.get(i / 3);
      assertThat((Double) layers.get(i).get("probability_full"))
          .isCloseTo(prompt.full(), within(1e-4));
      assertThat((Double) layers.get(i).get("probability_zeroed"))
          .isCloseTo(prompt.zeroed()[i % 3], within(1e-4));
      assertThat((Double) layers.get(i).get("attribution_sum"))
          .isCloseTo(prompt.sum(i % 3), within(1e-4));
    }
  }

  private record Mean(int layer, int neuron, double mean) {}

  /** Writes a baseline of random means, and fills in the same. */
  private static Path baseline(Path file, float[][] values) throws IOException {
    int neurons = runs.run("size", MODEL, facts).model.architecture().intermediate();
    try (ParquetTableWriter<Mean> writer =
        ParquetTableWriter.create(
            new Configuration(),
            new org.apache.hadoop.fs.Path(file.toString()),
            MessageTypeParser.parseMessageType(
                "message m { required int32 layer; required int32 neuron; required double mean; }"),
            "r",
            (row, out) -> {
              out.intValue("layer", row.layer());
              out.intValue("neuron", row.neuron());
              out.doubleValue("mean", row.mean());
            })) {
      for (int layer = 0; layer < values.length; layer++) {
        values[layer] = new float[neurons];
        for (int neuron = 0; neuron < neurons; neuron++) {
          values[layer][neuron] = (neuron % 7 - 3) / 8f;
          writer.write(new Mean(layer, neuron, values[layer][neuron]));
        }
      }
      writer.finish();
    }
    return file;
  }

  /** What a scan counts is read like a file of one's own with the same means. */
  @Test
  void baselineOfTheCorpus_isTheMeansOfTheRunsScan() throws IOException {
    float[][] means = new float[3][];
    Run corpus = runs.run("of-corpus", MODEL, facts, "attribute.baseline=corpus-mean");
    Path table = Path.of(corpus.folder.table("neuron_stats").toUri());
    Path file = baseline(Files.createDirectories(table).resolve("part-0.parquet"), means);
    TableFile published = new TableFile("part-0.parquet", 0, Files.size(file), "");
    Map<String, List<Map<String, Object>>> actual =
        corpus.tables(AttributeJob.run(corpus.context(Map.of("neuron_stats", List.of(published)))));
    Map<String, List<Map<String, Object>>> expected =
        runs.run(
                "of-file",
                MODEL,
                facts,
                "attribute.baseline=given",
                "attribute.baseline-input=" + file)
            .tables();
    for (String name : List.of("fact_attributions", "attribution_layers")) {
      assertThat(actual.get(name)).isNotEmpty().isEqualTo(expected.get(name));
    }
    Map<String, List<Map<String, Object>>> ofZero = runs.run("of-zero", MODEL, facts).tables();
    assertThat(actual.get("attribution_layers")).isNotEqualTo(ofZero.get("attribution_layers"));
  }

  @Test
  void aBaselineThatIsNotThere_isRefused() throws IOException {
    Run corpus = runs.run("corpus-mean", MODEL, facts, "attribute.baseline=corpus-mean");
    assertThatThrownBy(corpus::tables)
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("the run has no neuron_stats");
  }
}
