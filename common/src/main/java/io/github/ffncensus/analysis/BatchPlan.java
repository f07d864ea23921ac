package io.github.ffncensus.analysis;

import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Cuts a shard into batches of sequences of like length under a token budget, padding included.
 *
 * @param batches longest sequences first, so that a batch that does not fit the device shows early
 */
public record BatchPlan(List<TokenBatch> batches) {

  /**
   * Plans batches; the same sequences in any order give the same plan.
   *
   * @param tokenBudget most tokens of a batch, counting each sequence as long as the batch's
   *     longest; a longer sequence is a batch of its own
   */
  public static BatchPlan of(List<TokenSequence> sequences, int tokenBudget) {
    List<TokenSequence> sorted = new ArrayList<>(sequences);
    sorted.sort(
        Comparator.comparingInt(TokenSequence::length)
            .reversed()
            .thenComparingLong(TokenSequence::id));
    List<TokenBatch> batches = new ArrayList<>();
    int from = 0;
    while (from < sorted.size()) {
      int longest = sorted.get(from).length();
      int to = Math.min(sorted.size(), from + Math.max(1, tokenBudget / longest));
      batches.add(new TokenBatch(sorted.subList(from, to)));
      from = to;
    }
    return new BatchPlan(List.copyOf(batches));
  }

  /**
   * The token budget for a model on a CPU, whose activations the analyses read through buffers of
   * at most 2 GiB.
   */
  public static int budgetOnHost(int tokenBudget, int neurons) {
    return Math.min(tokenBudget, HostRows.maxBatchTokens(neurons));
  }

  /** Tokens that go through the model, padding included. */
  public long paddedTokens() {
    return batches.stream().mapToLong(batch -> (long) batch.size() * batch.length()).sum();
  }

  /** Tokens without padding. */
  public long tokens() {
    return batches.stream().mapToLong(TokenBatch::tokens).sum();
  }

  /** Tokens that analyses count: neither padding nor special tokens. */
  public long textTokens() {
    return batches.stream()
        .flatMap(batch -> batch.sequences().stream())
        .mapToLong(TokenSequence::textTokens)
        .sum();
  }
}
