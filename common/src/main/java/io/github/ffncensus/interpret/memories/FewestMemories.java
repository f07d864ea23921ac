package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How many memories of a layer it takes to say what the layer's FFN says: the smallest n such that
 * the sum of the n memories with the largest contributions predicts top(y).
 *
 * <p>A product with the output embedding for every n would be neurons x vocabulary x hidden
 * operations per position. Instead, the smallest n that is not ruled out is tried; the tokens that
 * win there rule out every n at which they are ahead of top(y), which a product with their rows of
 * the embedding tells of all n at once, because values are read linearly. That leaves the same
 * answer, and a few tries per position.
 */
final class FewestMemories implements AutoCloseable {
  /** Positions together; each needs some 30 bytes per neuron. */
  private static final int POSITIONS = 128;

  /** Of a try, the tokens with the largest logits that rule out others. */
  private static final int RIVALS = 4;

  private static final String CLASS_NAME = "Fewest";

  private static final String SOURCE =
      """
      class Fewest(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Fewest, x: Tensor) -> Tensor:
          return x
        def ordered(self: __torch__.Fewest, m: Tensor, lengths: Tensor) -> List[Tensor]:
          contributions = torch.mul(torch.abs(m), lengths)
          largest, order = torch.sort(contributions, stable=True, dim=1, descending=True)
          return [order, torch.gather(m, 1, order), torch.gt(largest, 0)]
        def first(self: __torch__.Fewest, possible: Tensor) -> List[Tensor]:
          return [torch.argmax(torch.to(possible, 3), 1, False), torch.sum(possible, [1])]
        def sums(self: __torch__.Fewest, order: Tensor, m: Tensor, places: Tensor, last: Tensor, values: Tensor) -> Tensor:
          kept = torch.mul(m, torch.le(places, torch.unsqueeze(last, 1)))
          return torch.matmul(torch.scatter(torch.zeros_like(m), 1, order, kept), values)
        def best(self: __torch__.Fewest, x: Tensor, width: int) -> List[Tensor]:
          largest, ids = torch.topk(x, width, 1, True, True)
          return [torch.argmax(x, 1, False), ids]
        def rows(self: __torch__.Fewest, x: Tensor, rows: Tensor) -> Tensor:
          return torch.index_select(x, 0, rows)
        def left(self: __torch__.Fewest, possible: Tensor, places: Tensor, tried: Tensor) -> Tensor:
          return torch.logical_and(possible, torch.ne(places, torch.unsqueeze(tried, 1)))
        def behind(self: __torch__.Fewest, possible: Tensor, order: Tensor, m: Tensor, logits: Tensor, wanted: Tensor, rival: Tensor, earlier: Tensor) -> Tensor:
          lead = torch.sub(torch.index_select(logits, 0, rival), torch.index_select(logits, 0, wanted))
          ahead = torch.cumsum(torch.mul(torch.gather(lead, 1, order), m), 1)
          wins = torch.logical_or(torch.gt(ahead, 0), torch.logical_and(torch.eq(ahead, 0), torch.unsqueeze(earlier, 1)))
          return torch.logical_and(possible, torch.logical_not(wins))
      """;

  private final Transformer model;
  private final Lens lens;
  private final ScriptModule script;
  private final NDManager manager;
  private final NDArray values;
  private final NDArray lensValues;
  private final NDArray places;

  FewestMemories(Transformer model, int layer) {
    this.model = model;
    this.lens = Lens.ofValues(model.architecture());
    this.manager = model.newScope();
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    int neurons = model.architecture().intermediate();
    this.values = model.widened(model.values(layer, 0, neurons, manager));
    this.lensValues = model.lensStates(values, lens);
    this.places = manager.arange(0, neurons, 1, DataType.INT64).expandDims(0);
    values.attach(manager);
    lensValues.attach(manager);
  }

  /**
   * By position; 0 where not even all memories predict the token, since y has a bias as well.
   *
   * @param coefficients m, float32 (positions, neurons)
   * @param lengths of the value vectors, (neurons)
   * @param wanted top(y)
   */
  int[] of(NDArray coefficients, NDArray lengths, long[] wanted) {
    int[] fewest = new int[wanted.length];
    for (int from = 0; from < wanted.length; from += POSITIONS) {
      Search search =
          search(coefficients, lengths, wanted, from, Math.min(wanted.length, from + POSITIONS));
      while (search != null) {
        try (Search tried = search) {
          search = next(tried, fewest);
        }
      }
    }
    return fewest;
  }

  private Search search(NDArray coefficients, NDArray lengths, long[] wanted, int from, int to) {
    NDManager owner = manager.newSubManager();
    NDArray m = coefficients.get(new NDIndex("{}:{}", from, to));
    m.attach(owner);
    NDList ordered = script.callForList(owner, "ordered", m, lengths);
    return new Search(
        owner,
        IntStream.range(from, to).toArray(),
        Arrays.copyOfRange(wanted, from, to),
        ordered.get(0),
        ordered.get(1),
        ordered.get(2));
  }

