package io.github.ffncensus.analysis;

import java.util.SortedMap;

/**
 * Some sequences of a shard make the forward pass fail, each by itself. Observers may have taken in
 * layers of them, so what they hold is of no use any more.
 */
public final class UnreadableSequences extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient SortedMap<Long, String> reasons;

  UnreadableSequences(SortedMap<Long, String> reasons, Throwable cause) {
    super(
        "sequence %d cannot be read by the model: %s"
            .formatted(reasons.firstKey(), reasons.get(reasons.firstKey())),
        cause);
    this.reasons = reasons;
  }

  /** What happens when the model reads a sequence alone, by its id. */
  public SortedMap<Long, String> reasons() {
    return reasons;
  }
}
