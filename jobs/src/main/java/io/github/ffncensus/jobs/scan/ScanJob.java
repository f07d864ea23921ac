package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.task.ChosenNeurons;
import io.github.ffncensus.jobs.task.EmptyTable;
import io.github.ffncensus.jobs.task.FailedPieces;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.PieceTasks;
import io.github.ffncensus.jobs.task.ShardContents;
import io.github.ffncensus.jobs.task.Staging;
import io.github.ffncensus.jobs.task.TaskRecords;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.TableFile;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * The pass over the corpus: one forward pass per token on the executors, a shard a task, then a
 * distributed merge of what the shards observed. Finished shards are recorded at once and found
 * again by the next attempt at the run.
 */
public final class ScanJob {
  private final SparkSession spark;
  private final JavaSparkContext context;
  private final CensusConfig config;
  private final RunFolder folder;
  private final ModelFolder model;
  private final ShardPlan plan;
  private final Progress progress;

  public ScanJob(
      SparkSession spark,
      CensusConfig config,
      RunFolder folder,
      ModelFolder model,
      ShardPlan plan,
      Progress progress) {
    this.spark = spark;
    this.context = new JavaSparkContext(spark.sparkContext());
    this.config = config;
    this.folder = folder;
    this.model = model;
    this.plan = plan;
    this.progress = progress;
  }

  /**
   * Scans what is not scanned yet, merges, and leaves the tables in staging.
   *
   * @throws CensusException of kind RUN_FAILED if staging cannot be read or written, or if shards
   *     fail; all others are scanned and recorded then
   */
  public ScanResult run() {
    ScanContext scan = scanContext();
    List<ShardRecord> records = scanShards(scan);
    Map<String, List<TableFile>> tables = new LinkedHashMap<>();
    progress.stage("merge", 0, "tables");
    merge(scan, records, tables);
    progress.finish();
    if (ScanContext.activationMode(config.scan().activations()).isPresent()) {
      tables.put(
          ActivationFiles.TABLE,
          records.stream().flatMap(record -> record.activations().stream()).toList());
    }
    tables.put(
        RejectedSequence.TABLE,
        records.stream().flatMap(record -> record.rejects().stream()).toList());
    tables.replaceAll(
        (table, files) ->
            files.isEmpty()
                ? List.of(
                    EmptyTable.write(
                        context.hadoopConfiguration(),
                        folder.staging("scan"),
                        table,
                        folder.runId()))
                : files);
    return new ScanResult(tables, counters(records));
  }

  /**
   * Checks what of a configuration can be checked against the model before any work.
   *
   * @throws CensusException of kind CONFIGURATION if a chosen neuron is not in the model
   */
  public static void check(CensusConfig config, ModelFolder model) {
    ChosenNeurons.check(
        "census.scan.activations.neurons",
        config.scan().activations().neurons(),
        model.architecture());
  }

  private ScanContext scanContext() {
    return new ScanContext(
        Staging.open(context, folder.staging("scan")),
        config,
        folder.runId(),
        folder.table("sequences").toString(),
        model.path().toAbsolutePath().toString(),
        model.weightsSha256());
  }

  private List<ShardRecord> scanShards(ScanContext scan) {
    PartWork<Shard> work =
        PartWork.ofCorpus(
            "scan",
            plan.shards(),
            shard -> ShardContents.read(context.hadoopConfiguration(), folder, shard).text());
    TaskRecords<ShardRecord> recorded =
        TaskRecords.open(
            context.hadoopConfiguration(),
            new Path(folder.staging("scan"), "shards"),
            ShardRecord.class);
    TreeMap<Integer, ShardRecord> records = new TreeMap<>();
    TreeMap<Integer, Shard> missing = new TreeMap<>();
    progress.stage("scan", plan.shards().size(), "shards");
    work.pieces()
        .forEach(
            (number, shard) ->
                recorded
                    .find(number)
                    .ifPresentOrElse(
                        record -> records.put(number, record), () -> missing.put(number, shard)));
    progress.advance(records.size(), 0);
    Map<Integer, String> failures =
        PieceTasks.run(
            context,
            work.part(),
            missing,
            new ScanShard(scan),
            (number, record) -> {
              recorded.write(number, record);
              records.put(number, record);
              progress.advance(1, record.tokens());
            });
    progress.finish();
    if (!failures.isEmpty()) {
      throw FailedPieces.exception("scan", work, failures);
    }
    return List.copyOf(records.values());
  }

  private void merge(
      ScanContext scan, List<ShardRecord> records, Map<String, List<TableFile>> tables) {
    Merge merge = new Merge(spark, scan, model.architecture(), plan, records);
    for (ScanAnalysis analysis : ScanAnalysis.of(scan, model.architecture())) {
      tables.putAll(analysis.tables().write(merge));
      progress.advance(1, 0);
    }
  }

  private static Map<String, Object> counters(List<ShardRecord> records) {
    long tokens = records.stream().mapToLong(ShardRecord::tokens).sum();
    long padded = records.stream().mapToLong(ShardRecord::paddedTokens).sum();
    Map<String, Object> counters = new LinkedHashMap<>();
    counters.put("shards", records.size());
    counters.put("sequences", records.stream().mapToLong(ShardRecord::sequences).sum());
    counters.put(
        "rejected_sequences",
        records.stream()
            .flatMap(record -> record.rejects().stream())
            .mapToLong(TableFile::rows)
            .sum());
    counters.put("tokens", tokens);
    counters.put("text_tokens", records.stream().mapToLong(ShardRecord::textTokens).sum());
    counters.put("padding_fraction", padded == 0 ? 0 : 1 - tokens / (double) padded);
    counters.put("batch_halvings", records.stream().mapToInt(ShardRecord::halvings).sum());
    counters.put("task_seconds", records.stream().mapToDouble(ShardRecord::seconds).sum());
    counters.put("devices", records.stream().map(ShardRecord::device).distinct().sorted().toList());
    counters.put(
        "partial_bytes",
        records.stream()
            .flatMap(record -> record.partials().stream())
            .mapToLong(ShardRecord.Partial::bytes)
            .sum());
    return counters;
  }
}
