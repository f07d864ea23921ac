package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import java.io.Serializable;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/** Says which pieces of a part failed, once all others are done. */
public final class FailedPieces {
  private FailedPieces() {}

  /**
   * @param stage its word
   * @param failures reasons by number, at least one
   */
  public static <W extends Serializable> CensusException exception(
      String stage, PartWork<W> work, Map<Integer, String> failures) {
    StringJoiner text = new StringJoiner("\n");
    text.add(
        "%s: %d of %,d %s failed; what the others made is kept."
            .formatted(
                stage,
                failures.size(),
                work.pieces().size(),
                work.ofCorpus() ? "shards" : "shards of its part " + work.part()));
    failures.forEach(
        (number, reason) ->
            text.add("  shard %d (%s):".formatted(number, contents(work, number)))
                .add(reason.strip().indent(4).stripTrailing()));
    String again = "Once the cause is mended, the same command continues";
    text.add(
        work.ofCorpus() || SkipList.names(work.part())
            ? again
                + "; to finish without: --skip-shards "
                + failures.keySet().stream().map(work::option).collect(Collectors.joining(","))
            : again + ".");
    return CensusException.runFailed(text.toString());
  }

  /** What cannot be described must not hide why it failed. */
  private static <W extends Serializable> String contents(PartWork<W> work, int number) {
    try {
      return work.holds().apply(work.pieces().get(number));
    } catch (RuntimeException e) {
      return "its contents cannot be read: " + e.getMessage();
    }
  }
}
