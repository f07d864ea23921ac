package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.BoundedAnalysis;
import io.github.ffncensus.analysis.Bounds;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.analysis.activations.ActivationMode;
import io.github.ffncensus.analysis.activations.ActivationRecorder;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.metrics.ProcessMetrics;
import io.github.ffncensus.jobs.metrics.TaskClock;
import io.github.ffncensus.jobs.metrics.TaskClock.Phase;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.PartialFile;
import io.github.ffncensus.jobs.task.ReadableSequences;
import io.github.ffncensus.jobs.task.TaskModels;
import io.github.ffncensus.model.ByteProducts;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/** Task: one forward pass over a shard for all analyses, its results left in staging. */
final class ScanShard implements Function<Shard, ShardRecord>, ModelTask {
  private static final long serialVersionUID = 1L;

  private final ScanContext context;
  private final int wave;
  private final Broadcast<HashMap<String, Bounds>> bounds;

  /**
   * @param wave of the shards, from 1
   * @param bounds by analysis; of the bounded ones, but none if no shard is merged yet
   */
  ScanShard(ScanContext context, int wave, Broadcast<HashMap<String, Bounds>> bounds) {
    this.context = context;
    this.wave = wave;
    this.bounds = bounds;
  }

  @Override
  public ShardRecord call(Shard shard) throws IOException {
    TaskClock clock = new TaskClock(ProcessMetrics.get(), Phase.WAIT_MODEL);
    ReadableSequences readable =
        new ReadableSequences(
            context.staging(),
            context.runId(),
            new Path(context.sequences()),
            ScanContext.REJECTS,
            shard,
            context.config().scan().maxRejectedSequences());
    ShardRecord record = readable.read(() -> scan(shard, readable, clock));
    ProcessMetrics.get().shard(record.candidates());
    ShardLine.log(context.runId(), record, TaskContext.get().attemptNumber(), clock.busyShare());
    return record;
  }

  private ShardRecord scan(Shard shard, ReadableSequences readable, TaskClock clock)
      throws IOException {
    Transformer model =
        TaskModels.get(context.config(), context.modelPath(), context.weightsSha256());
    clock.enter(Phase.WAIT_READ);
    BatchPlan plan = BatchPlan.of(sequences(shard, readable.rejected()), batchTokens(model));
    List<Analysis> analyses =
        ScanAnalysis.of(context, model.architecture()).stream()
            .map(ScanAnalysis::analysis)
            .toList();
    List<ShardObserver> observers = new ArrayList<>();
    try (ActivationFiles activations = new ActivationFiles(context, shard.index())) {
      analyses.forEach(analysis -> observers.add(observe(analysis, model, shard.index())));
      Optional<ActivationMode> mode =
          ScanContext.activationMode(context.config().scan().activations());
      mode.ifPresent(m -> observers.add(ActivationRecorder.observe(m, model, activations)));
      ShardScan scan =
          new ShardScan(metered(model, clock), observers, tokens -> afterBatch(shard.index()));
      clock.enter(Phase.COMPUTE);
      scan.run(plan, readable.rejectable());
      clock.enter(Phase.WAIT_WRITE);
      List<ShardRecord.Partial> partials = new ArrayList<>();
      for (int i = 0; i < analyses.size(); i++) {
        partials.add(write(analyses.get(i), observers.get(i), shard.index()));
      }
      List<TableFile> recorded = activations.finish();
      clock.enter(Phase.WAIT_WRITE);
      return new ShardRecord(
          shard.index(),
          wave,
          partials,
          recorded,
          readable.write(),
          shard.sequences() - readable.rejected().size(),
          plan.tokens(),
          plan.paddedTokens(),
          plan.textTokens(),
          plan.batches().size(),
          scan.halvings(),
          clock.seconds(),
          model.device().toString(),
          ByteProducts.fastOn(model.device()) ? "bytes" : "float32");
    } finally {
      observers.forEach(ShardObserver::close);
    }
  }

  /** Shows how far the task is, batch by batch. */
  private static ForwardPass metered(Transformer model, TaskClock clock) {
    ForwardPass forward = ReadableSequences.forward(model);
    return (batch, watching) -> {
      forward.observe(batch, watching);
      ProcessMetrics.get().batch(batch);
      clock.enter(Phase.COMPUTE);
    };
  }

  private ShardObserver observe(Analysis analysis, Transformer model, int shard) {
    Bounds ofAnalysis = bounds.value().get(analysis.name());
    return ofAnalysis != null && analysis instanceof BoundedAnalysis bounded
        ? bounded.observe(model, shard, ofAnalysis)
        : analysis.observe(model, shard);
  }

  private int batchTokens(Transformer model) {
    int configured = context.config().scan().batchTokens();
    return model.device().isGpu()
        ? configured
        : BatchPlan.budgetOnHost(configured, model.architecture().intermediate());
  }

  /** A task that Spark gave up (a speculative copy, a cancelled job) ends between two batches. */
  private static void afterBatch(int shard) {
    FaultPoint.IN_SHARD.reached(shard);
    TaskContext.get().killTaskIfInterrupted();
  }

  private List<TokenSequence> sequences(Shard shard, Set<Long> without) throws IOException {
    List<TokenSequence> sequences = new ArrayList<>();
    for (String file : shard.files()) {
      Path path = new Path(context.sequences(), file);
      try (ParquetTableReader rows =
          ParquetTableReader.open(
              context.staging().hadoop(), path, "sequence_id", "token_ids", "token_starts")) {
        for (TableRow row = rows.next(); row != null; row = rows.next()) {
          int[] starts = row.getIntList("token_starts");
          boolean[] special = new boolean[starts.length];
          for (int t = 0; t < starts.length; t++) {
            special[t] = starts[t] < 0;
          }
          long id = row.getLong("sequence_id");
          if (!without.contains(id)) {
            sequences.add(new TokenSequence(id, row.getIntList("token_ids"), special));
          }
        }
      }
    }
    return sequences;
  }

  private ShardRecord.Partial write(Analysis analysis, ShardObserver observer, int shard)
      throws IOException {
    String name = "%05d-%s.%s".formatted(shard, context.staging().attempt(), analysis.name());
    Path file = context.staging().file(ScanContext.PARTIALS, name);
    LongAdder candidates = new LongAdder();
    try (PartialFile.Writer out = new PartialFile.Writer(context.staging().hadoop(), file)) {
      observer.finish(
          (layer, block, packed) -> {
            if (analysis instanceof BoundedAnalysis bounded) {
              candidates.add(bounded.candidates(packed));
            }
            try {
              out.put(new MergedBlocks.Key(layer, block).number(), packed);
            } catch (IOException e) {
              throw new UncheckedIOException("cannot write " + file, e);
            }
          });
      return new ShardRecord.Partial(analysis.name(), name, out.finish(), candidates.sum());
    }
  }
}
