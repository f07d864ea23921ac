package io.github.ffncensus.jobs.plan;

import static java.util.Arrays.stream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.ingest.CorpusSampler;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.ScanResult;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The formulas of {@code plan} against a measured small run. */
class CostModelTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu", "bert-gelu"})
  void parameters_areTheMatricesOfTheCheckpoint(String name) throws IOException {
    ModelFolder model = ModelFolder.open(Fixture.named(name).folder());
    CostModel cost = new CostModel(config("m"), model.architecture(), size(1, 1));
    assertThat(cost.parameters()).isEqualTo(matrices(model.path().resolve("model.safetensors")));
  }

  /** Elements of all matrices, but of those that are added to embeddings or transform the head. */
  private static double matrices(Path safetensors) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(safetensors)).order(ByteOrder.LITTLE_ENDIAN);
    String header = new String(bytes.array(), 8, (int) bytes.getLong(), StandardCharsets.UTF_8);
    double elements = 0;
    for (Map.Entry<String, JsonNode> tensor : new ObjectMapper().readTree(header).properties()) {
      JsonNode shape = tensor.getValue().path("shape");
      boolean counts =
          !tensor.getKey().matches(".*(position|token_type|wpe|predictions.transform|pooler).*");
      if (shape.size() == 2 && counts) {
        elements += shape.get(0).asDouble() * shape.get(1).asDouble();
      }
    }
    return elements;
  }

  /** Multiplications counted in a forward pass that shares no code with the engine. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu", "bert-gelu"})
  void operations_areTwiceTheMultiplicationsOfAForwardPass(String name) {
    Path checkpoint = Fixture.named(name).folder();
    PlainTransformer plain = new PlainTransformer(checkpoint);
    int[] tokens = IntStream.range(3, 15).toArray();
    plain.states(tokens, PlainTransformer.Change.NONE);
    Architecture architecture = ModelFolder.open(checkpoint).architecture();
    double planned = new CostModel(config("c"), architecture, size(tokens.length, 1)).flops();
    // The formula has every position look at every other one, which only masked models do.
    double unseen =
        architecture.causal()
            ? 0.5 * tokens.length * (tokens.length - 1) * architecture.layers()
            : 0;
    double scores = 2.0 * unseen * architecture.heads() * architecture.headSize();
    assertThat(planned).isEqualTo(2 * (plain.products() + scores));
  }

  @Test
  void countsAndBytes_areThoseOfARun() throws IOException {
    try (ScanFixture fixture = new ScanFixture("local[2]", folder)) {
      writeCorpus(folder.resolve("corpus.jsonl"));
      String[] settings = {"ingest.shard-tokens=20000", "scan.trigger-prefixes.per-neuron=6"};
      ScanFixture.Run run = fixture.ingest("planned", "gpt2-gelu-new", settings);
      CorpusSampler.Estimate estimate =
          CorpusSampler.estimate(
              fixture.hadoop(), run.config.corpus(), run.model, 5, Integer.MAX_VALUE);
      assertThat(estimate.isWhole()).isTrue();
      CostModel cost = new CostModel(run.config, run.model.architecture(), estimate.whole());
      ScanResult result = run.scan(Progress.SILENT);

      assertThat(estimate.whole().tokens()).isEqualTo(number(result, "tokens"));
      assertThat(estimate.whole().sequences()).isEqualTo(number(result, "sequences"));
      assertThat((double) cost.shards()).isCloseTo(number(result, "shards"), within(1.0));
      assertThat(number(result, "partial_bytes"))
          .isBetween(cost.partialBytes(2) / 3, cost.partialBytes(2) * 3);
      assertThat(number(result, "candidate_rows"))
          .isCloseTo(cost.triggerCandidates(2), withinPercentage(15));
      assertThat((double) cost.waves(2))
          .isEqualTo(((List<?>) result.counters().get("waves")).size());
      assertThat(columnBytes(run.sequenceFiles(), "token_ids", "token_starts"))
          .isBetween(cost.readBytes() / 2, cost.readBytes() * 2);
      assertThat(cost.positionFlops()).isEqualTo(4 * sampledLogits(run, result));
      Map<String, Double> planned = cost.tableBytes();
      for (String table : List.of("neuron_stats", "trigger_prefixes", "activations")) {
        double bytes = result.tables().get(table).stream().mapToLong(TableFile::bytes).sum();
        assertThat(bytes).as(table).isBetween(planned.get(table) / 2, planned.get(table) * 2);
      }
    }
  }

  /** Compressed bytes of columns, as the footers have them. */
  private static double columnBytes(List<org.apache.hadoop.fs.Path> files, String... columns)
      throws IOException {
    double bytes = 0;
    for (org.apache.hadoop.fs.Path file : files) {
      try (ParquetFileReader reader =
          ParquetFileReader.open(HadoopInputFile.fromPath(file, new Configuration()))) {
        bytes +=
            reader.getFooter().getBlocks().stream()
                .flatMap(block -> block.getColumns().stream())
                .filter(column -> List.of(columns).contains(column.getPath().toArray()[0]))
                .mapToLong(ColumnChunkMetaData::getTotalSize)
                .sum();
      }
    }
    return bytes;
  }

  /** Multiplications of one vector of every layer and sampled position with the vocabulary. */
  private static double sampledLogits(ScanFixture.Run run, ScanResult result) throws IOException {
    Architecture architecture = run.model.architecture();
    double sampled = 0;
    for (Map<String, Object> layer : run.rows(result, "layer_composition")) {
      sampled += ((Number) layer.get("positions")).doubleValue();
    }
    return sampled * architecture.vocabulary() * architecture.hidden();
  }

  @Test
  void aSample_standsForTheWhole() throws IOException {
    Path corpus = folder.resolve("corpus.jsonl");
    writeCorpus(corpus);
    CensusConfig config = config(corpus.toString());
    ModelFolder model = ModelFolder.open(Fixture.named("gpt2-gelu-new").folder());
    Configuration hadoop = new Configuration();
    CorpusSize all = CorpusSampler.estimate(hadoop, config.corpus(), model, 1, 100_000).whole();
    CorpusSampler.Estimate some = CorpusSampler.estimate(hadoop, config.corpus(), model, 1, 2_000);
    assertThat(some.isWhole()).isFalse();
    assertThat(some.sample().documents()).isEqualTo(2_000);
    assertThat(some.whole().bytes()).isEqualTo(Files.size(corpus));
    assertThat(some.whole().tokens()).isCloseTo(all.tokens(), within(0.3 * all.tokens()));
    assertThat(some.whole().documents()).isCloseTo(all.documents(), within(0.3 * all.documents()));
  }

  @Test
  void candidatesWithoutWaves_areKOfEveryShard_untilSequencesRunOut() {
    assertThat(cost("scan.waves.enabled=false", 1e9, 4e7).triggerCandidates(8))
        .isEqualTo(1000 * 25 * lists());
    assertThat(cost("scan.waves.enabled=false", 1e9, 1e4).triggerCandidates(8))
        .isCloseTo(1e4 * lists(), within(1.0));
  }

  @Test
  void candidatesInWaves_areSoManyMoreForEachDoubling() {
    double previous = 8 * 25 * lists();
    for (double shards = 16; shards <= 4096; shards *= 2) {
      double candidates = cost("scan.waves.growth=2", shards * 1e6, 1e9).triggerCandidates(8);
      assertThat(candidates - previous).isCloseTo(25 * lists(), withinPercentage(0.1));
      previous = candidates;
    }
  }

  /** Random numbers as strengths, cut and bounded by plain sorting. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4, 25})
  void candidates_areThoseOfASimulation(int k) {
    int shards = 256;
    int sequences = 200;
    int lists = 400;
    Random random = new Random(k);
    long candidates = 0;
    for (int list = 0; list < lists; list++) {
      double[] kept = {};
      for (int from = 0, size = 8; from < shards; from += size, size = Math.max(8, from)) {
        double bound = kept.length < k ? -1 : kept[k - 1];
        double[] reported = {};
        for (int shard = 0; shard < size; shard++) {
          double[] best = strongest(random.doubles(sequences).filter(x -> x >= bound).toArray(), k);
          candidates += best.length;
          reported = DoubleStream.concat(stream(reported), stream(best)).toArray();
        }
        kept = strongest(DoubleStream.concat(stream(kept), stream(reported)).toArray(), k);
      }
    }
    double expected =
        cost("scan.trigger-prefixes.per-neuron=" + k, shards * 1e6, (double) shards * sequences)
            .triggerCandidates(8);
    assertThat(candidates / (double) lists).isCloseTo(expected / lists(), withinPercentage(5));
  }

  private static double[] strongest(double[] strengths, int k) {
    return stream(strengths).map(x -> -x).sorted().limit(k).map(x -> -x).toArray();
  }

  private CostModel cost(String setting, double tokens, double sequences) {
    ModelFolder model = ModelFolder.open(Fixture.named("gpt2-gelu-new").folder());
    return new CostModel(config("c", setting), model.architecture(), size(tokens, sequences));
  }

  private static double lists() {
    return ModelFolder.open(Fixture.named("gpt2-gelu-new").folder()).architecture().neurons();
  }

  @Test
  void numbersForPeople() {
    assertThat(PlanReport.bytes(999)).isEqualTo("999 B");
    assertThat(PlanReport.bytes(2.7e13)).isEqualTo("27.0 TB");
    assertThat(PlanReport.duration(30)).isEqualTo("30 s");
    assertThat(PlanReport.duration(3600)).isEqualTo("60 min");
    assertThat(PlanReport.duration(1e6)).isEqualTo("11.6 days");
  }

  private static double number(ScanResult result, String counter) {
    return ((Number) result.counters().get(counter)).doubleValue();
  }

  private static CorpusSize size(double tokens, double sequences) {
    return new CorpusSize(1, sequences, sequences, tokens, 5 * tokens);
  }

  private CensusConfig config(String corpus, String... settings) {
    return PlanConfigs.of(
        folder,
        Stream.concat(Stream.of("corpus.input=" + corpus), Stream.of(settings))
            .toArray(String[]::new));
  }

  /** Enough text that what files and pages hold beside the rows hardly counts. */
  private static void writeCorpus(Path file) throws IOException {
    Random random = new Random(3);
    List<String> lines = new ArrayList<>();
    for (int d = 0; d < 6_000; d++) {
      StringBuilder text = new StringBuilder("The");
      for (int w = 2 + random.nextInt(12); w >= 0; w--) {
        text.append(' ').append(Integer.toString(random.nextInt(5_000), Character.MAX_RADIX));
      }
      lines.add("{\"id\": \"d%d\", \"text\": \"%s\"}".formatted(d, text));
    }
    Files.write(file, lines);
  }
}
