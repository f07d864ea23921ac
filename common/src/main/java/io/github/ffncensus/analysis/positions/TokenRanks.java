package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.DeviceRows;
import io.github.ffncensus.analysis.positions.CentredEmbedding.Query;
import io.github.ffncensus.analysis.positions.VocabularyParts.Part;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Ranks of tokens among the logits of a row, from 1: tokens with a larger logit, plus one. Equal
 * logits share the rank. Most tokens are far enough from the one whose rank it is that a less exact
 * product can tell; the others are compared in float32.
 */
final class TokenRanks implements AutoCloseable {
  private static final String CLASS_NAME = "Ranks";

  /** Of a part: tokens that are certainly above, by row; how many are in doubt; and which. */
  private static final String SOURCE =
      """
      class Ranks(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Ranks, x: Tensor) -> Tensor:
          return x
        def rows(self: __torch__.Ranks, x: Tensor, rows: Tensor) -> Tensor:
          return torch.index_select(x, 0, rows)
        def count(self: __torch__.Ranks, x: Tensor, units: Tensor, shift: Tensor, own: Tensor, margins: Tensor, most: int) -> List[Tensor]:
          above = torch.sub(torch.addcmul(shift, x, units), own)
          doubtful = torch.le(torch.abs(above), margins)
          counts = torch.sum(doubtful, [1], True)
          few = torch.logical_and(doubtful, torch.le(counts, most))
          return [torch.sum(torch.gt(above, margins), [1]), torch.flatten(counts), torch.nonzero(few)]
        def ranks(self: __torch__.Ranks, logits: Tensor, tokens: Tensor) -> Tensor:
          own = torch.gather(logits, 1, torch.unsqueeze(tokens, 1))
          return torch.add(torch.sum(torch.gt(logits, own), [1]), 1)
      """;

  /** A row with more tokens in doubt in any part is multiplied out. */
  private static final int MOST_DOUBTFUL = 128;

  /** Of the bias and the mean, as a share of their sizes, generously. */
  private static final double OTHER_ROUNDINGS = 4e-6;

  /** Tokens in doubt that are compared together. */
  private static final int CHUNK = 4096;

  /** Of logits over the whole vocabulary that are ranked together. */
  private static final long RANKED_BYTES = 32L << 20;

  private final Transformer model;
  private final CentredEmbedding embedding;
  private final VocabularyParts parts;
  private final VocabularyPass pass;
  private final ScriptModule script;

