package io.github.ffncensus.knowledge.edit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.knowledge.AnswerScores;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.GradientRecording;
import io.github.ffncensus.model.ResumablePass;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;

/** What tokens are in the space that value vectors write to. For one thread. */
public final class AnswerDirections implements AutoCloseable {
  private final Transformer model;
  private final NDManager manager;
  private final AnswerScores scores;
  private final int top;

  public AnswerDirections(Transformer model) {
    TorchEngine.prepareThread();
    this.model = model;
    this.manager = model.newScope();
    this.scores = new AnswerScores(manager);
    this.top = model.architecture().layers() - 1;
  }

  /**
   * Directions of tokens.
   *
   * @param context at whose first position a gradient is taken; {@link Direction#EMBEDDING} does
   *     not depend on it
   * @return by token, each {@code hidden} long
   */
  public float[][] of(Direction direction, AnswerContext context, int... tokens) {
    float[][] rows = embeddings(tokens);
    return direction == Direction.EMBEDDING ? rows : scaled(gradients(context, tokens), rows);
  }

  private float[][] embeddings(int[] tokens) {
    try (NDManager scope = manager.newSubManager()) {
      long[] ids = Arrays.stream(tokens).asLongStream().toArray();
      NDArray rows = model.outputEmbeddings(ids, scope);
      return rows(model.widened(rows).toFloatArray(), tokens.length);
    }
  }

  /** Of each token's logit less the mean logit, with respect to y of the last layer. */
  private float[][] gradients(AnswerContext context, int[] tokens) {
    int[][] positions = {{context.positions()[0]}};
    try (NDManager scope = manager.newSubManager();
        ResumablePass pass = model.resumable(TokenBatch.of(context.tokens()), positions)) {
      NDArray clean = model.ffnOutput(top, pass.coefficients(top));
      clean.attach(scope);
      // A copy of the one context for each token: their gradients are taken in one backward pass.
      NDArray y = model.widened(clean).expandDims(1).repeat(1, tokens.length);
      y.attach(scope);
      try (GradientRecording recording = new GradientRecording()) {
        recording.leaf(y);
        NDArray logits = model.logits(pass.resume(top, y, scope)).squeeze(new int[] {0, 2});
        NDArray mean = logits.mean(new int[] {1});
        NDArray ids = scope.create(Arrays.stream(tokens).asLongStream().toArray()).expandDims(1);
        NDArray ofTokens = logits.gather(ids, 1).squeeze(1);
        float[] gradients = recording.gradient(ofTokens.sub(mean), y).toFloatArray();
        return rows(gradients, tokens.length);
      }
    }
  }

  private static float[][] scaled(float[][] directions, float[][] lengths) {
    for (int t = 0; t < directions.length; t++) {
      double norm = UpdateRule.norm(directions[t]);
      double scale = norm > 0 ? UpdateRule.norm(lengths[t]) / norm : 0;
      for (int j = 0; j < directions[t].length; j++) {
        directions[t][j] = (float) (scale * directions[t][j]);
      }
    }
    return directions;
  }

  /**
   * The rank of a token, from 1, when the last norm and the head read a direction and nothing else:
   * what an update comes to whose new weight grows without bound.
   */
  public int rank(float[] direction, int token) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray sums = scope.create(direction).expandDims(0);
      NDArray logits = model.logits(model.blockOutput(top, sums));
      return scores.read(logits, new long[] {token}).ranks()[0];
    }
  }

  private static float[][] rows(float[] all, int rows) {
    int width = all.length / rows;
    float[][] split = new float[rows][];
    Arrays.setAll(split, row -> Arrays.copyOfRange(all, row * width, (row + 1) * width));
    return split;
  }

  @Override
  public void close() {
    scores.close();
    manager.close();
  }
}
