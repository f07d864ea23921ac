package io.github.ffncensus.analysis.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.positions.TokenSimilarity.Similarities;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tokens are near, against plain arithmetic over whole vocabularies. */
class TokenSimilarityTest {
  private static final float[] CONE = {40, -30, 20};

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu", "gpt2-relu-untied"})
  void near_areFewerThanOneInAHundred(String name) {
    check(Fixture.named(name).folder());
  }

  /** What is the same in all embeddings makes their cosines large; none is nearer for it. */
  @Test
  void near_areAsFewInANarrowCone() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    float[] embedding = copy.values("transformer.wte.weight");
    int hidden = 32;
    for (int at = 0; at < embedding.length; at++) {
      int column = at % hidden;
      embedding[at] += column < CONE.length ? CONE[column] : 0;
    }
    copy.write();
    check(folder);
  }

  private static void check(Path folder) {
    PlainLens plain = new PlainLens(folder);
    try (Transformer model =
            TransformerLoader.load(ModelFolder.open(folder), Device.cpu(), Precision.FLOAT32);
        NDManager scope = model.newScope();
        TokenSimilarity similarity = new TokenSimilarity(scope, model)) {
      int vocabulary = model.architecture().vocabulary();
      assertThat(vocabulary).isLessThanOrEqualTo(2000);
      int nearPairs = 0;
      for (int a = 3; a < vocabulary; a += 97) {
        long[] others = IntStream.range(0, vocabulary).asLongStream().toArray();
        long[] same = new long[vocabulary];
        Arrays.fill(same, a);
        Similarities found = similarity.of(scope, same, others);
        double[] cosines = new double[vocabulary];
        for (int b = 0; b < vocabulary; b++) {
          cosines[b] = PlainPositions.cosine(plain.outputEmbedding(a), plain.outputEmbedding(b));
          assertThat(found.cosines()[b]).isCloseTo(cosines[b], within(1e-6));
        }
        for (int b = 0; b < vocabulary; b++) {
          boolean certainly = nearer(cosines, a, b, -1e-6) * 100 < vocabulary;
          boolean possibly = nearer(cosines, a, b, 1e-6) * 100 < vocabulary;
          if (certainly == possibly) {
            assertThat(found.near()[b]).isEqualTo(certainly);
            nearPairs += certainly && a != b ? 1 : 0;
          }
        }
      }
      int tokens = (vocabulary - 3 + 96) / 97;
      assertThat((double) nearPairs / tokens / vocabulary).isBetween(0.005, 0.015);
    }
  }

  private static long nearer(double[] cosines, int a, int b, double slack) {
    return IntStream.range(0, cosines.length)
        .filter(other -> other != a && other != b && cosines[other] > cosines[b] + slack)
        .count();
  }
}
