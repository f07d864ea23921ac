package io.github.ffncensus.jobs.scan;

import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line in the log for each shard, in the form key=value key=value, for tools that collect logs.
 */
final class ShardLine {
  private static final Logger LOG = LoggerFactory.getLogger("io.github.ffncensus.shards");

  private ShardLine() {}

  /**
   * @param attempt of the task, from 0
   * @param busyShare of its time, see {@code docs/operations.md}
   */
  static void log(String runId, ShardRecord record, int attempt, double busyShare) {
    LOG.info(line(runId, record, attempt, busyShare));
  }

  static String line(String runId, ShardRecord record, int attempt, double busyShare) {
    double padded = record.paddedTokens();
    return String.format(
        Locale.ROOT,
        "event=shard_scanned run_id=%s shard=%d wave=%d attempt=%d device=%s tokens=%d"
            + " sequences=%d batches=%d seconds=%.3f tokens_per_second=%.0f padding_share=%.4f"
            + " busy_share=%.4f halvings=%d candidates=%d",
        runId,
        record.shard(),
        record.wave(),
        attempt,
        record.device(),
        record.tokens(),
        record.sequences(),
        record.batches(),
        record.seconds(),
        record.tokens() / record.seconds(),
        padded == 0 ? 0 : 1 - record.tokens() / padded,
        busyShare,
        record.halvings(),
        record.candidates());
  }
}