  TokenRanks(
      NDManager manager,
      Transformer model,
      CentredEmbedding embedding,
      VocabularyParts parts,
      VocabularyPass pass) {
    this.model = model;
    this.embedding = embedding;
    this.parts = parts;
    this.pass = pass;
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /**
   * @param vectors (rows, hidden), in {@code scope}
   * @param bias what {@code lens} adds to the products of its states, (1, vocabulary) or a single 0
   * @param tokens one per row
   */
  int[] ranks(NDManager scope, NDArray vectors, Lens lens, NDArray bias, long[] tokens) {
    int[] all = IntStream.range(0, tokens.length).toArray();
    int[] ranks = new int[tokens.length];
    int[] doubtful = embedding.inBytes() ? count(scope, vectors, lens, bias, tokens, ranks) : all;
    if (doubtful.length > 0) {
      NDArray indices = scope.create(Arrays.stream(doubtful).asLongStream().toArray());
      long[] ofDoubtful = Arrays.stream(doubtful).mapToLong(row -> tokens[row]).toArray();
      int[] found = multipliedOut(scope, rows(scope, vectors, indices), lens, ofDoubtful);
      for (int i = 0; i < found.length; i++) {
        ranks[doubtful[i]] = found[i];
      }
    }
    return ranks;
  }

  /**
   * @return rows for which that takes too many comparisons
   */
  private int[] count(
      NDManager scope, NDArray vectors, Lens lens, NDArray bias, long[] tokens, int[] ranks) {
    NDArray states = model.lensStates(vectors, lens);
    Query query = embedding.query(scope, states, 0);
    float[] own = model.logitsOf(states, lens, tokens).toFloatArray();
    double[] means = query.means().toDoubleArray();
    double[] bounds = pass.margins(scope, query, states);
    float[] centred = new float[own.length];
    float[] margins = new float[own.length];
    for (int row = 0; row < own.length; row++) {
      centred[row] = (float) (own[row] - means[row]);
      double size = Math.abs(own[row]) + Math.abs(means[row]);
      margins[row] = (float) (bounds[row] + OTHER_ROUNDINGS * size);
    }
    Shape column = new Shape(own.length, 1);
    NDArray ofToken = scope.create(centred, column);
    NDArray within = scope.create(margins, column);
    boolean[] tooMany = new boolean[own.length];
    Arrays.fill(ranks, 1);
    for (Part part : parts.parts()) {
      try (NDManager tile = scope.newSubManager()) {
        NDList counted =
            script.callForList(
                tile,
                "count",
                query.part(tile, part),
                query.units(),
                pass.of(bias, part, tile),
                ofToken,
                within,
                (long) MOST_DOUBTFUL);
        long[] above = counted.get(0).toLongArray();
        long[] inDoubt = counted.get(1).toLongArray();
        for (int row = 0; row < ranks.length; row++) {
          ranks[row] += (int) above[row];
          tooMany[row] |= inDoubt[row] > MOST_DOUBTFUL;
        }
        compare(tile, states, lens, part, counted.get(2).toLongArray(), own, ranks);
      }
    }
    return IntStream.range(0, ranks.length).filter(row -> tooMany[row]).toArray();
  }

  /**
   * @param pairs a row and a token of the part, one pair after the other
   */
  private void compare(
      NDManager scope,
      NDArray states,
      Lens lens,
      Part part,
      long[] pairs,
      float[] own,
      int[] ranks) {
    long[] rows = new long[pairs.length / 2];
    long[] tokens = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = pairs[2 * i];
      tokens[i] = part.from() + pairs[2 * i + 1];
    }
    for (int from = 0; from < rows.length; from += CHUNK) {
      int to = Math.min(rows.length, from + CHUNK);
      try (NDManager chunk = scope.newSubManager()) {
        NDArray of = rows(chunk, states, chunk.create(Arrays.copyOfRange(rows, from, to)));
        // The token's own logit came from the same kind of product, so that equal ones are equal.
        float[] logits =
            model.logitsOf(of, lens, Arrays.copyOfRange(tokens, from, to)).toFloatArray();
        for (int i = 0; i < logits.length; i++) {
          int row = (int) rows[from + i];
          ranks[row] += logits[i] > own[row] ? 1 : 0;
        }
      }
    }
  }

  private int[] multipliedOut(NDManager scope, NDArray vectors, Lens lens, long[] tokens) {
    long step =
        Math.max(1, RANKED_BYTES / ((long) Float.BYTES * model.architecture().vocabulary()));
    long[] all = new long[tokens.length];
    Arrays.setAll(all, row -> row);
    int[] ranks = new int[tokens.length];
    DeviceRows.forEach(
        all,
        (int) step,
        chunk -> {
          int first = (int) chunk[0];
          try (NDManager some = scope.newSubManager()) {
            // The token's own logit comes from the same product: another may round otherwise.
            NDArray logits = model.logits(rows(some, vectors, some.create(chunk)), lens);
            NDArray wanted = some.create(Arrays.copyOfRange(tokens, first, first + chunk.length));
            long[] found = script.call(some, "ranks", logits, wanted).toLongArray();
            for (int row = 0; row < found.length; row++) {
              ranks[first + row] = Math.toIntExact(found[row]);
            }
          }
        });
    return ranks;
  }

  private NDArray rows(NDManager scope, NDArray x, NDArray rows) {
    return script.call(scope, "rows", x, rows);
  }

  @Override
  public void close() {
    script.close();
  }
}
