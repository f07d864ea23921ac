/**
 * The analyses of a scan: what each observes in a forward pass, and how partial results of shards
 * merge.
 *
 * <p>{@link io.github.ffncensus.analysis.Analysis} is the contract; {@link
 * io.github.ffncensus.analysis.ShardScan} runs a model over one shard for all of them at once. One
 * package per analysis below: {@code stats}, {@code triggers}, {@code activations}.
 */
package io.github.ffncensus.analysis;
