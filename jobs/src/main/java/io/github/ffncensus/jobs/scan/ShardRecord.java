package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.List;

/**
 * What a successful attempt at a shard left in staging. Once the driver has recorded it, the shard
 * is never computed again.
 *
 * @param wave in which it was scanned, from 1
 * @param partials one file per analysis that merges
 * @param activations finished files of the table {@code activations}
 * @param rejects finished files of the table {@code scan_rejects}, none or one
 * @param sequences that were read
 * @param tokens that went through the model, special tokens included, padding not
 * @param paddedTokens the same with padding
 * @param textTokens that were counted
 * @param batches as planned
 * @param halvings batches halved for want of device memory
 * @param products what the output embedding was multiplied in, bytes or float32
 * @param seconds from start to end of the attempt
 */
record ShardRecord(
    int shard,
    int wave,
    List<Partial> partials,
    List<TableFile> activations,
    List<TableFile> rejects,
    long sequences,
    long tokens,
    long paddedTokens,
    long textTokens,
    int batches,
    int halvings,
    double seconds,
    String device,
    String products)
    implements Serializable {

  /**
   * A file of packed blocks in the staging folder {@code partials}.
   *
   * @param candidates in it, if the analysis is a bounded one
   */
  record Partial(String analysis, String file, long bytes, long candidates)
      implements Serializable {}

  /** Of all analyses. */
  long candidates() {
    return partials.stream().mapToLong(Partial::candidates).sum();
  }

  Partial partialOf(String analysis) {
    return partials.stream()
        .filter(partial -> partial.analysis().equals(analysis))
        .findFirst()
        .orElseThrow();
  }
}
