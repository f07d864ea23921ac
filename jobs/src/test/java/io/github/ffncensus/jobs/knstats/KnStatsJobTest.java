package io.github.ffncensus.jobs.knstats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.KnStatsConfig;
import io.github.ffncensus.jobs.fault.FaultPlan;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.TableRows;
import io.github.ffncensus.knowledge.opendomain.FactMentions;
import io.github.ffncensus.knowledge.opendomain.FactNames;
import io.github.ffncensus.knowledge.opendomain.FactNeurons.Neuron;
import io.github.ffncensus.knowledge.opendomain.RandomPool;
import io.github.ffncensus.knowledge.opendomain.RandomSentences;
import io.github.ffncensus.knowledge.opendomain.Reading;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner.Plan;
import io.github.ffncensus.knowledge.opendomain.ReadingRules;
import io.github.ffncensus.knowledge.opendomain.TextClass;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tables against one run of the model per sentence and fact. */
class KnStatsJobTest {
  private static final double TOLERANCE = 1e-5;
  private static final List<String> SCOPES = List.of("all", "head", "head_and_tail");

  @TempDir static Path folder;
  private static ScanFixture scans;

  @BeforeAll
  static void start() throws IOException {
    scans = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    scans.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-gelu-new", "llama-silu"})
  void tables_equalOneRunPerSentenceAndFact(String model) throws IOException {
    ScanFixture.Run run = ingest("oracle-" + model, model, 60);
    Map<String, List<Map<String, Object>>> tables = FactTables.tables(run, Progress.SILENT);
    try (Transformer transformer =
        TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32)) {
      Oracle oracle = new Oracle(run, transformer, Set.of());
      oracle.checkClasses();
      oracle.checkActivations(tables.get(WriteActivations.TABLE));
      oracle.checkTriggers(tables.get(TriggerTexts.TABLE));
    }
  }

