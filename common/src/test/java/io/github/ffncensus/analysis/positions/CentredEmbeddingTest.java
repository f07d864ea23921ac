package io.github.ffncensus.analysis.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.CentredEmbedding.Query;
import io.github.ffncensus.analysis.positions.VocabularyParts.Part;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with the embedding, in bytes and in floats, against double arithmetic. */
class CentredEmbeddingTest {

  static Stream<Arguments> ways() {
    return Stream.of("gpt2-gelu-new", "llama-silu", "bert-gelu", "gpt2-relu-untied")
        .flatMap(
            model ->
                Stream.of(
                    Arguments.of(model, true, 0),
                    Arguments.of(model, true, 5),
                    Arguments.of(model, true, 12),
                    Arguments.of(model, false, 0)));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void parts_areLogitsWithinTheirBounds(String name, boolean bytes, int exact) {
    Fixture fixture = Fixture.named(name);
    PlainLens plain = new PlainLens(fixture.folder());
    try (Transformer model =
            TransformerLoader.load(
                ModelFolder.open(fixture.folder()), Device.cpu(), Precision.FLOAT32);
        NDManager scope = model.newScope()) {
      float[][] states = states(model.architecture().hidden());
      NDArray rows = scope.create(flat(states), new Shape(states.length, states[0].length));
      CentredEmbedding embedding = CentredEmbedding.of(model, bytes, 100);
      Query query = embedding.query(scope, rows, exact);
      float[] units = query.units().toFloatArray();
      double[] means = query.means().toDoubleArray();
      double[] errors = query.errors();
      double[] roundings = embedding.roundings(scope, rows);
      double[] deviations = embedding.deviations(scope, rows);
      double[] largest = new double[errors.length];
      for (Part tokens : embedding.parts().parts()) {
        int from = tokens.from();
        int to = tokens.to();
        float[] part = query.part(scope, tokens).toFloatArray();
        for (int row = 0; row < states.length; row++) {
          double[] expected = plain.logits(doubles(states[row]), Lens.RAW);
          checkMoments(expected, means[row], deviations[row]);
          for (int token = from; token < to; token++) {
            double actual = part[row * (to - from) + token - from] * units[row] + means[row];
            double off = Math.abs(actual - expected[token]);
            assertThat(off).isLessThanOrEqualTo(errors[row] + roundings[row] + 1e-30);
            largest[row] = Math.max(largest[row], off);
          }
        }
      }
      // The bounds are not so wide that anything would be within them.
      if (bytes) {
        assertThat(largest[0]).isGreaterThan(errors[0] / 100);
      }
    }
  }

  private static void checkMoments(double[] logits, double mean, double deviation) {
    double expected = Arrays.stream(logits).average().orElseThrow();
    double variance =
        Arrays.stream(logits).map(x -> (x - expected) * (x - expected)).average().orElseThrow();
    assertThat(mean).isCloseTo(expected, within(1e-9 * (1 + Math.abs(expected))));
    assertThat(deviation).isCloseTo(Math.sqrt(variance), within(1e-9 * (1 + deviation)));
  }

  /** Ordinary ones, one with a single large number, one of zeros. */
  private static float[][] states(int hidden) {
    Random random = new Random(1);
    float[][] states = new float[12][hidden];
    for (int row = 0; row < 11; row++) {
      for (int i = 0; i < hidden; i++) {
        states[row][i] = (float) random.nextGaussian() * (row + 1);
      }
    }
    states[3][1] = 1000;
    return states;
  }

  private static float[] flat(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, flat, row * rows[row].length, rows[row].length);
    }
    return flat;
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    Arrays.setAll(wide, i -> values[i]);
    return wide;
  }
}
