package io.github.ffncensus.analysis;

import ai.djl.engine.EngineException;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.model.DeviceMemory;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Finds the sequences of a failed batch that make the forward pass fail by themselves, by halving:
 * the batch is read again with no observer but the check for finite coefficients.
 */
final class PoisonSearch {
  private final ForwardPass forward;
  private final int enough;
  private final SortedMap<Long, String> reasons = new TreeMap<>();
  private boolean someRead;

  private PoisonSearch(ForwardPass forward, int enough) {
    this.forward = forward;
    this.enough = enough;
  }

  /**
   * @param enough sequences after which the search ends
   * @return what happens with each, by its id; empty if none fails alone, or if none of several can
   *     be read, so that the fault is not in them
   */
  static SortedMap<Long, String> in(TokenBatch batch, ForwardPass forward, int enough) {
    PoisonSearch search = new PoisonSearch(forward, enough);
    search.look(batch);
    return search.someRead || holdsOne(batch) ? search.reasons : new TreeMap<>();
  }

  /** Whether all rows are of one sequence, perhaps with other tokens masked. */
  private static boolean holdsOne(TokenBatch batch) {
    return batch.sequences().stream().mapToLong(TokenSequence::id).distinct().count() == 1;
  }

  private void look(TokenBatch batch) {
    // One more than enough where all have failed so far: it may be no fault of theirs.
    if (reasons.size() >= (someRead ? enough : enough + 1)) {
      return;
    }
    try {
      forward.observe(batch, List.of(new FiniteCheck()));
      someRead = true;
    } catch (RuntimeException e) {
      if (batch.size() > 1) {
        int half = batch.size() / 2;
        look(new TokenBatch(batch.sequences().subList(0, half)));
        look(new TokenBatch(batch.sequences().subList(half, batch.size())));
      } else if (!isDeviceFull(e)) {
        reasons.put(batch.sequences().get(0).id(), describe(e));
      }
    }
  }

  private static boolean isDeviceFull(RuntimeException e) {
    return e instanceof EngineException engine && DeviceMemory.isExhausted(engine);
  }

  private static String describe(RuntimeException e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getName() : message.strip();
  }
}
