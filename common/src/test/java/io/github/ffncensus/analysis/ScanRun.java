package io.github.ffncensus.analysis;

import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Scans shards with one analysis and merges what they give, as a job does. */
public final class ScanRun {

  /** Place of a packed block. */
  public record Block(int layer, int number) implements Comparable<Block> {
    @Override
    public int compareTo(Block other) {
      return layer != other.layer
          ? Integer.compare(layer, other.layer)
          : Integer.compare(number, other.number);
    }
  }

  private ScanRun() {}

  /** Cuts sequences into runs of about equal number. */
  public static List<List<TokenSequence>> split(List<TokenSequence> sequences, int shards) {
    List<List<TokenSequence>> split = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      split.add(
          sequences.subList(
              shard * sequences.size() / shards, (shard + 1) * sequences.size() / shards));
    }
    return split;
  }

  public static Map<Block, byte[]> shard(
      Analysis analysis,
      Transformer model,
      int shard,
      List<TokenSequence> sequences,
      int tokenBudget) {
    ShardObserver observer = analysis.observe(model, shard);
    ShardScan scan = new ShardScan(model::observe, List.of(observer), tokens -> {});
    scan.run(BatchPlan.of(sequences, tokenBudget));
    return blocks(observer);
  }

  public static Map<Block, byte[]> blocks(ShardObserver observer) {
    Map<Block, byte[]> blocks = new TreeMap<>();
    observer.finish((layer, block, packed) -> blocks.put(new Block(layer, block), packed));
    return blocks;
  }

  /** Scans all shards and merges them in a random order. */
  public static Map<Block, byte[]> merged(
      Analysis analysis,
      Transformer model,
      List<List<TokenSequence>> shards,
      int tokenBudget,
      long seed) {
    List<Map<Block, byte[]>> partials = new ArrayList<>();
    for (int shard = 0; shard < shards.size(); shard++) {
      partials.add(shard(analysis, model, shard, shards.get(shard), tokenBudget));
    }
    return merged(analysis, partials, seed);
  }

  /** Merges two random partial results until one is left. */
  public static Map<Block, byte[]> merged(
      Analysis analysis, List<Map<Block, byte[]>> partials, long seed) {
    Random random = new Random(seed);
    List<Map<Block, byte[]>> left = new ArrayList<>(partials);
    while (left.size() > 1) {
      Map<Block, byte[]> one = left.remove(random.nextInt(left.size()));
      Map<Block, byte[]> other = left.remove(random.nextInt(left.size()));
      Map<Block, byte[]> both = new TreeMap<>(one);
      other.forEach((block, packed) -> both.merge(block, packed, analysis::merge));
      left.add(both);
    }
    return left.get(0);
  }
}