  @Test
  void sequencesThatTheModelCannotRead_areToldAndLeftOut() throws IOException {
    ScanFixture.Run run = ingest("poison", "bert-gelu", 60, "ingest.shard-tokens=170");
    Set<Long> poison = Set.of(4L, 11L, 12L);
    Map<String, List<Map<String, Object>>> tables;
    FaultPlan.install("at=in-forward@4+in-forward@11+in-forward@12,times=0");
    try {
      tables = FactTables.tables(run, Progress.SILENT);
    } finally {
      FaultPlan.install(null);
    }
    List<Map<String, Object>> rejects = tables.get(ReadFacts.REJECTS);
    assertThat(rejects)
        .allSatisfy(
            row ->
                assertThat(row.get("detail"))
                    .isEqualTo("injected fault at in-forward@" + row.get("sequence_id")));
    assertThat(rejects)
        .extracting(row -> row.get("sequence_id"))
        .containsExactlyInAnyOrderElementsOf(poison);
    try (Transformer transformer =
        TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32)) {
      Oracle oracle = new Oracle(run, transformer, poison);
      oracle.checkActivations(tables.get(WriteActivations.TABLE));
      oracle.checkTriggers(tables.get(TriggerTexts.TABLE));
    }
  }

  @Test
  void shardsAndBatches_changeNothingBeyondRounding() throws IOException {
    Map<String, List<Map<String, Object>>> expected =
        FactTables.tables(
            ingest("whole", "bert-gelu", 60, "ingest.shard-tokens=1000000"), Progress.SILENT);
    Map<String, List<Map<String, Object>>> actual =
        FactTables.tables(
            ingest("parts", "bert-gelu", 60, "ingest.shard-tokens=64", "scan.batch-tokens=40"),
            Progress.SILENT);
    expected.forEach(
        (table, rows) -> {
          assertThat(actual.get(table)).hasSameSizeAs(rows);
          for (int i = 0; i < rows.size(); i++) {
            assertAlike(actual.get(table).get(i), rows.get(i));
          }
        });
  }

  private static void assertAlike(Map<String, Object> actual, Map<String, Object> expected) {
    expected.forEach(
        (column, value) -> {
          if (value instanceof Double || value instanceof Float) {
            assertThat(((Number) actual.get(column)).doubleValue())
                .isCloseTo(((Number) value).doubleValue(), within(TOLERANCE));
          } else if (!List.of("sequence_id", "text", "text_class").contains(column)
              || !expected.containsKey("rank")) {
            // Texts whose means differ by rounding alone may change places.
            assertThat(actual.get(column)).as(column).isEqualTo(value);
          }
        });
  }

  @Test
  void parallelism_changesNoBit() throws IOException {
    Map<String, List<Map<String, Object>>> two =
        FactTables.tables(ingest("two", "llama-silu", 60), Progress.SILENT);
    scans.close();
    scans = new ScanFixture("local[1]", folder);
    Map<String, List<Map<String, Object>>> one =
        FactTables.tables(ingest("one", "llama-silu", 60), Progress.SILENT);
    TableRows.assertSame(one, two);
  }

  @Test
  void randomSentences_mayBeThoseThatMentionFacts() throws IOException {
    ScanFixture.Run run = ingest("mentions", "bert-gelu", 1000, "kn-stats.random.source=mentions");
    List<Map<String, Object>> rows =
        FactTables.tables(run, Progress.SILENT).get(WriteActivations.TABLE);
    // As many as of head and tail: the minimum is less, and the pool holds enough.
    Map<String, Object> tail = row(rows, "flows", "f0", "head_and_tail");
    assertThat((Long) tail.get("sentences")).isGreaterThan(5);
    assertThat(row(rows, "flows", "f0", "random").get("sentences"))
        .isEqualTo(tail.get("sentences"));
    // No text mentions this one: it gets the minimum.
    assertThat(rows.stream().filter(row -> row.get("fact_id").equals("f2")))
        .isNotEmpty()
        .allSatisfy(
            row -> {
              assertThat(row.get("text_class")).isEqualTo("random");
              assertThat(row.get("sentences")).isEqualTo(4L);
            });
  }

  private static Map<String, Object> row(
      List<Map<String, Object>> rows, String relation, String factId, String textClass) {
    return rows.stream()
        .filter(row -> row.get("relation").equals(relation) && row.get("fact_id").equals(factId))
        .filter(row -> row.get("text_class").equals(textClass))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void withoutNeurons_thereAreNoRows() throws IOException {
    ScanFixture.Run run = ingest("some", "gpt2-gelu-new", 60, "kn-stats.names.case=insensitive");
    assertThat(FactTables.neurons(run, FactTables.FACTS.size() - 1, 0)).isEmpty();
    assertThat(FactTables.tables(run, Progress.SILENT).get(WriteActivations.TABLE))
        .isNotEmpty()
        .noneMatch(row -> row.get("relation").equals("knows") && row.get("fact_id").equals("f3"));
    run = ingest("none", "gpt2-gelu-new", 60);
    Map<String, List<TableFile>> published = FactTables.publish(run, List.of());
    Map<String, List<TableFile>> made =
        KnStatsJob.run(run.context(Stage.KN_STATS, published, Progress.SILENT));
    for (String table : List.of(WriteActivations.TABLE, TriggerTexts.TABLE)) {
      assertThat(made.get(table)).hasSize(1).allMatch(file -> file.rows() == 0);
    }
  }

  private static ScanFixture.Run ingest(String runId, String model, int pool, String... more)
      throws IOException {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "kn-stats.masks=mean",
                "kn-stats.random.minimum=4",
                "kn-stats.random.pool=" + pool,
                "kn-stats.triggers.per-fact=3",
                "kn-stats.triggers.scopes=[all,head,head-and-tail]",
                "kn-stats.seed=8"));
    settings.addAll(List.of(more));
    return scans.ingest(runId, model, settings.toArray(String[]::new));
  }

  /** All readings, each of a text of its own. */
  private static final class Oracle {
    private final ScanFixture.Run run;
    private final Transformer model;
    private final List<SequenceRow> sequences;
    private final List<Read> reads = new ArrayList<>();
    private final Map<String, AllCoefficients> runs = new HashMap<>();
    private final int mask;

    private record Read(SequenceRow sequence, Reading reading) {}

    /**
     * @param without sequences in which nothing is read
     */
    Oracle(ScanFixture.Run run, Transformer model, Set<Long> without) throws IOException {
      this.run = run;
      this.model = model;
      this.sequences = run.sequences().stream().map(Oracle::sequence).toList();
      try (ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path())) {
        mask = model.architecture().causal() ? -1 : tokenizer.maskId();
      }
      plan();
      reads.removeIf(read -> without.contains(read.sequence().sequenceId()));
    }

    private static SequenceRow sequence(Map<String, Object> row) {
      return new SequenceRow(
          (Long) row.get("sequence_id"),
          (String) row.get("document_id"),
          0,
          (String) row.get("text"),
          ints(row.get("token_ids")),
          ints(row.get("token_starts")),
          ints(row.get("token_ends")));
    }

    private static int[] ints(Object list) {
      return ((List<?>) list).stream().mapToInt(Integer.class::cast).toArray();
    }

    /** Where words are read and which sequences are random is tested with the planner itself. */
    private void plan() {
      KnStatsConfig config = run.config.knStats();
      FactMentions mentions = new FactMentions(FactTables.FACTS, config.names());
      BitSet read = new BitSet();
      for (int fact = 0; fact < FactTables.FACTS.size(); fact++) {
        int own = fact;
        read.set(fact, List.of(0, 1).stream().anyMatch(m -> !neurons(own, m).isEmpty()));
      }
      RandomPool pool =
          new RandomPool(
              config.seed(), sequences.size(), config.random().pool(), config.random().source());
      ReadingPlanner planner =
          new ReadingPlanner(
              mentions,
              read,
              new ReadingRules(
                  mask,
                  config.masks(),
                  config.words().kind(),
                  config.words().limit(),
                  config.seed()),
              pool);
      List<Plan> plans = sequences.stream().map(planner::plan).toList();
      int[] wanted = new int[FactTables.FACTS.size()];
      for (int fact = 0; fact < wanted.length; fact++) {
        int own = fact;
        long both =
            plans.stream()
                .flatMap(plan -> plan.readings().stream())
                .filter(r -> r.fact() == own && r.textClass() == TextClass.HEAD_AND_TAIL)
                .count();
        wanted[fact] = (int) Math.max(both, 4);
      }
      RandomSentences drawn =
          RandomSentences.draw(
              pool,
              plans.stream().flatMap(plan -> plan.poolText().stream()).toList(),
              FactTables.FACTS,
              mentions,
              wanted);
      for (Plan plan : plans) {
        planner.readings(plan, drawn).forEach(r -> reads.add(new Read(plan.sequence(), r)));
      }
    }

    private List<Neuron> neurons(int fact, int method) {
      return FactTables.neurons(run, fact, method);
    }

    /** Each of the facts' names is one word, so that a regular expression finds it. */
    void checkClasses() {
      Map<TextClass, Integer> counts = new HashMap<>();
      for (Read read : reads) {
        FactNames fact = FactTables.FACTS.get(read.reading().fact());
        String text = read.sequence().text();
        boolean head = has(text, fact.head());
        boolean tail =
            fact.tails().stream().anyMatch(name -> !name.equals(fact.head()) && has(text, name));
        TextClass expected =
            head ? tail ? TextClass.HEAD_AND_TAIL : TextClass.HEAD_ONLY : TextClass.RANDOM;
        assertThat(read.reading().textClass()).as("%s in %s", fact, text).isEqualTo(expected);
        assertThat(expected == TextClass.RANDOM && tail).isFalse();
        counts.merge(expected, 1, Integer::sum);
      }
      assertThat(counts).hasSize(3).allSatisfy((c, count) -> assertThat(count).isGreaterThan(12));
    }

    private static boolean has(String text, String name) {
      return Pattern.compile("(?<![\\p{L}\\p{N}])" + Pattern.quote(name) + "(?![\\p{L}\\p{N}])")
          .matcher(text)
          .find();
    }

    private double coefficient(Read read, Neuron neuron) {
      int[] tokens = read.sequence().tokenIds().clone();
      int from = read.reading().place().from();
      int to = read.reading().place().to();
      boolean causal = model.architecture().causal();
      for (int t = from; !causal && t < to; t++) {
        tokens[t] = mask;
      }
      AllCoefficients all =
          runs.computeIfAbsent(
              read.sequence().sequenceId() + " " + (causal ? "" : from),
              key -> AllCoefficients.of(model, List.of(TokenSequence.of(0, tokens))));
      if (causal) {
        return all.row(neuron.layer(), 0, from - 1)[neuron.index()];
      }
      double sum = 0;
      for (int t = from; t < to; t++) {
        sum += all.row(neuron.layer(), 0, t)[neuron.index()];
      }
      return sum / (to - from);
    }

    void checkActivations(List<Map<String, Object>> rows) {
      int next = 0;
      for (int fact = 0; fact < FactTables.FACTS.size(); fact++) {
        for (int method = 0; method < 2; method++) {
          for (TextClass textClass : TextClass.values()) {
            List<Read> own = reads(fact, List.of(textClass));
            List<Neuron> sorted =
                neurons(fact, method).stream()
                    .sorted(Comparator.comparingInt(Neuron::layer).thenComparingInt(Neuron::index))
                    .toList();
            for (Neuron neuron : own.isEmpty() ? List.<Neuron>of() : sorted) {
              checkRow(rows.get(next++), fact, method, textClass, neuron, own);
            }
          }
        }
      }
      assertThat(rows).hasSize(next).hasSizeGreaterThan(30);
    }

    private List<Read> reads(int fact, List<TextClass> classes) {
      return reads.stream()
          .filter(r -> r.reading().fact() == fact && classes.contains(r.reading().textClass()))
          .toList();
    }

    private void checkRow(
        Map<String, Object> row,
        int fact,
        int method,
        TextClass textClass,
        Neuron neuron,
        List<Read> own) {
      assertThat(row.get("method")).isEqualTo(FactTables.METHODS.get(method));
      assertThat(row.get("relation")).isEqualTo(FactTables.FACTS.get(fact).relation());
      assertThat(row.get("fact_id")).isEqualTo(FactTables.FACTS.get(fact).factId());
      assertThat(row.get("text_class")).isEqualTo(textClass.label());
      assertThat(row.get("layer")).isEqualTo(neuron.layer());
      assertThat(row.get("neuron")).isEqualTo(neuron.index());
      assertThat(row.get("sentences")).isEqualTo((long) own.size());
      double[] x = own.stream().mapToDouble(read -> coefficient(read, neuron)).toArray();
      double mean = Arrays.stream(x).average().orElseThrow();
      double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      assertThat((Double) row.get("mean")).isCloseTo(mean, within(TOLERANCE));
      assertThat((Double) row.get("stddev")).isCloseTo(Math.sqrt(variance), within(TOLERANCE));
      assertThat((double) (Float) row.get("min"))
          .isCloseTo(Arrays.stream(x).min().orElseThrow(), within(TOLERANCE));
      assertThat((double) (Float) row.get("max"))
          .isCloseTo(Arrays.stream(x).max().orElseThrow(), within(TOLERANCE));
    }

    void checkTriggers(List<Map<String, Object>> rows) {
      int next = 0;
      for (int fact = 0; fact < FactTables.FACTS.size(); fact++) {
        for (int method = 0; method < 2; method++) {
          for (String scope : SCOPES) {
            List<Read> own = reads(fact, classes(scope));
            for (int sign : neurons(fact, method).isEmpty() ? new int[0] : new int[] {-1, 1}) {
              List<Double> means = means(own, neurons(fact, method), sign);
              for (int rank = 1; rank <= Math.min(3, means.size()); rank++) {
                Map<String, Object> row = rows.get(next++);
                assertThat(row.get("method")).isEqualTo(FactTables.METHODS.get(method));
                assertThat(row.get("relation")).isEqualTo(FactTables.FACTS.get(fact).relation());
                assertThat(row.get("fact_id")).isEqualTo(FactTables.FACTS.get(fact).factId());
                assertThat(row.get("scope")).isEqualTo(scope);
                assertThat(row.get("direction")).isEqualTo(sign < 0 ? "top" : "bottom");
                assertThat(row.get("rank")).isEqualTo(rank);
                assertThat((Double) row.get("mean_activation"))
                    .isCloseTo(means.get(rank - 1), within(TOLERANCE));
                checkText(row, own, neurons(fact, method));
              }
            }
          }
        }
      }
      assertThat(rows).hasSize(next).hasSizeGreaterThan(50);
    }

    private static List<TextClass> classes(String scope) {
      return switch (scope) {
        case "all" -> List.of(TextClass.values());
        case "head" -> List.of(TextClass.HEAD_AND_TAIL, TextClass.HEAD_ONLY);
        default -> List.of(TextClass.HEAD_AND_TAIL);
      };
    }

    private List<Double> means(List<Read> own, List<Neuron> neurons, int sign) {
      return own.stream()
          .map(read -> mean(read, neurons))
          .sorted(Comparator.comparingDouble(mean -> sign * mean))
          .toList();
    }

    private double mean(Read read, List<Neuron> neurons) {
      return neurons.stream().mapToDouble(n -> coefficient(read, n)).average().orElseThrow();
    }

    /** The text is one of the fact's, of its class, and has the mean. */
    private void checkText(Map<String, Object> row, List<Read> own, List<Neuron> neurons) {
      Read read =
          own.stream()
              .filter(r -> row.get("sequence_id").equals(r.sequence().sequenceId()))
              .findFirst()
              .orElseThrow();
      assertThat(row.get("text")).isEqualTo(read.sequence().text());
      assertThat(row.get("text_class")).isEqualTo(read.reading().textClass().label());
      assertThat((Double) row.get("mean_activation"))
          .isCloseTo(mean(read, neurons), within(TOLERANCE));
    }
  }
}
