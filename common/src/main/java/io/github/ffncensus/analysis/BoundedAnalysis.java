package io.github.ffncensus.analysis;

import io.github.ffncensus.model.Transformer;

/**
 * An analysis whose merged result changes by nothing that is below a bound. Bounds rise as shards
 * are merged, so a shard that starts with those of shards before it has less to report. The result
 * stays the same to the bit, whatever shards the bounds come from and whichever shard uses them.
 */
public interface BoundedAnalysis extends Analysis {

  /**
   * The bounds that the merged block of some shards sets for all other shards, as {@link
   * #observe(Transformer, int, Bounds)} takes them.
   */
  float[] bounds(byte[] merged);

  /** As {@link #observe(Transformer, int)}, but leaves out what is below bounds. */
  ShardObserver observe(Transformer model, int shard, Bounds bounds);

  /** Number of candidates in a packed block. */
  long candidates(byte[] packed);
}
