package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.VocabularyParts.Part;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;

/**
 * Settles which token has a row's best logit: in float32, among the blocks of tokens whose best is
 * near enough that a less exact product cannot tell. Of equal logits the lowest token wins.
 */
final class Finalists implements AutoCloseable {
  private static final String CLASS_NAME = "Finalists";

  private static final String SOURCE =
      """
      class Finalists(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Finalists, x: Tensor) -> Tensor:
          return x
        def near(self: __torch__.Finalists, blocks: Tensor, margins: Tensor) -> Tensor:
          best = torch.amax(blocks, [1], True)
          rounding = torch.mul(torch.abs(best), 4e-6)
          return torch.nonzero(torch.ge(blocks, torch.sub(best, torch.add(margins, rounding))))
        def select(self: __torch__.Finalists, x: Tensor, rows: Tensor) -> Tensor:
          return torch.index_select(x, 0, rows)
        def best(self: __torch__.Finalists, best: Tensor, token: Tensor, logits: Tensor, first: int) -> List[Tensor]:
          top = torch.amax(logits, [1], False)
          rows = torch.flatten(torch.nonzero(torch.gt(top, best)))
          at = torch.argmax(torch.index_select(logits, 0, rows), 1, False)
          return [torch.maximum(best, top), torch.index_copy(token, 0, rows, torch.add(at, first))]
      """;

  /** A row with more of them is multiplied out. */
  private static final int MOST_BLOCKS = 64;

  /** Blocks settled together. */
  private static final int CHUNK = 1024;

  private final Transformer model;
  private final VocabularyParts parts;
  private final ScriptModule script;

  Finalists(NDManager manager, Transformer model, VocabularyParts parts) {
    this.model = model;
    this.parts = parts;
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /** Which end of the ranking is looked for. */
  enum End {
    TOP,
    BOTTOM
  }

  /**
   * @param states of the lens, (rows, hidden), in {@code scope}
   * @param blocks best logit of each block up to a constant per row, of negated logits for the
   *     bottom, (rows, blocks)
   * @param margins how far the difference of two of them may be off, by row
   * @return the best token of each row
   */
  long[] settle(
      NDManager scope, NDArray states, Lens lens, End end, NDArray blocks, double[] margins) {
    int rows = margins.length;
    float[] narrow = new float[rows];
    for (int row = 0; row < rows; row++) {
      narrow[row] = (float) margins[row];
    }
    NDArray near = script.call(scope, "near", blocks, scope.create(narrow, new Shape(rows, 1)));
    long[] pairs = near.toLongArray();
    int[] counts = new int[rows];
    for (int i = 0; i < pairs.length; i += 2) {
      counts[(int) pairs[i]]++;
    }
    Best best = new Best(rows);
    settleBlocks(scope, states, lens, end, pairs, counts, best);
    settleRows(scope, states, lens, end, counts, best);
    return best.tokens;
  }

  /** The best logit of each row so far. */
  private static final class Best {
    private final long[] tokens;
    private final float[] logits;

    Best(int rows) {
      tokens = new long[rows];
      logits = new float[rows];
      Arrays.fill(tokens, -1);
    }

    void offer(int row, long token, float logit) {
      boolean better =
          tokens[row] < 0 || logit > logits[row] || (logit == logits[row] && token < tokens[row]);
      if (better) {
        tokens[row] = token;
        logits[row] = logit;
      }
    }
  }

  private void settleBlocks(
      NDManager scope, NDArray states, Lens lens, End end, long[] pairs, int[] counts, Best best) {
    long[] rows = new long[pairs.length / 2];
    int[] blocks = new int[rows.length];
    int found = 0;
    for (int i = 0; i < pairs.length; i += 2) {
      if (counts[(int) pairs[i]] <= MOST_BLOCKS) {
        rows[found] = pairs[i];
        blocks[found++] = (int) pairs[i + 1];
      }
    }
    for (int from = 0; from < found; from += CHUNK) {
      int to = Math.min(found, from + CHUNK);
      long[] tokens = new long[(to - from) * VocabularyParts.BLOCK];
      for (int i = from; i < to; i++) {
        parts.tokens(blocks[i], tokens, (i - from) * VocabularyParts.BLOCK);
      }
      try (NDManager chunk = scope.newSubManager()) {
        NDArray of =
            script.call(chunk, "select", states, chunk.create(Arrays.copyOfRange(rows, from, to)));
        float[] logits = model.logitsOf(of, lens, tokens).toFloatArray();
        for (int i = 0; i < logits.length; i++) {
          int row = (int) rows[from + i / VocabularyParts.BLOCK];
          best.offer(row, tokens[i], end == End.TOP ? logits[i] : -logits[i]);
        }
      }
    }
  }

  /** Rows whose logits are all but equal, such as those of zero. */
  private void settleRows(
      NDManager scope, NDArray states, Lens lens, End end, int[] counts, Best best) {
    long[] rows = new long[counts.length];
    int found = 0;
    for (int row = 0; row < counts.length; row++) {
      if (counts[row] > MOST_BLOCKS) {
        rows[found++] = row;
      }
    }
    if (found == 0) {
      return;
    }
    try (NDManager chunk = scope.newSubManager()) {
      NDArray of = script.call(chunk, "select", states, chunk.create(Arrays.copyOf(rows, found)));
      NDList running =
          new NDList(
              chunk.full(new Shape(found), Float.NEGATIVE_INFINITY, DataType.FLOAT32),
              chunk.zeros(new Shape(found), DataType.INT64));
      for (Part part : parts.parts()) {
        try (NDManager tile = chunk.newSubManager()) {
          NDArray logits = model.project(of, lens, part.from(), part.to());
          logits.attach(tile);
          NDArray signed = end == End.TOP ? logits : logits.neg();
          NDList old = running;
          running =
              script.callForList(chunk, "best", old.get(0), old.get(1), signed, (long) part.from());
          old.close();
        }
      }
      float[] logits = running.get(0).toFloatArray();
      long[] tokens = running.get(1).toLongArray();
      for (int i = 0; i < found; i++) {
        best.offer((int) rows[i], tokens[i], logits[i]);
      }
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
