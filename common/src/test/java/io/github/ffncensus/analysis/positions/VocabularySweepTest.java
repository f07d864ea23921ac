package io.github.ffncensus.analysis.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.VocabularySweep.Extremes;
import io.github.ffncensus.analysis.positions.VocabularySweep.Predictions;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.Arrays;
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
            new VocabularySweep(scope, model, Lens.RAW, CentredEmbedding.of(model, bytes, part))) {
      NDArray rows = scope.create(vectors, new Shape(ROWS, HIDDEN));
      Extremes extremes = sweep.extremes(scope, rows, Lens.RAW);
      int[] ranks = sweep.ranks(scope, rows, Lens.RAW, extremes.bottom());
      for (int row = 0; row < ROWS; row++) {
        double[] logits = logits(plain, vectors, row);
        int top = lowest(logits, 1);
        int bottom = lowest(logits, -1);
        assertBest(logits, (int) extremes.top()[row], top);
        assertBest(logits, (int) extremes.bottom()[row], bottom);
        // Equal tokens share a rank.
        int last = row == 0 ? 1 : logits.length;
        assertThat(ranks[row]).isBetween(last == 1 ? 1 : last - 1, last);
      }
    }
  }

  /** Of all tokens, not only those at the ends; near ties may come out either way. */
  @ParameterizedTest
  @CsvSource({"gpt2-gelu-new, HEAD", "llama-silu, FOLDED", "bert-gelu, HEAD"})
  void ranks_countTheTokensWithALargerLogit(String fixture, Lens lens) {
    try (Transformer model = load(fixture);
        NDManager scope = model.newScope();
        VocabularySweep sweep =
            new VocabularySweep(scope, model, lens, CentredEmbedding.of(model, true, 64))) {
      PlainLens plain = new PlainLens(Fixture.named(fixture).folder());
      float[] vectors = gaussian(ROWS, 1);
      NDArray rows = scope.create(vectors, new Shape(ROWS, HIDDEN));
      int vocabulary = model.architecture().vocabulary();
      long[] tokens = new long[ROWS];
      Arrays.setAll(tokens, row -> (37L * row) % vocabulary);
      int[] ranks = sweep.ranks(scope, rows, lens, tokens);
      for (int row = 0; row < ROWS; row++) {
        double[] logits = plain.logits(vector(vectors, row), lens);
        double own = logits[(int) tokens[row]];
        double slack = 2e-6 * (1 + Math.abs(own));
        assertThat((long) ranks[row] - 1)
            .isBetween(
                Arrays.stream(logits).filter(x -> x > own + slack).count(),
                Arrays.stream(logits).filter(x -> x > own - slack).count());
      }
    }
  }

  /**
   * States of which one dimension is larger than all others: its size sets the unit of all. With
   * the largest one fixed point is not enough, and floats are taken.
   */
  @ParameterizedTest
  @CsvSource({"RAW, 30", "HEAD, 30", "RAW, 1000", "HEAD, 1000", "RAW, 1e7", "HEAD, 1e7"})
  void outlierDimensions_takeNothingFromProbabilities(Lens lens, float size) {
    try (Transformer model = load("gpt2-gelu-new");
        NDManager scope = model.newScope();
        VocabularySweep sweep =
            new VocabularySweep(scope, model, lens, CentredEmbedding.of(model, true, 64))) {
      PlainLens plain = new PlainLens(Fixture.named("gpt2-gelu-new").folder());
      float[] r = gaussian(ROWS, 1);
      float[] y = gaussian(ROWS, 2);
      for (int row = 0; row < ROWS; row++) {
        r[row * HIDDEN + 5] *= size;
        y[row * HIDDEN + 9] *= size;
      }
      NDArray residual = scope.create(r, new Shape(ROWS, HIDDEN));
      NDArray ffn = scope.create(y, new Shape(ROWS, HIDDEN));
      Predictions found = sweep.predictions(scope, residual, ffn, residual.add(ffn));
      for (int row = 0; row < ROWS; row++) {
        double[] byR = plain.logits(vector(r, row), lens);
        double most = Arrays.stream(byR).max().orElseThrow();
        double largest = Arrays.stream(byR).map(Math::abs).max().orElseThrow();
        double total = Arrays.stream(byR).map(x -> Math.exp(x - most)).sum();
        assertThat(found.logTotal()[row])
            .isCloseTo(most + Math.log(total), within(1e-5 + 1e-6 * largest));
        assertThat(byR[(int) found.residual()[row]]).isCloseTo(most, within(1e-6 * (1 + largest)));
        double[] values = plain.logits(vector(y, row), Lens.FOLDED);
        double mean = Arrays.stream(values).average().orElseThrow();
        double deviation =
            Math.sqrt(
                Arrays.stream(values).map(x -> (x - mean) * (x - mean)).average().orElseThrow());
        assertThat(found.veto()[row])
            .isCloseTo((values[(int) found.residual()[row]] - mean) / deviation, within(1e-4));
      }
    }
  }

  private static float[] gaussian(int rows, int seed) {
    Random random = new Random(seed);
    float[] vectors = new float[rows * HIDDEN];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = (float) random.nextGaussian();
    }
    return vectors;
  }

  private static Transformer load(String fixture) {
    return TransformerLoader.load(
        ModelFolder.open(Fixture.named(fixture).folder()), Device.cpu(), Precision.FLOAT32);
  }

  private static double[] logits(PlainLens plain, float[] vectors, int row) {
    return plain.logits(vector(vectors, row), Lens.RAW);
  }

  private static double[] vector(float[] vectors, int row) {
    double[] vector = new double[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      vector[i] = vectors[row * HIDDEN + i];
    }
    return vector;
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
