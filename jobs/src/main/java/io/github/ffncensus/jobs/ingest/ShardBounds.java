package io.github.ffncensus.jobs.ingest;

import java.math.BigInteger;

/**
 * Which shard a sequence belongs to: of S shards over T tokens, the one numbered floor(t S / T) if
 * t tokens come before it. Asked in ascending order.
 */
final class ShardBounds {
  private final long totalTokens;
  private final long shards;
  private long shard;
  private long nextStart;

  private ShardBounds(long totalTokens, long shards, long tokensBefore) {
    this.totalTokens = totalTokens;
    this.shards = shards;
    this.shard =
        totalTokens == 0
            ? 0
            : times(tokensBefore, shards).divide(big(totalTokens)).longValueExact();
    this.nextStart = start(shard + 1);
  }

  static ShardBounds from(long totalTokens, long shards, long tokensBefore) {
    return new ShardBounds(totalTokens, shards, tokensBefore);
  }

  /** Shards of about so many tokens, at least one. */
  static long count(long totalTokens, long shardTokens) {
    long full = totalTokens / shardTokens;
    return Math.max(1, totalTokens % shardTokens == 0 ? full : full + 1);
  }

  long shardOf(long tokensBefore) {
    while (tokensBefore >= nextStart) {
      shard++;
      nextStart = start(shard + 1);
    }
    return shard;
  }

  /** The smallest t that belongs to the shard. */
  private long start(long of) {
    BigInteger[] quotient = times(of, totalTokens).divideAndRemainder(big(shards));
    return quotient[0].longValueExact() + quotient[1].signum();
  }

  private static BigInteger times(long a, long b) {
    return big(a).multiply(big(b));
  }

  private static BigInteger big(long value) {
    return BigInteger.valueOf(value);
  }
}
