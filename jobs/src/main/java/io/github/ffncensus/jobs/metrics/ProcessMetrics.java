package io.github.ffncensus.jobs.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.github.ffncensus.jobs.metrics.TaskClock.Phase;
import io.github.ffncensus.model.TokenBatch;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What the scanning tasks of this process have done since it started. Counters only grow; rates are
 * for whoever collects them.
 */
public final class ProcessMetrics {
  private static final ProcessMetrics OF_PROCESS = new ProcessMetrics();

  private final Counter shards = new Counter();
  private final Counter batches = new Counter();
  private final Counter sequences = new Counter();
  private final Counter tokens = new Counter();
  private final Counter paddedTokens = new Counter();
  private final Counter candidates = new Counter();
  private final Map<Phase, Counter> nanos = new EnumMap<>(Phase.class);

  ProcessMetrics() {
    for (Phase phase : Phase.values()) {
      nanos.put(phase, new Counter());
    }
  }

  public static ProcessMetrics get() {
    return OF_PROCESS;
  }

  /** A batch has gone through the model. */
  public void batch(TokenBatch batch) {
    batches.inc();
    sequences.inc(batch.size());
    tokens.inc(batch.tokens());
    paddedTokens.inc((long) batch.size() * batch.length());
  }

  /** A shard is done. */
  public void shard(long moreCandidates) {
    shards.inc();
    candidates.inc(moreCandidates);
  }

  void spent(Phase phase, long moreNanos) {
    nanos.get(phase).inc(moreNanos);
  }

  /** Makes the metrics known under the names of {@code docs/operations.md}. */
  void register(MetricRegistry registry) {
    registry.register("shards", shards);
    registry.register("batches", batches);
    registry.register("sequences", sequences);
    registry.register("tokens", tokens);
    registry.register("padded_tokens", paddedTokens);
    registry.register("candidates", candidates);
    registry.register("padding_share", (Gauge<Double>) this::paddingShare);
    registry.register("device_busy_share", (Gauge<Double>) this::busyShare);
    nanos.forEach(
        (phase, counter) ->
            registry.register(
                phase.name().toLowerCase(Locale.ROOT) + "_seconds",
                (Gauge<Double>) () -> counter.getCount() / 1e9));
  }

  private double paddingShare() {
    long padded = paddedTokens.getCount();
    return padded == 0 ? 0 : 1 - tokens.getCount() / (double) padded;
  }

  private double busyShare() {
    long all = nanos.values().stream().mapToLong(Counter::getCount).sum();
    return all == 0 ? 0 : nanos.get(Phase.COMPUTE).getCount() / (double) all;
  }
}
