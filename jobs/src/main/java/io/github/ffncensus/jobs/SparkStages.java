package io.github.ffncensus.jobs;

import io.github.ffncensus.jobs.attribute.AttributeJob;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.edit.EditJob;
import io.github.ffncensus.jobs.ingest.IngestJob;
import io.github.ffncensus.jobs.ingest.IngestResult;
import io.github.ffncensus.jobs.interpret.InterpretJob;
import io.github.ffncensus.jobs.intervene.InterveneJob;
import io.github.ffncensus.jobs.knstats.KnStatsJob;
import io.github.ffncensus.jobs.metrics.CensusPlugin;
import io.github.ffncensus.jobs.metrics.NamingProgress;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.run.SkippedShard;
import io.github.ffncensus.jobs.run.StageResult;
import io.github.ffncensus.jobs.scan.ScanJob;
import io.github.ffncensus.jobs.scan.ScanResult;
import io.github.ffncensus.jobs.secret.Secrets;
import io.github.ffncensus.jobs.task.CorpusShards;
import io.github.ffncensus.jobs.task.GpuStages;
import io.github.ffncensus.jobs.task.SkipList;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.DeviceChoice;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/** The stages as Spark jobs, in one session. */
final class SparkStages implements StageRunner {

  private static final String HADOOP_PREFIX = "spark.hadoop.";

  private final SparkSession spark;
  private final CensusConfig config;
  private final RunFolder folder;
  private final ModelFolder model;
  private final SkipList skips;
  private final Progress progress;

  SparkStages(
      String command,
      CensusConfig config,
      RunFolder folder,
      ModelFolder model,
      SkipList skips,
      Progress progress) {
    this.config = config;
    this.folder = folder;
    this.model = model;
    this.skips = skips;
    this.progress = progress;
    this.spark = session(command, config);
  }

  /** Starts Spark, or finds it started. */
  static SparkSession session(String command, CensusConfig config) {
    SparkConf conf =
        new SparkConf()
            .setAppName("ffn-census %s %s".formatted(command, config.runId()))
            .setIfMissing("spark.master", "local[*]")
            // What the run keeps to itself, Spark's pages and logs are to keep to themselves too.
            .setIfMissing("spark.redaction.regex", Secrets.KEYS + "|token");
    if (conf.get("spark.master").startsWith("local")) {
      // Elsewhere the executors' devices count, which the driver cannot see.
      DeviceChoice.resolve(config.model().device(), List.of());
      // Spark's default of 200 is for clusters: on one machine most of its tasks would be empty.
      int cores = Runtime.getRuntime().availableProcessors();
      conf.setIfMissing("spark.sql.shuffle.partitions", Integer.toString(Math.max(8, 2 * cores)));
    }
    if (!config.model().device().equals("cpu")) {
      GpuStages.configure(conf, config.gpus(), Versions.all().get("spark"));
    }
    CensusPlugin.addTo(conf);
    // A session's builder would start from the system properties again, and with them from what
    // was removed from this configuration.
    SparkContext.getOrCreate(conf);
    return SparkSession.builder().config(conf).getOrCreate();
  }

  /**
   * In cluster mode YARN takes a driver that ends without having started Spark for a failed one.
   */
  static void startIfTheMasterInsists(CensusConfig config) {
    SparkConf conf = new SparkConf();
    if (conf.get("spark.master", "").equals("yarn")
        && conf.get("spark.submit.deployMode", "client").equals("cluster")) {
      session("run", config);
    }
  }

  /** Hadoop's configuration as Spark will have it, without starting Spark. */
  static Configuration hadoopConfiguration() {
    Configuration hadoop = new Configuration();
    for (Tuple2<String, String> entry : new SparkConf().getAll()) {
      if (entry._1().startsWith(HADOOP_PREFIX)) {
        hadoop.set(entry._1().substring(HADOOP_PREFIX.length()), entry._2());
      }
    }
    return hadoop;
  }

  @Override
  public StageResult run(Stage stage) {
    Progress named =
        new NamingProgress(progress, spark.sparkContext(), folder.runId(), stage.word());
    return switch (stage) {
      case INGEST -> ingest(named);
      case SCAN -> scan(named);
      case INTERPRET -> inParts(stage, named, InterpretJob::run);
      case ATTRIBUTE -> inParts(stage, named, AttributeJob::run);
      case KN_STATS -> inParts(stage, named, KnStatsJob::run);
      case INTERVENE -> inParts(stage, named, InterveneJob::run);
      case EDIT -> inParts(stage, named, EditJob::run);
    };
  }

  private StageResult inParts(
      Stage stage, Progress named, Function<StageContext, Map<String, List<TableFile>>> job) {
    RunManifest manifest = RunManifest.read(hadoop(), folder).orElseThrow();
    CorpusShards shards =
        stage.readsCorpus() ? CorpusShards.of(hadoop(), manifest, stage, skips) : null;
    StageContext context =
        new StageContext(
            stage,
            spark,
            config,
            folder,
            model,
            shards == null ? null : shards.plan(),
            manifest.tables(),
            skips,
            named);
    Map<String, List<TableFile>> tables = job.apply(context);
    List<SkippedShard> skipped = new ArrayList<>(context.skipped());
    if (shards != null) {
      skipped.addAll(shards.skipped());
    }
    return new StageResult(tables, Map.of(), context.notes(), skipped);
  }

  private StageResult ingest(Progress named) {
    IngestResult result = new IngestJob(spark, config, folder, model, named).run();
    return new StageResult(
        new TreeMap<>(Map.of("sequences", result.sequenceFiles(), "rejects", result.rejectFiles())),
        new TreeMap<>(
            Map.of(
                "documents", result.documents(),
                "documents_in_sequences", result.documentsInSequences(),
                "documents_in_rejects", result.documentsInRejects(),
                "sequences", result.sequences(),
                "tokens", result.tokens())),
        Map.of(),
        List.of());
  }

  private StageResult scan(Progress named) {
    RunManifest manifest = RunManifest.read(hadoop(), folder).orElseThrow();
    CorpusShards shards = CorpusShards.of(hadoop(), manifest, Stage.SCAN, skips);
    ScanResult result = new ScanJob(spark, config, folder, model, shards.plan(), named).run();
    return new StageResult(result.tables(), Map.of(), result.counters(), shards.skipped());
  }

  private Configuration hadoop() {
    return spark.sparkContext().hadoopConfiguration();
  }

  @Override
  public void close() {
    spark.stop();
  }
}
