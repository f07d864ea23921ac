package io.github.ffncensus.knowledge;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ScriptModule;

/** What logits say of single tokens. Arrays are reduced on the device. */
public final class AnswerScores implements AutoCloseable {
  private static final String CLASS_NAME = "Answers";

  private static final String SOURCE =
      """
      class Answers(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Answers, x: Tensor) -> Tensor:
          return x
        def read(self: __torch__.Answers, x: Tensor, answers: Tensor, ids: Tensor) -> List[Tensor]:
          answer = torch.gather(x, 1, answers)
          log_probability = torch.sub(answer, torch.logsumexp(x, [1], True))
          ahead = torch.sum(torch.gt(x, answer), [1])
          equal = torch.sum(torch.logical_and(torch.eq(x, answer), torch.lt(ids, answers)), [1])
          return [log_probability, torch.add(ahead, equal), torch.argmax(x, 1)]
        def log_probability(self: __torch__.Answers, x: Tensor, answers: Tensor) -> Tensor:
          return torch.gather(torch.log_softmax(x, -1), -1, answers)
        def contrast(self: __torch__.Answers, x: Tensor, answers: Tensor, foils: Tensor) -> Tensor:
          return torch.sub(torch.gather(x, -1, answers), torch.gather(x, -1, foils))
      """;

  private final NDManager manager;
  private final ScriptModule script;

  /**
   * @param parent on whose device logits will lie
   */
  public AnswerScores(NDManager parent) {
    manager = parent.newSubManager();
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /**
   * One token of each row, on the host.
   *
   * @param logProbabilities log p(token)
   * @param ranks of the token among the vocabulary, from 1; of equal logits the lower token id
   *     comes first
   * @param predicted the top token
   */
  public record Scores(float[] logProbabilities, int[] ranks, int[] predicted) {}

  /**
   * Reads rows of logits.
   *
   * @param logits float32 (rows, vocabulary)
   * @param tokens one per row
   * @throws CensusException of kind RUN_FAILED if a prediction is not finite
   */
  public Scores read(NDArray logits, long[] tokens) {
    try (NDManager scope = manager.newSubManager()) {
      NDList read =
          script.callForList(
              scope,
              "read",
              logits,
              scope.create(tokens).expandDims(1),
              scope.arange(0, (int) logits.getShape().get(1), 1, DataType.INT64));
      float[] logProbabilities = read.get(0).toFloatArray();
      long[] ahead = read.get(1).toLongArray();
      long[] top = read.get(2).toLongArray();
      int[] ranks = new int[tokens.length];
      int[] predicted = new int[tokens.length];
      for (int row = 0; row < tokens.length; row++) {
        requireFinite(logProbabilities[row]);
        ranks[row] = (int) ahead[row] + 1;
        predicted[row] = (int) top[row];
      }
      return new Scores(logProbabilities, ranks, predicted);
    }
  }

  private static void requireFinite(float logProbability) {
    if (!Float.isFinite(logProbability)) {
      throw CensusException.runFailed(
          "the model's predictions are not finite; with census.model.precision = float16 an"
              + " overflow is likely: use float32 or bfloat16");
    }
  }

  /**
   * log p(token). Gradients flow through it.
   *
   * @param logits float32 (..., vocabulary)
   * @param tokens int64 (..., 1)
   * @return (..., 1); belongs to the logits' manager
   */
  public NDArray logProbabilities(NDArray logits, NDArray tokens) {
    return script.apply("log_probability", logits, tokens);
  }

  /**
   * log p(token) - log p(foil). Gradients flow through it.
   *
   * @param logits float32 (..., vocabulary)
   * @param tokens int64 (..., 1)
   * @param foils int64 (..., 1)
   * @return (..., 1); belongs to the logits' manager
   */
  public NDArray contrasts(NDArray logits, NDArray tokens, NDArray foils) {
    return script.apply("contrast", logits, tokens, foils);
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
