package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDManager;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.Random;

/** Cosines of output embeddings, and which of them are large for this model. */
final class TokenSimilarity implements AutoCloseable {
  private static final String CLASS_NAME = "Similarity";

  private static final String SOURCE =
      """
      class Similarity(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Similarity, x: Tensor) -> Tensor:
          return x
        def cosine(self: __torch__.Similarity, a: Tensor, b: Tensor) -> Tensor:
          return torch.cosine_similarity(torch.to(a, 7), torch.to(b, 7), 1, 1e-30)
      """;

  private static final int PAIRS = 20_000;
  private static final int CHUNK = 1000;

  /** Share of random pairs with a smaller cosine. */
  private static final double SMALLER = 0.99;

  private final Transformer model;
  private final ScriptModule script;
  private final double large;

  TokenSimilarity(NDManager manager, Transformer model) {
    this.model = model;
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    int vocabulary = model.architecture().vocabulary();
    // A fixed seed: what is large is a property of the model.
    Random random = new Random(1);
    double[] cosines = new double[PAIRS];
    for (int from = 0; from < PAIRS; from += CHUNK) {
      long[] a = random.longs(CHUNK, 0, vocabulary).toArray();
      // Of two different tokens: one and the same would be as similar as can be.
      long[] b = random.longs(CHUNK, 1, Math.max(2, vocabulary)).toArray();
      Arrays.setAll(b, i -> (a[i] + b[i]) % vocabulary);
      System.arraycopy(cosines(manager, a, b), 0, cosines, from, CHUNK);
    }
    Arrays.sort(cosines);
    large = cosines[(int) (SMALLER * PAIRS)];
  }

  /** Of the output embeddings of tokens, pair by pair. */
  double[] cosines(NDManager owner, long[] a, long[] b) {
    try (NDManager scope = owner.newSubManager()) {
      return script
          .call(scope, "cosine", model.outputEmbeddings(a, scope), model.outputEmbeddings(b, scope))
          .toDoubleArray();
    }
  }

  /** Whether so large a cosine has one in a hundred random pairs. */
  boolean isLarge(double cosine) {
    return cosine >= large;
  }

  @Override
  public void close() {
    script.close();
  }
}
