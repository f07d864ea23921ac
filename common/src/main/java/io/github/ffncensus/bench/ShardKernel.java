package io.github.ffncensus.bench;

import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What a scan's tasks compute and nothing else: the forward pass with the three analyses of every
 * scan, in their default configuration. Nothing is read, and what is observed is thrown away.
 */
public final class ShardKernel {
  private final Transformer model;
  private final List<BatchPlan> shards;

  /**
   * @param shards their sequences
   * @param batchTokens token budget of a batch
   */
  public ShardKernel(Transformer model, List<List<TokenSequence>> shards, int batchTokens) {
    this.model = model;
    this.shards = shards.stream().map(shard -> BatchPlan.of(shard, batchTokens)).toList();
  }

  private ShardKernel(Transformer model, BatchPlan shard) {
    this.model = model;
    this.shards = List.of(shard);
  }

  /** Tokens per second of one thread, over random sequences of so many tokens. */
  public static double tokensPerSecond(Transformer model, int tokens, int batchTokens) {
    BatchPlan plan = ScanBenchmark.plan(1, tokens, model, batchTokens);
    ShardKernel kernel = new ShardKernel(model, plan);
    kernel.run(1);
    long start = System.nanoTime();
    kernel.run(1);
    return plan.tokens() / ((System.nanoTime() - start) / 1e9);
  }

  /** Computes all shards, each by the next worker that is free. */
  public void run(int workers) {
    ConcurrentLinkedQueue<BatchPlan> waiting = new ConcurrentLinkedQueue<>(shards);
    try (Workers pool = new Workers(workers)) {
      pool.measure(
          worker -> {
            for (BatchPlan shard = waiting.poll(); shard != null; shard = waiting.poll()) {
              run(shard);
            }
          });
    }
  }

  private void run(BatchPlan shard) {
    List<ShardObserver> observers =
        ScanBenchmark.THREE.stream()
            .map(analysis -> ScanBenchmark.observer(analysis, model))
            .toList();
    try {
      new ShardScan(model::observe, observers, tokens -> {}).run(shard);
    } finally {
      observers.forEach(ShardObserver::close);
    }
  }
}
