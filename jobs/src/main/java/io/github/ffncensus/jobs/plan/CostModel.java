package io.github.ffncensus.jobs.plan;

import io.github.ffncensus.analysis.stats.CoefficientBuckets;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Activations;
import io.github.ffncensus.jobs.config.CensusConfig.TriggerPrefixes;
import io.github.ffncensus.jobs.config.PositionsConfig;
import io.github.ffncensus.jobs.scan.WavePlan;
import io.github.ffncensus.model.Architecture;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run computes, ships and writes, from the sizes of corpus and model alone. The formulas are
 * explained in {@code docs/scale.md}; bytes of tables are those of zstd-compressed Parquet and rest
 * on measured bytes per value, so they are off by tens of percent where text or coefficients
 * compress in another way.
 */
public final class CostModel {
  private static final double TEXT_COMPRESSION = 0.4;
  private static final double BYTES_PER_TOKEN = 3.6;
  private static final double BYTES_READ_BESIDE_ID = 0.5;
  private static final double BYTES_PER_ACTIVATION = 4.5;
  private static final double BYTES_PER_ACTIVATION_ROW = 2;
  private static final double BYTES_PER_STATISTICS_ROW = 800;
  private static final double BYTES_PER_TRIGGER = 24;

  /** A bucket in a packed block: its distance to the one before, and its count. */
  private static final double BYTES_PER_BUCKET = 2.5;

  /** A trigger in a packed block: coefficient, sequence and position. */
  private static final int PACKED_TRIGGER_BYTES = 12;

  private final CensusConfig config;
  private final Architecture architecture;
  private final CorpusSize corpus;

  public CostModel(CensusConfig config, Architecture architecture, CorpusSize corpus) {
    this.config = config;
    this.architecture = architecture;
    this.corpus = corpus;
  }

  /** Shards, the tasks of a scan. */
  public long shards() {
    return Math.max(1, (long) Math.ceil(corpus.tokens() / config.ingest().shardTokens()));
  }

  /** Floating point operations of the scan's forward passes, padding not counted. */
  public double flops() {
    return corpus.tokens() * architecture.flopsPerToken(corpus.tokensPerSequence());
  }

  /**
   * Floating point operations at the positions that are sampled for {@code layer_composition} and
   * {@code prediction_refinement}: residual and FFN output of every layer are multiplied with the
   * whole vocabulary.
   */
  public double positionFlops() {
    PositionsConfig positions = config.scan().positions();
    if (!positions.enabled()) {
      return 0;
    }
    double sampled =
        positions.mode() == PositionsConfig.Mode.RATE
            ? positions.rate() * corpus.tokens()
            : Math.min(corpus.tokens(), positions.perSequence() * corpus.sequences());
    double product = 2.0 * architecture.vocabulary() * architecture.hidden();
    return 2 * product * architecture.layers() * sampled;
  }

  /**
   * Parameters of the blocks and embeddings, biases and norms left out: these are less than a
   * percent.
   */
  public double parameters() {
    double attentionWidth = (double) architecture.heads() * architecture.headSize();
    double keyValueWidth = (double) architecture.keyValueHeads() * architecture.headSize();
    double attention = 2 * architecture.hidden() * (attentionWidth + keyValueWidth);
    double ffn =
        (architecture.gated() ? 3.0 : 2.0) * architecture.hidden() * architecture.intermediate();
    double embeddings =
        (architecture.tiedHead() ? 1.0 : 2.0) * architecture.vocabulary() * architecture.hidden();
    return architecture.layers() * (attention + ffn) + embeddings;
  }

  /** Bytes of the weights on a device, in the precision of the run. */
  public double weightBytes() {
    return parameters() * (config.model().precision() == CensusConfig.Precision.FLOAT32 ? 4 : 2);
  }

  /**
   * Bytes of {@code sequences} that the scan's tasks read: ids of tokens, and which are special.
   */
  public double readBytes() {
    double id = Math.log(architecture.vocabulary()) / Math.log(2) / Byte.SIZE;
    return (id + BYTES_READ_BESIDE_ID) * corpus.tokens();
  }

  /** Coefficients that a scan computes and reads on the device, in bytes. */
  public double coefficientBytes() {
    return 4.0 * corpus.tokens() * architecture.neurons();
  }

