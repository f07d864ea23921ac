package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.jobs.config.WavesConfig;

/**
 * Sizes of waves: each has as many shards as makes the scanned part of the corpus grow by a factor,
 * so that the number of waves grows with the logarithm of the corpus, and of what a wave reports
 * about the same part is news.
 */
public final class WavePlan {
  private final WavesConfig config;

  public WavePlan(WavesConfig config) {
    this.config = config;
  }

  /**
   * Shards of the next wave.
   *
   * @param scanned shards that are done
   * @param missing shards that are not
   * @param slots tasks that run at the same time: a wave of fewer would leave some idle, and so
   *     would a rest of fewer
   */
  public long next(long scanned, long missing, int slots) {
    if (!config.enabled()) {
      return missing;
    }
    int least = config.first() > 0 ? config.first() : slots;
    long size = Math.max(least, (long) Math.ceil((config.growth() - 1) * scanned));
    return missing - size < least ? missing : size;
  }
}
