package io.github.ffncensus.jobs.knowledge;

import ai.djl.Device;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.ConfigLoader;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.scan.TableRows;
import io.github.ffncensus.jobs.task.SkipList;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.knowledge.intervention.InterventionRun;
import io.github.ffncensus.knowledge.intervention.Trial;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Runs in which attribute has come to its end, with made-up facts and neurons: the tables that the
 * stages after it read, as far as they read them.
 */
public final class KnowledgeFixture implements AutoCloseable {
  private static final Path MODELS = Path.of("../common/src/test/resources/fixtures");

  private static final StructType PROMPTS =
      StructType.fromDDL(
          "relation STRING, fact_id STRING, prompt_id INT, prompt STRING, answer STRING,"
              + " answer_probability DOUBLE, answer_rank INT, predicted STRING, head STRING,"
              + " negative BOOLEAN, votes BOOLEAN, answer_in_head BOOLEAN, other_answers INT");
  private static final StructType NEURONS =
      StructType.fromDDL(
          "method STRING, relation STRING, fact_id STRING, layer INT, neuron INT,"
              + " prompts_sharing INT, prompts INT, mean_attribution DOUBLE");

  private static final StructType SHARED =
      StructType.fromDDL(
          "method STRING, relation STRING, layer INT, neuron INT, facts_sharing INT, facts INT,"
              + " rank INT, mean_attribution DOUBLE, in_relation_set BOOLEAN");
  private static final StructType REJECTS =
      StructType.fromDDL(
          "source STRING, line BIGINT, relation STRING, fact_id STRING, prompt_id INT,"
              + " reason STRING, detail STRING");

  private static final Comparator<FactKey> ORDER =
      Comparator.comparing(FactKey::relation).thenComparing(FactKey::factId);

  private final Path folder;
  private final SparkSession spark;

  public KnowledgeFixture(String master, Path folder) {
    this.folder = folder;
    this.spark = TestSpark.start(master, folder);
  }

  @Override
  public void close() {
    spark.stop();
  }

  public SparkSession spark() {
    return spark;
  }

