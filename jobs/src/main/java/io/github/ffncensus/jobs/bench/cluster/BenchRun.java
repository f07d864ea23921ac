package io.github.ffncensus.jobs.bench.cluster;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.ConfigLoader;
import io.github.ffncensus.jobs.ingest.IngestJob;
import io.github.ffncensus.jobs.ingest.IngestResult;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.TablePublisher;
import io.github.ffncensus.jobs.scan.ScanJob;
import io.github.ffncensus.jobs.scan.ScanResult;
import io.github.ffncensus.jobs.task.SequenceTokens;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** A run that is ingested once and can be scanned again and again. */
final class BenchRun {
  /** What a configuration needs beside model, corpus and name: a line is a sequence. */
  private static final List<String> SETTINGS =
      List.of(
          "corpus.format=text",
          "corpus.sequence=line",
          "corpus.over-long=window",
          "stages=[ingest,scan]",
          "model.device=cpu",
          "scan.layer-composition.enabled=false",
          "scan.prediction-refinement.enabled=false");

  private final CensusConfig config;
  private final RunFolder folder;
  private final ModelFolder model;
  private final ShardPlan plan;

  private BenchRun(CensusConfig config, RunFolder folder, ModelFolder model, ShardPlan plan) {
    this.config = config;
    this.folder = folder;
    this.model = model;
    this.plan = plan;
  }

  /**
   * What a scan took.
   *
   * @param shards until the last shard was done
   * @param whole with the merge and the writing of tables
   */
  record Scan(Cost shards, Cost whole, ScanResult result) {}

  /** The whole configuration of a run, as overrides. */
  static List<String> settings(Path work, String runId, Path model, Path corpus, String... more) {
    return Stream.of(
            List.of(
                "run-id=" + runId,
                "warehouse=" + work.resolve("warehouse"),
                "model.path=" + model,
                "corpus.input=" + corpus),
            SETTINGS,
            List.of(more))
        .flatMap(List::stream)
        .toList();
  }

  /** Ingests a corpus and publishes {@code sequences}, as the command does. */
  static BenchRun ingest(SparkSession spark, Path work, List<String> settings) throws IOException {
    CensusConfig config = config(work, settings);
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    ModelFolder model = ModelFolder.open(Path.of(config.model().path()));
    RunFolder folder = RunFolder.qualified(hadoop, config.warehouse(), config.runId());
    IngestResult result = new IngestJob(spark, config, folder, model, Progress.SILENT).run();
    new TablePublisher(hadoop, folder)
        .publish(
            new org.apache.hadoop.fs.Path(folder.staging("ingest"), "sequences"),
            "sequences",
            result.sequenceFiles());
    return new BenchRun(config, folder, model, result.plan());
  }

  static CensusConfig config(Path work, List<String> settings) throws IOException {
    return ConfigLoader.load(Files.writeString(work.resolve("empty.conf"), ""), settings);
  }

  CensusConfig config() {
    return config;
  }

  ModelFolder model() {
    return model;
  }

  ShardPlan plan() {
    return plan;
  }

  /** Scans everything, whatever was scanned before; the tables stay in staging. */
  Scan scan(SparkSession spark) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    org.apache.hadoop.fs.Path staging = folder.staging("scan");
    try {
      staging.getFileSystem(hadoop).delete(staging, true);
    } catch (IOException e) {
      throw CensusException.runFailed(staging + " cannot be deleted: " + e.getMessage(), e);
    }
    Cost.Watch watch = new Cost.Watch();
    List<Cost> stages = new ArrayList<>();
    Progress stageEnds =
        new Progress() {
          @Override
          public void stage(String name, long totalUnits, String unit) {}

          @Override
          public void advance(long units, long tokens) {}

          @Override
          public void finish() {
            stages.add(watch.read());
          }
        };
    ScanResult result = new ScanJob(spark, config, folder, model, plan, stageEnds).run();
    return new Scan(stages.get(0), watch.read(), result);
  }

  /** The sequences of each shard, as its task reads them. */
  List<List<TokenSequence>> sequences(Configuration hadoop) throws IOException {
    List<List<TokenSequence>> shards = new ArrayList<>();
    for (Shard shard : plan.shards()) {
      List<TokenSequence> sequences = new ArrayList<>();
      for (String file : shard.files()) {
        var path = new org.apache.hadoop.fs.Path(folder.table("sequences"), file);
        try (ParquetTableReader rows =
            ParquetTableReader.open(hadoop, path, SequenceTokens.columns())) {
          for (TableRow row = rows.next(); row != null; row = rows.next()) {
            sequences.add(SequenceTokens.decode(row));
          }
        }
      }
      shards.add(sequences);
    }
    return shards;
  }

  /** A counter of a scan, as the manifest has it. */
  static double counter(Map<String, Object> counters, String name) {
    return ((Number) counters.get(name)).doubleValue();
  }
}