  /**
   * Trigger candidates that all shards together report. Of s shards merged before it, a shard
   * reports what reaches the k-th best of theirs, which is k/s of a list on average; before there
   * is a bound, the k best, at most one of a sequence.
   *
   * @param workers tasks that run at the same time, which decides the size of the first wave
   */
  public double triggerCandidates(int workers) {
    TriggerPrefixes triggers = config.scan().triggerPrefixes();
    if (!triggers.enabled()) {
      return 0;
    }
    WavePlan plan = new WavePlan(config.scan().waves());
    double ofShard = Math.min(triggers.perNeuron(), competitors() / shards());
    double perList = 0;
    for (long scanned = 0, size; scanned < shards(); scanned += size) {
      size = plan.next(scanned, shards() - scanned, workers);
      boolean bounded =
          config.scan().waves().enabled()
              && scanned * competitors() / shards() >= triggers.perNeuron();
      double news = bounded ? triggers.perNeuron() / (double) scanned : Double.MAX_VALUE;
      perList += size * Math.min(ofShard, news);
    }
    return perList * lists();
  }

  /**
   * Waves of a scan.
   *
   * @param workers tasks that run at the same time
   */
  public long waves(int workers) {
    WavePlan plan = new WavePlan(config.scan().waves());
    long waves = 0;
    for (long scanned = 0; scanned < shards(); waves++) {
      scanned += plan.next(scanned, shards() - scanned, workers);
    }
    return waves;
  }

  /** Bytes of the candidates, in staging and in the shuffles of merges. */
  public double candidateBytes(int workers) {
    return triggerCandidates(workers) * PACKED_TRIGGER_BYTES;
  }

  /**
   * Bytes of the shards' statistics, nearly all of them histograms, in staging and in a shuffle.
   */
  public double statisticsBytes() {
    return config.scan().neuronStats().enabled()
        ? shards() * architecture.neurons() * bucketsInUse() * BYTES_PER_BUCKET
        : 0;
  }

  /** Bytes that the shards' partial results take in staging and in the merge's shuffle. */
  public double partialBytes(int workers) {
    return candidateBytes(workers) + statisticsBytes();
  }

  /** Of a neuron in a shard: coefficients fall into few of the buckets. */
  private double bucketsInUse() {
    return Math.min(CoefficientBuckets.COUNT, corpus.tokens() / shards()) / 2;
  }

  /** Bytes of each table of the scan and before it. */
  public Map<String, Double> tableBytes() {
    Map<String, Double> bytes = new LinkedHashMap<>();
    bytes.put(
        "sequences", TEXT_COMPRESSION * corpus.textBytes() + BYTES_PER_TOKEN * corpus.tokens());
    if (config.scan().neuronStats().enabled()) {
      bytes.put("neuron_stats", BYTES_PER_STATISTICS_ROW * architecture.neurons());
    }
    if (config.scan().triggerPrefixes().enabled()) {
      double perList = Math.min(config.scan().triggerPrefixes().perNeuron(), competitors());
      bytes.put("trigger_prefixes", BYTES_PER_TRIGGER * perList * lists());
    }
    double recorded = recordedPerTokenAndLayer(config.scan().activations());
    if (recorded > 0) {
      double rows = corpus.tokens() * architecture.layers();
      bytes.put("activations", rows * (BYTES_PER_ACTIVATION_ROW + BYTES_PER_ACTIVATION * recorded));
    }
    return bytes;
  }

  private double recordedPerTokenAndLayer(Activations activations) {
    return switch (activations.mode()) {
      case OFF -> 0;
      case TOP -> Math.min(activations.perToken(), architecture.intermediate());
      case NEURONS -> activations.neurons().size() / (double) architecture.layers();
      // How many lie above a threshold is not known before; this is the most there can be.
      case THRESHOLD, ALL -> architecture.intermediate();
    };
  }

  /** Prefixes that compete for a neuron's list. */
  private double competitors() {
    return config.scan().triggerPrefixes().distinct() == CensusConfig.Distinct.SEQUENCE
        ? corpus.sequences()
        : corpus.tokens();
  }

  /** Lists of triggers: one for each neuron and polarity. */
  private double lists() {
    int polarities = config.scan().triggerPrefixes().polarities(architecture.gated()).size();
    return architecture.neurons() * (double) polarities;
  }
}
