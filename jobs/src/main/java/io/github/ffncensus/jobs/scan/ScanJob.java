package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.metrics.JobNames;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.task.ChosenNeurons;
import io.github.ffncensus.jobs.task.EmptyTable;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.ShardContents;
import io.github.ffncensus.jobs.task.Staging;
import io.github.ffncensus.jobs.task.TaskRecords;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.TableFile;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    List<ScanAnalysis> analyses = ScanAnalysis.of(scan, model.architecture());
    MergedWaves partials =
        new MergedWaves(
            context,
            scan,
            model.architecture(),
            analyses.stream().map(ScanAnalysis::analysis).toList());
    List<ShardRecord> records = scanShards(scan, partials);
    ScanCounters counters =
        new ScanCounters(
            records, config.model().precision().name(), model.architecture().neurons());
    counters.summary().ifPresent(progress::note);
    Map<String, List<TableFile>> tables = new LinkedHashMap<>();
    progress.stage("merge", 0, "tables");
    Merge merge = new Merge(spark, scan, model.architecture(), plan, partials);
    for (ScanAnalysis analysis : analyses) {
      tables.putAll(
          JobNames.during(
              spark.sparkContext(),
              "scan: merge of " + analysis.analysis().name(),
              () -> analysis.tables().write(merge)));
      progress.advance(1, 0);
    }
    progress.finish();
    if (ScanContext.activationMode(config.scan().activations()).isPresent()) {
      tables.put(
          ActivationFiles.TABLE,
          records.stream().flatMap(record -> record.activations().stream()).toList());
    }
    tables.put(
        ScanContext.REJECTS,
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
    return new ScanResult(tables, counters.counters());
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

  private List<ShardRecord> scanShards(ScanContext scan, MergedWaves partials) {
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
    progress.stage("scan", plan.shards().size(), "shards");
    List<ShardRecord> records =
        new ScanWaves(context, scan, recorded, partials, progress).scan(work);
    progress.finish();
    return records;
  }
}
