package io.github.ffncensus.jobs.plan;

import io.github.ffncensus.analysis.stats.CoefficientBuckets;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.model.Architecture;

/**
 * Memory of a scan's driver and tasks, in bytes, without what Java and Spark need for themselves.
 * The formulas are explained in {@code docs/scale.md}; bytes of objects are measured ones.
 */
public final class MemoryModel {
  /** A shard in the plan, with the name of one file. */
  private static final double SHARD = 230;

  /** What a shard's task told, but for its files of {@code activations}. */
  private static final double RECORD = 850;

  /** A file of a finished table: name, counts, and SHA-256, in records and in the manifest. */
  private static final double FILE = 1_500;

  /** What Spark's driver keeps of a task: times, metrics, where it ran. */
  private static final double SPARK_TASK = 1_200;

  /** A packed trigger on the heap: strength, sequence, position. */
  private static final int TRIGGER = Float.BYTES + Long.BYTES + Integer.BYTES;

  /** A sequence's arrays and its entry in a batch. */
  private static final double SEQUENCE = 100;

  /** Of a token, its id and whether it is a special one. */
  private static final int TOKEN = Integer.BYTES + 1;

  /** Parquet's buffer for one open file, at most a row group. */
  private static final double OPEN_FILE = 16 << 20;

  /** On a CPU recent counts lie beside all others. */
  private static final int BUCKET_ON_HOST = Integer.BYTES + Short.BYTES;

  private final CensusConfig config;
  private final Architecture architecture;
  private final CorpusSize corpus;
  private final CostModel cost;

  public MemoryModel(CensusConfig config, Architecture architecture, CorpusSize corpus) {
    this.config = config;
    this.architecture = architecture;
    this.corpus = corpus;
    this.cost = new CostModel(config, architecture, corpus);
  }

  /**
   * Files of {@code sequences}: one for each shard, and one more wherever a split of the input ends
   * within a shard.
   */
  public double sequenceFiles() {
    return cost.shards() + corpus.bytes() / (double) config.ingest().splitBytes();
  }

  /** Files of {@code activations}: one for each shard and layer. */
  public double activationFiles() {
    boolean recorded = config.scan().activations().mode() != CensusConfig.ActivationMode.OFF;
    return recorded ? (double) cost.shards() * architecture.layers() : 0;
  }

  /** What the driver knows of shards and files: the part of its heap that grows with the corpus. */
  public double records() {
    return cost.shards() * (SHARD + RECORD) + FILE * (sequenceFiles() + activationFiles());
  }

  /** What Spark's driver keeps of the scan's tasks, a task for each shard. */
  public double sparkTasks() {
    return SPARK_TASK * cost.shards();
  }

  /** The bounds of a wave, in the driver and in every executor: a float for each list. */
  public double bounds() {
    CensusConfig.TriggerPrefixes triggers = config.scan().triggerPrefixes();
    return triggers.enabled() ? Float.BYTES * lists() : 0;
  }

  /** Of the driver, all of it. */
  public double driver() {
    return records() + sparkTasks() + 2 * bounds();
  }

  /** Histograms of one task: on a CPU in its heap, on a GPU in the device's memory. */
  public double histograms(boolean onGpu) {
    if (!config.scan().neuronStats().enabled()) {
      return 0;
    }
    double slots = (double) architecture.neurons() * (CoefficientBuckets.COUNT + 1);
    return slots * (onGpu ? Integer.BYTES : BUCKET_ON_HOST);
  }

  /** The triggers of one task, in its heap. */
  public double triggers() {
    CensusConfig.TriggerPrefixes triggers = config.scan().triggerPrefixes();
    return triggers.enabled() ? TRIGGER * (double) triggers.perNeuron() * lists() : 0;
  }

  /** Of an executor's heap for each task that it runs at a time. */
  public double taskHeap(boolean onGpu) {
    double files =
        config.scan().activations().mode() == CensusConfig.ActivationMode.OFF
            ? 0
            : OPEN_FILE * architecture.layers();
    double sequences = (TOKEN * corpus.tokens() + SEQUENCE * corpus.sequences()) / cost.shards();
    return (onGpu ? 0 : histograms(false)) + triggers() + files + sequences;
  }

  private double lists() {
    int polarities = config.scan().triggerPrefixes().polarities(architecture.gated()).size();
    return architecture.neurons() * (double) polarities;
  }
}
