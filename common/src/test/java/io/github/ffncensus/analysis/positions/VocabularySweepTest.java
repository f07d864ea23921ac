package io.github.ffncensus.analysis.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.VocabularySweep.Extremes;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Best tokens and ranks among logits that are made to be hard to tell apart. */
class VocabularySweepTest {
  private static final int HIDDEN = 32;
  private static final int ROWS = 60;

  @TempDir Path folder;

  /**
   * Tokens in pairs: every odd one is the one before it, as it is or nearly; and one vector for
   * which all of them are equal.
   */
  @ParameterizedTest
  @CsvSource({"true, 2048", "true, 50", "true, 8", "false, 2048", "false, 50", "false, 1"})
  void nearTies_areSettledExactly(boolean bytes, int part) {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    float[] embedding = copy.values("transformer.wte.weight");
    Random random = new Random(3);
    for (int row = 1; row < embedding.length / HIDDEN; row += 2) {
      for (int i = 0; i < HIDDEN; i++) {
        float nudge = row % 4 == 1 ? 1 : 1 + (random.nextFloat() - 0.5f) * 1e-3f;
        embedding[row * HIDDEN + i] = embedding[(row - 1) * HIDDEN + i] * nudge;
      }
    }
    ModelFolder changed = ModelFolder.open(copy.write());
    PlainLens plain = new PlainLens(folder);
    float[] vectors = new float[ROWS * HIDDEN];
    for (int i = HIDDEN; i < vectors.length; i++) {
      vectors[i] = (float) random.nextGaussian();
    }
    try (Transformer model = TransformerLoader.load(changed, Device.cpu(), Precision.FLOAT32);
        NDManager scope = model.newScope();
        VocabularySweep sweep =
            new VocabularySweep(scope, model, Lens.RAW, CentredEmbedding.of(model, bytes), part)) {
      NDArray rows = scope.create(vectors, new Shape(ROWS, HIDDEN));
      Extremes extremes = sweep.extremes(scope, rows, Lens.RAW);
      int[] ranks = sweep.ranks(scope, rows, Lens.RAW, extremes.bottom());
      for (int row = 0; row < ROWS; row++) {
        double[] logits = logits(plain, vectors, row);
        int top = lowest(logits, 1);
        int bottom = lowest(logits, -1);
        assertBest(logits, (int) extremes.top()[row], top);
        assertBest(logits, (int) extremes.bottom()[row], bottom);
        // Equal tokens share a rank, and so do those that cannot be told apart.
        int last = row == 0 ? 1 : logits.length;
        assertThat(ranks[row]).isBetween(last == 1 ? 1 : last - 1, last);
      }
    }
  }

  private static double[] logits(PlainLens plain, float[] vectors, int row) {
    double[] vector = new double[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      vector[i] = vectors[row * HIDDEN + i];
    }
    return plain.logits(vector, Lens.RAW);
  }

  private static int lowest(double[] logits, int sign) {
    int best = 0;
    for (int token = 1; token < logits.length; token++) {
      best = sign * logits[token] > sign * logits[best] ? token : best;
    }
    return best;
  }

  /** The same token, unless float32 itself cannot tell the two apart. */
  private static void assertBest(double[] logits, int actual, int expected) {
    assertThat(logits[actual])
        .isCloseTo(logits[expected], within(1e-6 * (1 + Math.abs(logits[expected]))));
    if (logits[actual] == logits[expected]) {
      assertThat(actual).isEqualTo(expected);
    }
  }
}
