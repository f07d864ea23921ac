package io.github.ffncensus.jobs.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class FailedPiecesTest {

  @Test
  void piecesThatCanBeSkipped_areNamedAsTheOptionNamesThem() {
    assertThat(message("values")).endsWith("; to finish without: --skip-shards values:2");
  }

  /** A combined census without a part of its parents would not be one of both. */
  @Test
  void piecesThatCannotBeSkipped_areNotOffered() {
    assertThat(message("neuron_stats"))
        .contains("shard 2 (piece 2):", "no room")
        .endsWith("the same command continues.")
        .doesNotContain("--skip-shards");
  }

  private static String message(String part) {
    PartWork<Integer> work = PartWork.numbered(part, 3, number -> "piece " + number);
    return FailedPieces.exception("combine", work, Map.of(2, "no room")).getMessage();
  }
}
