package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.ConfigLoader;
import io.github.ffncensus.jobs.ingest.IngestJob;
import io.github.ffncensus.jobs.ingest.IngestResult;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.TablePublisher;
import io.github.ffncensus.jobs.task.SkipList;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.TaskRecords;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** Ingests a small corpus, scans it, and reads back what the scan staged. */
public final class ScanFixture implements AutoCloseable {
  static final Path MODELS = Path.of("../common/src/test/resources/fixtures");

  private final String master;
  private final Path folder;
  private SparkSession spark;

  /**
   * @param master such as {@code local[2]}
   */
  public ScanFixture(String master, Path folder) throws IOException {
    this.master = master;
    this.folder = folder;
    this.spark = TestSpark.start(master, folder);
    writeCorpus(folder.resolve("corpus.jsonl"), 40);
  }

  /** Ends this driver with all its tasks, and starts another. */
  public void restart() {
    spark.stop();
    spark = TestSpark.start(master, folder);
  }

  public Configuration hadoop() {
    return spark.sparkContext().hadoopConfiguration();
  }

  @Override
  public void close() {
    spark.stop();
  }

  /** Documents of several sentences, with characters of two code units and repeated sentences. */
  static void writeCorpus(Path file, int documents) throws IOException {
    Random random = new Random(5);
    String[] words = {
      "the", "river", "\uD83D\uDE00", "city", "caf\u00e9", "1987", "runs", "\u65e5\u672c", "by,"
    };
    List<String> lines = new ArrayList<>();
    for (int d = 0; d < documents; d++) {
      StringBuilder text = new StringBuilder();
      for (int sentence = random.nextInt(3); sentence >= 0; sentence--) {
        text.append("The");
        for (int w = random.nextInt(9); w >= 0; w--) {
          text.append(' ').append(words[random.nextInt(words.length)]);
        }
        text.append(". ").append(random.nextInt(4) == 0 ? "The river runs by. " : "");
      }
      lines.add("{\"id\": \"doc-%d\", \"text\": \"%s\"}".formatted(d, text));
    }
    Files.write(file, lines);
  }

  /** Ingests and publishes {@code sequences}, ready for a scan. */
  public Run ingest(String runId, String model, String... settings) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "run-id=" + runId,
                "warehouse=" + folder.resolve("warehouse"),
                "model.path=" + MODELS.resolve(model),
                "corpus.input=" + folder.resolve("corpus.jsonl"),
                "corpus.over-long=window",
                "ingest.shard-tokens=300",
                "scan.trigger-prefixes.per-neuron=6",
                "scan.activations.per-token=4"));
    all.addAll(List.of(settings));
    Path file = Files.writeString(folder.resolve("empty.conf"), "");
    Run run = new Run(ConfigLoader.load(file, all), ModelFolder.open(MODELS.resolve(model)));
    IngestResult result =
        new IngestJob(spark, run.config, run.folder, run.model, Progress.SILENT).run();
    run.plan = result.plan();
    run.sequenceFiles = result.sequenceFiles();
    new TablePublisher(hadoop(), run.folder)
        .publish(
            new org.apache.hadoop.fs.Path(run.folder.staging("ingest"), "sequences"),
            "sequences",
            result.sequenceFiles());
    return run;
  }

  /** An ingested run. */
  public final class Run {
    public final CensusConfig config;
    public final RunFolder folder;
    public final ModelFolder model;
    ShardPlan plan;
    private List<TableFile> sequenceFiles;

    private Run(CensusConfig config, ModelFolder model) {
      this.config = config;
      this.model = model;
      this.folder = RunFolder.qualified(hadoop(), config.warehouse(), config.runId());
    }

    public ScanResult scan(Progress progress) {
      return new ScanJob(spark, config, folder, model, plan, progress).run();
    }

    /** Scans and publishes; what a later stage finds. */
    public Map<String, List<TableFile>> publish() {
      Map<String, List<TableFile>> tables = new LinkedHashMap<>(scan(Progress.SILENT).tables());
      tables.forEach(
          (table, files) ->
              new TablePublisher(hadoop(), folder)
                  .publish(
                      new org.apache.hadoop.fs.Path(folder.staging("scan"), table), table, files));
      tables.put("sequences", sequenceFiles);
      return tables;
    }

    /** The stage after a scan, with what was published before it. */
    public StageContext interpretation(Map<String, List<TableFile>> published) {
      return context(Stage.INTERPRET, published, Progress.SILENT);
    }

    /** A stage, with what was published before it. */
    public StageContext context(
        Stage stage, Map<String, List<TableFile>> published, Progress progress) {
      return new StageContext(
          stage, spark, config, folder, model, plan, published, SkipList.NONE, progress);
    }

    /** Scans and reads all tables. */
    Map<String, List<Map<String, Object>>> tables() throws IOException {
      return tables(scan(Progress.SILENT));
    }

    Map<String, List<Map<String, Object>>> tables(ScanResult result) throws IOException {
      Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
      for (String table : result.tables().keySet()) {
        tables.put(table, rows(result, table));
      }
      return tables;
    }

    /** A table that the scan staged. */
    public List<Map<String, Object>> rows(ScanResult result, String table) throws IOException {
      var staged = new org.apache.hadoop.fs.Path(folder.staging("scan"), table);
      return TableRows.read(
          table,
          result.tables().get(table).stream()
              .map(f -> new org.apache.hadoop.fs.Path(staged, f.name()))
              .toList());
    }

    public ShardPlan plan() {
      return plan;
    }

    /** Files of {@code sequences} as the ingest told. */
    public List<TableFile> sequenceTable() {
      return sequenceFiles;
    }

    /** What the driver knows of each shard that is done. */
    public List<?> shardRecords() {
      TaskRecords<ShardRecord> records =
          TaskRecords.open(
              hadoop(),
              new org.apache.hadoop.fs.Path(folder.staging("scan"), "shards"),
              ShardRecord.class);
      return List.copyOf(
          records
              .find(plan.shards().stream().map(ShardPlan.Shard::index).collect(Collectors.toSet()))
              .values());
    }

    /** Files of {@code sequences}. */
    public List<org.apache.hadoop.fs.Path> sequenceFiles() {
      return plan.shards().stream()
          .flatMap(shard -> shard.files().stream())
          .map(name -> new org.apache.hadoop.fs.Path(folder.table("sequences"), name))
          .toList();
    }

    public List<Map<String, Object>> sequences() throws IOException {
      return TableRows.read("sequences", sequenceFiles());
    }

    /** The driver's records of finished shards. */
    Path records() {
      return Path.of(folder.staging("scan").toUri()).resolve("shards");
    }
  }
}