  /**
   * Makes a run.
   *
   * @param files that each table is split into
   */
  public Run run(String runId, String model, int files, String... settings) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "run-id=" + runId,
                "warehouse=" + folder.resolve("warehouse"),
                "model.path=" + MODELS.resolve(model),
                "facts.input=" + folder.resolve("facts.jsonl")));
    all.addAll(List.of(settings));
    Run run = new Run(all, ModelFolder.open(MODELS.resolve(model)));
    run.write(files);
    return run;
  }

  /** A run with its facts. */
  public final class Run {
    public final CensusConfig config;
    public final RunFolder folder;
    public final ModelFolder model;
    public final Map<FactKey, List<EncodedPrompt>> prompts = new TreeMap<>(ORDER);
    public final Map<FactKey, Fact> facts = new TreeMap<>(ORDER);

    /** By method. */
    public final Map<String, Map<FactKey, List<Neuron>>> neurons = new TreeMap<>();

    private final Map<String, List<TableFile>> published = new LinkedHashMap<>();
    private List<Row> neuronRows = List.of();

    private final List<String> settings;

    private Run(List<String> settings, ModelFolder model) throws IOException {
      Path file = Files.writeString(KnowledgeFixture.this.folder.resolve("empty.conf"), "");
      this.settings = settings;
      this.config = ConfigLoader.load(file, settings);
      this.model = model;
      this.folder =
          RunFolder.qualified(
              spark.sparkContext().hadoopConfiguration(), config.warehouse(), config.runId());
    }

    public PromptEncoder encoder() {
      return new PromptEncoder(
          ModelTokenizer.open(model.path()),
          model.causal(),
          config.facts().fill(),
          config.facts().marker(),
          model.maxSequenceTokens());
    }

    /** The same run, continued with other settings. */
    public Run with(String... others) throws IOException {
      List<String> all = new ArrayList<>(settings);
      all.addAll(List.of(others));
      Run continued = new Run(all, model);
      continued.published.putAll(published);
      return continued;
    }

    /** Of a relation's neurons, over the facts that have them. */
    public Map<Neuron, Double> meanAttributions(String method, String relation) {
      return neuronRows.stream()
          .filter(row -> row.getString(0).equals(method) && row.getString(1).equals(relation))
          .collect(
              Collectors.groupingBy(
                  row -> new Neuron(row.getInt(3), row.getInt(4)),
                  Collectors.averagingDouble(row -> row.getDouble(7))));
    }

    public double attribution(String method, FactKey fact, Neuron neuron) {
      return neuronRows.stream()
          .filter(row -> row.getString(0).equals(method))
          .filter(row -> new FactKey(row.getString(1), row.getString(2)).equals(fact))
          .filter(row -> new Neuron(row.getInt(3), row.getInt(4)).equals(neuron))
          .mapToDouble(row -> row.getDouble(7))
          .findFirst()
          .orElseThrow();
    }

    public List<Neuron> neurons(String method, FactKey fact) {
      return neurons.get(method).getOrDefault(fact, List.of());
    }

    private void write(int files) throws IOException {
      makeFacts();
      List<AnswerReading> readings = read();
      List<Row> rows = new ArrayList<>();
      int next = 0;
      for (Map.Entry<FactKey, Fact> fact : facts.entrySet()) {
        for (Prompt prompt : fact.getValue().prompts()) {
          AnswerReading reading = readings.get(next);
          rows.add(
              RowFactory.create(
                  fact.getKey().relation(),
                  fact.getKey().factId(),
                  prompt.id(),
                  prompt.text(),
                  prompt.answer(),
                  reading.probability(),
                  // Random models know nothing; let them know every third prompt.
                  next % 3 == 0 ? 1 : reading.rank() + 1,
                  "",
                  fact.getValue().head(),
                  false,
                  prompt.id() != 1,
                  false,
                  0));
          next++;
        }
        // One that does not ask for the fact and must not be read.
        rows.add(
            RowFactory.create(
                fact.getKey().relation(),
                fact.getKey().factId(),
                9,
                "[MASK] [MASK] none",
                "none",
                0.5,
                1,
                "",
                fact.getValue().head(),
                true,
                false,
                false,
                0));
      }
      publish(FactRows.PROMPTS, rows, PROMPTS, files);
      neuronRows = neuronRows();
      publish(FactRows.NEURONS, neuronRows, NEURONS, files);
      publish(FactRows.SHARED, sharedRows(), SHARED, files);
      publish(
          "fact_rejects",
          List.of(RowFactory.create("f", 1L, null, null, null, "malformed", "")),
          REJECTS,
          1);
    }

    /** Three relations of 5, 3 and 12 facts; heads occur in several relations. */
    private void makeFacts() {
      String[] words = {"he", "is", "in", "an", "at", "no", "to", "we"};
      List<String> templates =
          List.of(
              "the %s is [MASK].",
              "the city of the %s and of [MASK]", "this is not the %s, the %s of [MASK] .");
      int[] sizes = {5, 3, 12};
      for (int r = 0; r < sizes.length; r++) {
        for (int f = 0; f < sizes[r]; f++) {
          FactKey key = new FactKey("P" + r, "P" + r + "-" + f);
          String head = words[(r + 3 * f) % words.length];
          // The last of two tokens or more, in every vocabulary.
          String answer = f % 4 == 3 ? "he is" : words[(2 * r + 5 * f + 1) % words.length];
          List<Prompt> prompts = new ArrayList<>();
          for (int p = 0; p < (f % 3 == 2 ? 2 : 3); p++) {
            prompts.add(Prompt.of(p, templates.get(p).replace("%s", head), answer));
          }
          facts.put(
              key,
              new Fact(
                  key.relation(), key.factId(), head, answer, List.of(), List.of(), null, prompts));
        }
      }
      for (PromptEncoder.Result result : encoder().encodeAll(List.copyOf(facts.values()))) {
        if (result.encoded() == null) {
          throw new IllegalStateException(result.detail());
        }
        prompts
            .computeIfAbsent(
                new FactKey(result.fact().relation(), result.fact().factId()),
                key -> new ArrayList<>())
            .add(result.encoded());
      }
    }

    private List<AnswerReading> read() {
      try (Transformer transformer =
          TransformerLoader.load(model, Device.cpu(), Precision.FLOAT32)) {
        return new InterventionRun(transformer, 1000, tokens -> {})
            .run(prompts.values().stream().flatMap(List::stream).map(Trial::clean).toList());
      }
    }

    /** 0 to 4 neurons of each fact; some of them shared by many facts of the relation. */
    private List<Row> neuronRows() {
      Random random = new Random(8);
      List<Row> rows = new ArrayList<>();
      int layers = model.architecture().layers();
      for (String method : FactRows.METHODS) {
        Map<FactKey, List<Neuron>> ofMethod = new TreeMap<>(ORDER);
        int f = 0;
        for (FactKey fact : facts.keySet()) {
          TreeMap<Neuron, Double> chosen = new TreeMap<>();
          for (int n = 0; n < f % 5; n++) {
            int index = n == 0 ? 7 : 8 + random.nextInt(model.architecture().intermediate() - 8);
            chosen.put(new Neuron(random.nextInt(layers), index), random.nextDouble());
          }
          f++;
          if (!chosen.isEmpty()) {
            ofMethod.put(fact, List.copyOf(chosen.keySet()));
          }
          chosen.forEach(
              (neuron, attribution) ->
                  rows.add(
                      RowFactory.create(
                          method,
                          fact.relation(),
                          fact.factId(),
                          neuron.layer(),
                          neuron.index(),
                          2,
                          3,
                          attribution)));
        }
        neurons.put(method, ofMethod);
      }
      return rows;
    }

    private List<Row> sharedRows() {
      List<Row> rows = new ArrayList<>();
      for (String method : FactRows.METHODS) {
        for (String relation : List.of("P0", "P1", "P2")) {
          Map<Neuron, Double> attributions = meanAttributions(method, relation);
          Map<Neuron, Long> sharing =
              neurons.get(method).entrySet().stream()
                  .filter(entry -> entry.getKey().relation().equals(relation))
                  .flatMap(entry -> entry.getValue().stream())
                  .collect(Collectors.groupingBy(neuron -> neuron, Collectors.counting()));
          List<Neuron> ranked =
              sharing.keySet().stream()
                  .sorted(
                      Comparator.comparing((Neuron neuron) -> -sharing.get(neuron))
                          .thenComparing(neuron -> -attributions.get(neuron)))
                  .toList();
          int all =
              (int) facts.keySet().stream().filter(f -> f.relation().equals(relation)).count();
          for (int rank = 1; rank <= ranked.size(); rank++) {
            Neuron neuron = ranked.get(rank - 1);
            rows.add(
                RowFactory.create(
                    method,
                    relation,
                    neuron.layer(),
                    neuron.index(),
                    sharing.get(neuron).intValue(),
                    all,
                    rank,
                    attributions.get(neuron),
                    true));
          }
        }
      }
      return rows;
    }

    /** Publishes any table. */
    public void publish(String table, List<Row> rows, StructType schema, int files)
        throws IOException {
      String target = folder.table(table).toString();
      spark.createDataFrame(rows, schema).repartition(files).write().parquet(target);
      List<TableFile> written = new ArrayList<>();
      try (Stream<Path> paths = Files.list(Path.of(folder.table(table).toUri().getPath()))) {
        paths
            .filter(path -> path.toString().endsWith(".parquet"))
            .sorted()
            .forEach(
                path ->
                    written.add(
                        new TableFile(path.getFileName().toString(), rows.size(), 1, "none")));
      }
      published.put(table, written);
    }

    public StageContext stage(Stage stage) {
      return new StageContext(
          stage, spark, config, folder, model, null, published, SkipList.NONE, Progress.SILENT);
    }

    /** The paths of a table's files, as the stage has left them. */
    public String[] staged(Stage stage, String table, Map<String, List<TableFile>> made) {
      var staged = new org.apache.hadoop.fs.Path(folder.staging(stage.word()), table);
      return made.get(table).stream()
          .map(file -> new org.apache.hadoop.fs.Path(staged, file.name()).toString())
          .toArray(String[]::new);
    }

    /** The rows of what a stage has made. */
    public Map<String, List<Map<String, Object>>> rows(
        Stage stage, Map<String, List<TableFile>> made) {
      Map<String, List<Map<String, Object>>> rows = new LinkedHashMap<>();
      made.forEach(
          (table, files) -> {
            var staged = new org.apache.hadoop.fs.Path(folder.staging(stage.word()), table);
            try {
              rows.put(
                  table,
                  TableRows.read(
                      table,
                      files.stream()
                          .map(file -> new org.apache.hadoop.fs.Path(staged, file.name()))
                          .toList()));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      return rows;
    }
  }
}
