package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * How similar two tokens are by their output embeddings: the cosine, and whether one is among the
 * nearest of the other. The latter is a question of rank, since cosines as such say little: some
 * models have all of their embeddings in a narrow cone, and tokens that were hardly trained lie in
 * one place.
 */
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
        def unit(self: __torch__.Similarity, x: Tensor) -> Tensor:
          wide = torch.to(x, 7)
          length = torch.sqrt(torch.sum(torch.mul(wide, wide), [1], True))
          return torch.to(torch.div(wide, torch.clamp_min(length, 1e-30)), 6)
        def cosine(self: __torch__.Similarity, a: Tensor, b: Tensor) -> Tensor:
          return torch.cosine_similarity(torch.to(a, 7), torch.to(b, 7), 1, 1e-30)
        def nearer(self: __torch__.Similarity, a: Tensor, sample: Tensor, own: Tensor, ids: Tensor, of_a: Tensor, of_b: Tensor) -> Tensor:
          larger = torch.gt(torch.matmul((self).unit(a, ), torch.t(sample)), torch.unsqueeze(torch.to(own, 6), 1))
          other = torch.logical_and(torch.ne(ids, torch.unsqueeze(of_a, 1)), torch.ne(ids, torch.unsqueeze(of_b, 1)))
          return torch.sum(torch.logical_and(larger, other), [1])
      """;

  private static final int SAMPLE = 2000;

  /** Of the sampled tokens, fewer than one in so many are nearer than one of the nearest is. */
  private static final int NEAREST = 100;

  private final Transformer model;
  private final ScriptModule script;

  /** (sample). */
  private final NDArray ids;

  /** Their embeddings, brought to length 1, (sample, hidden), float32. */
  private final NDArray sample;

  TokenSimilarity(NDManager manager, Transformer model) {
    this.model = model;
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    long[] tokens = sample(model.architecture().vocabulary());
    ids = manager.create(tokens);
    try (NDManager scope = manager.newSubManager()) {
      sample = script.call(scope, "unit", model.outputEmbeddings(tokens, scope));
      sample.attach(manager);
    }
  }

  /** With a fixed seed: what is near is a property of the model. */
  private static long[] sample(int vocabulary) {
    if (vocabulary <= SAMPLE) {
      return IntStream.range(0, vocabulary).asLongStream().toArray();
    }
    return new Random(1).longs(0, vocabulary).distinct().limit(SAMPLE).sorted().toArray();
  }

  /**
   * Pair by pair.
   *
   * @param cosines of the tokens' output embeddings
   * @param near whether the second token is among the nearest of the first
   */
  record Similarities(double[] cosines, boolean[] near) {}

  Similarities of(NDManager owner, long[] a, long[] b) {
    try (NDManager scope = owner.newSubManager()) {
      NDArray embeddings = model.outputEmbeddings(a, scope);
      NDArray cosines = script.call(scope, "cosine", embeddings, model.outputEmbeddings(b, scope));
      long[] nearer =
          script
              .call(
                  scope,
                  "nearer",
                  embeddings,
                  sample,
                  cosines,
                  ids,
                  scope.create(a),
                  scope.create(b))
              .toLongArray();
      boolean[] near = new boolean[a.length];
      for (int i = 0; i < near.length; i++) {
        near[i] = nearer[i] * NEAREST < ids.size();
      }
      return new Similarities(cosines.toDoubleArray(), near);
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
