package io.github.ffncensus.analysis.activations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One selector over many kinds of rows, because it carries a guess from row to row. */
class TopSelectorTest {

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 50", "7, 50", "32, 33", "50, 50", "80, 50", "32, 1000"})
  void select_equalsASort(int wanted, int width) {
    TopSelector selector = new TopSelector(wanted, width);
    Random random = new Random(wanted);
    for (int round = 0; round < 400; round++) {
      float[] row = row(round % 8, width, random);
      float[] shifted = new float[width + 3];
      System.arraycopy(row, 0, shifted, 3, width);
      int count = selector.select(shifted, 3, width);
      List<Integer> expected =
          IntStream.range(0, width)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer i) -> -row[i]))
              .limit(wanted)
              .toList();
      assertThat(count).isEqualTo(expected.size());
      assertThat(Arrays.stream(selector.neurons).limit(count).boxed().toList())
          .as("round %d", round)
          .isEqualTo(expected);
      for (int i = 0; i < count; i++) {
        assertThat(selector.values[i]).isEqualTo(row[expected.get(i)]);
      }
    }
  }

  private static float[] row(int kind, int width, Random random) {
    float[] row = new float[width];
    for (int i = 0; i < width; i++) {
      row[i] =
          switch (kind) {
            case 0 -> 0;
            case 1 -> width - i;
            case 2 -> i;
            case 3 -> (float) random.nextGaussian();
            case 4 -> 1e6f + random.nextInt(3);
            case 5 -> -Float.MAX_VALUE;
            case 6 -> random.nextInt(4);
            default -> i == width / 2 ? 5 : -(float) Math.abs(random.nextGaussian());
          };
    }
    return row;
  }
}
