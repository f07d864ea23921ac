package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RelativeBucketsTest {
  /**
   * Of T5's 16 buckets of a direction, the first distance, as the Hugging Face library has them.
   */
  private static final int[] FIRST = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};

  @Test
  void buckets_areThoseOfT5() {
    RelativeBuckets t5 = new RelativeBuckets(32, 128);
    for (int distance = -700; distance <= 700; distance++) {
      int apart = Math.abs(distance);
      int expected = (int) Arrays.stream(FIRST).filter(first -> first <= apart).count() - 1;
      assertThat(t5.bucket(distance))
          .as("distance %d", distance)
          .isEqualTo(distance > 0 ? 16 + expected : expected);
    }
  }

  @Test
  void table_goesByThePositionsOfEachRow() {
    RelativeBuckets buckets = new RelativeBuckets(8, 20);
    assertThat(buckets.table(new int[] {0, 1, 2, 1, 2, 0}, 3))
        .containsExactly(0, 5, 6, 1, 0, 5, 2, 1, 0, 0, 5, 1, 1, 0, 2, 5, 6, 0);
  }
}