  /**
   * Positions whose answer is not known yet.
   *
   * @param owner of the arrays
   * @param order neurons, those with the largest contributions first, (positions, neurons)
   * @param m their coefficients in that order
   * @param possible whether the memories up to a place may be the answer
   */
  private record Search(
      NDManager owner, int[] positions, long[] wanted, NDArray order, NDArray m, NDArray possible)
      implements AutoCloseable {

    @Override
    public void close() {
      owner.close();
    }
  }

  /**
   * Tries the first possible place of every position.
   *
   * @return what is open after that; null if nothing is
   */
  private Search next(Search search, int[] fewest) {
    try (NDManager scope = manager.newSubManager()) {
      NDList first = script.callForList(scope, "first", search.possible());
      long[] tried = first.get(0).toLongArray();
      long[] possible = first.get(1).toLongArray();
      Best best = best(scope, search, first.get(0));
      List<Integer> open = new ArrayList<>();
      for (int row = 0; row < tried.length; row++) {
        if (possible[row] > 0 && best.top()[row] == search.wanted()[row]) {
          fewest[search.positions()[row]] = (int) tried[row] + 1;
        } else if (possible[row] > 0) {
          open.add(row);
        }
      }
      int[] rows = open.stream().mapToInt(row -> row).toArray();
      return rows.length == 0 ? null : left(scope, search, rows, tried, best);
    }
  }

  /**
   * Rows of a search without the places that a try rules out.
   *
   * @param tried place of each row of the search
   */
  private Search left(NDManager scope, Search search, int[] rows, long[] tried, Best best) {
    NDManager owner = manager.newSubManager();
    NDArray index = scope.create(Arrays.stream(rows).asLongStream().toArray());
    long[] wanted = at(search.wanted(), rows);
    NDArray order = script.call(owner, "rows", search.order(), index);
    NDArray m = script.call(owner, "rows", search.m(), index);
    NDArray possible =
        script.call(
            scope,
            "left",
            script.call(scope, "rows", search.possible(), index),
            places,
            scope.create(at(tried, rows)));
    for (int k = 0; k < best.width(); k++) {
      int column = k;
      long[] rivals =
          Arrays.stream(rows)
              .mapToLong(row -> best.rivals()[row * best.width() + column])
              .toArray();
      possible = behind(scope, possible, order, m, wanted, rivals);
    }
    possible.attach(owner);
    int[] positions = Arrays.stream(rows).map(row -> search.positions()[row]).toArray();
    return new Search(owner, positions, wanted, order, m, possible);
  }

  private static long[] at(long[] values, int[] rows) {
    return Arrays.stream(rows).mapToLong(row -> values[row]).toArray();
  }

  /**
   * What the sums of memories up to a place predict.
   *
   * @param rivals tokens with the largest logits, row by row
   */
  private record Best(long[] top, long[] rivals, int width) {}

  private Best best(NDManager scope, Search search, NDArray last) {
    NDArray sums = script.call(scope, "sums", search.order(), search.m(), places, last, values);
    int rows = search.positions().length;
    int width = Math.min(RIVALS, model.architecture().vocabulary());
    Best best = new Best(new long[rows], new long[rows * width], width);
    int block = LogitBlocks.of(model).rows();
    for (int from = 0; from < rows; from += block) {
      try (NDManager ofBlock = scope.newSubManager()) {
        NDArray part = sums.get(new NDIndex("{}:{}", from, Math.min(rows, from + block)));
        part.attach(ofBlock);
        NDArray logits = model.logits(part, lens);
        logits.attach(ofBlock);
        NDList found = script.callForList(ofBlock, "best", logits, (long) width);
        long[] top = found.get(0).toLongArray();
        long[] rivals = found.get(1).toLongArray();
        System.arraycopy(top, 0, best.top(), from, top.length);
        System.arraycopy(rivals, 0, best.rivals(), from * width, rivals.length);
      }
    }
    return best;
  }

  /** What is possible of all places once those are left out where a rival is ahead. */
  private NDArray behind(
      NDManager scope, NDArray possible, NDArray order, NDArray m, long[] wanted, long[] rivals) {
    long[] tokens =
        LongStream.concat(Arrays.stream(wanted), Arrays.stream(rivals))
            .sorted()
            .distinct()
            .toArray();
    boolean[] earlier = new boolean[wanted.length];
    for (int row = 0; row < wanted.length; row++) {
      earlier[row] = rivals[row] < wanted[row];
    }
    try (NDManager temporary = scope.newSubManager()) {
      NDArray embeddings = model.widened(model.outputEmbeddings(tokens, temporary));
      embeddings.attach(temporary);
      NDArray columns = lensValues.transpose();
      columns.attach(temporary);
      NDArray logits = embeddings.matMul(columns);
      logits.attach(temporary);
      return script.call(
          scope,
          "behind",
          possible,
          order,
          m,
          logits,
          temporary.create(indices(wanted, tokens)),
          temporary.create(indices(rivals, tokens)),
          temporary.create(earlier));
    }
  }

  private static long[] indices(long[] tokens, long[] sorted) {
    return Arrays.stream(tokens).map(token -> Arrays.binarySearch(sorted, token)).toArray();
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
