package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.VocabularyParts.Part;
import io.github.ffncensus.model.ByteProducts;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * A model's output embedding with its mean over the vocabulary taken off, which changes no ranking
 * and no probability, to be multiplied with many states, a part of the vocabulary at a time: in
 * bytes where these are fast ({@link FixedPointEmbedding}), else in floats. Depends on the model
 * alone: a process makes it once, for all threads, and it goes with the model.
 */
final class CentredEmbedding {
  private static final Map<Transformer, CentredEmbedding> CACHE =
      Collections.synchronizedMap(new WeakHashMap<>());

  private static final String CLASS_NAME = "Embedding";

  /** The numbers are PyTorch's own codes: 6 float32, 7 float64. */
  private static final String SOURCE =
      """
      class Embedding(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Embedding, x: Tensor) -> Tensor:
          return x
        def sums(self: __torch__.Embedding, x: Tensor) -> List[Tensor]:
          wide = torch.to(x, 7)
          longest = torch.amax(torch.sqrt(torch.sum(torch.mul(wide, wide), [1])), [0], True)
          return [torch.sum(wide, [0], True), longest]
        def products(self: __torch__.Embedding, x: Tensor, mean: Tensor) -> Tensor:
          centred = torch.sub(torch.to(x, 7), mean)
          return torch.matmul(torch.t(centred), centred)
        def spread(self: __torch__.Embedding, covariance: Tensor) -> Tensor:
          root = torch.unsqueeze(torch.sqrt(torch.diagonal(covariance)), 0)
          return torch.masked_fill(root, torch.eq(root, 0.), 1.)
        def means(self: __torch__.Embedding, x: Tensor, mean: Tensor) -> Tensor:
          return torch.sum(torch.mul(torch.to(x, 7), mean), [1], True)
        def norms(self: __torch__.Embedding, x: Tensor) -> Tensor:
          wide = torch.to(x, 7)
          return torch.sqrt(torch.sum(torch.mul(wide, wide), [1]))
        def deviations(self: __torch__.Embedding, x: Tensor, covariance: Tensor) -> Tensor:
          wide = torch.to(x, 7)
          return torch.sqrt(torch.clamp_min(torch.sum(torch.mul(torch.matmul(wide, covariance), wide), [1]), 0.))
        def floats(self: __torch__.Embedding, logits: Tensor, means: Tensor) -> Tensor:
          return torch.sub(logits, torch.to(means, 6))
      """;

  /** On a CPU the logits of a part stay in the cache; a GPU needs large products. */
  private static final int HOST_PART = 2048;

  private static final int DEVICE_PART = 1 << 16;

  /** Tokens summed up together. */
  private static final int BLOCK = 1024;

  /** Half a unit in the last place of 1 in float32. */
  private static final double EPSILON = 0x1p-24;

  /** Operations on a float32 before and after its part in a product, generously. */
  private static final int OTHER_OPERATIONS = 64;

  private final Transformer model;
  private final ScriptModule script;

  /** (1, hidden), float64. */
  private final NDArray mean;

  /** Of the columns over the vocabulary, (hidden, hidden), float64. */
  private final NDArray covariance;

  /** Length of the longest row. */
  private final double longest;

  private final VocabularyParts parts;

  /** Null if floats are multiplied. */
  private final FixedPointEmbedding fixed;

  private CentredEmbedding(Transformer model, boolean inBytes, int part) {
    NDManager manager = model.newScope();
    this.model = model;
    parts = new VocabularyParts(model.architecture().vocabulary(), part);
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    int hidden = model.architecture().hidden();
    int vocabulary = model.architecture().vocabulary();
    try (NDManager scope = manager.newSubManager()) {
      NDArray sum = scope.zeros(new Shape(1, hidden), DataType.FLOAT64);
      double[] most = {0};
      forEachBlock(
          scope,
          rows -> {
            NDList sums = script.callForList(rows.getManager(), "sums", rows);
            sum.addi(sums.get(0));
            most[0] = Math.max(most[0], sums.get(1).toDoubleArray()[0]);
          });
      longest = most[0];
      mean = sum.div(vocabulary);
      NDArray products = scope.zeros(new Shape(hidden, hidden), DataType.FLOAT64);
      forEachBlock(
          scope, rows -> products.addi(script.call(rows.getManager(), "products", rows, mean)));
      covariance = products.div(vocabulary);
      mean.attach(manager);
      covariance.attach(manager);
    }
    fixed = inBytes ? fixedPoint(manager) : null;
  }

  static CentredEmbedding of(Transformer model) {
    TorchEngine.prepareThread();
    return CACHE.computeIfAbsent(
        model,
        key ->
            new CentredEmbedding(
                key,
                ByteProducts.fastOn(key.device()),
                key.device().isGpu() ? DEVICE_PART : HOST_PART));
  }

  /**
   * For tests, which try both ways; not shared.
   *
   * @param part tokens whose logits are computed together
   */
  static CentredEmbedding of(Transformer model, boolean inBytes, int part) {
    return new CentredEmbedding(model, inBytes, part);
  }

  private FixedPointEmbedding fixedPoint(NDManager manager) {
    return new FixedPointEmbedding(
        manager,
        mean,
        script.call(manager, "spread", covariance),
        parts.parts(),
        (scope, part) ->
            model.outputEmbeddings(LongStream.range(part.from(), part.to()).toArray(), scope));
  }

  /** The parts of the vocabulary that states are multiplied with. */
  VocabularyParts parts() {
    return parts;
  }

  private void forEachBlock(NDManager scope, Consumer<NDArray> action) {
    int vocabulary = model.architecture().vocabulary();
    for (int from = 0; from < vocabulary; from += BLOCK) {
      try (NDManager block = scope.newSubManager()) {
        long[] tokens = LongStream.range(from, Math.min(vocabulary, from + BLOCK)).toArray();
        action.accept(model.outputEmbeddings(tokens, block));
      }
    }
  }

  /** Whether bytes are multiplied, for which logits are less exact than in float32. */
  boolean inBytes() {
    return fixed != null;
  }

  /** Each row's mean logit over the vocabulary, (rows, 1), float64. */
  NDArray means(NDManager scope, NDArray states) {
    return script.call(scope, "means", states, mean);
  }

  /** The standard deviation of each row's logits over the vocabulary, calculated in float64. */
  double[] deviations(NDManager scope, NDArray states) {
    return script.call(scope, "deviations", states, covariance).toDoubleArray();
  }

  /**
   * How far a logit in float32 may be off, by row: no sum of so many products, in whatever order,
   * can lose more.
   */
  double[] roundings(NDManager scope, NDArray states) {
    double ofLength = (model.architecture().hidden() + OTHER_OPERATIONS) * EPSILON * longest;
    return Arrays.stream(script.call(scope, "norms", states).toDoubleArray())
        .map(length -> length * ofLength)
        .toArray();
  }

  /**
   * @param states (rows, hidden), as a lens gives them to the output embedding
   * @param exact how many of the rows, from the first, are to be multiplied with three digits where
   *     bytes are multiplied; the others are with two
   */
  Query query(NDManager scope, NDArray states, int exact) {
    NDArray means = means(scope, states);
    return fixed == null
        ? new Floats(
            this,
            states,
            scope.ones(means.getShape(), DataType.FLOAT32),
            means,
            new double[(int) means.size()])
        : new Bytes(fixed, fixed.states(scope, states, exact), means);
  }

  /** States on their way to logits. Its arrays belong to the scope that it was made in. */
  sealed interface Query {

    /** Each row's mean logit over the vocabulary, which its logits lack, (rows, 1), float64. */
    NDArray means();

    /** What makes logits of the numbers of a row, (rows, 1); above 0. */
    NDArray units();

    /** How far a row's logits may be off for not being in floats. */
    double[] errors();

    /** A part of the vocabulary, (rows, to - from). */
    NDArray part(NDManager tile, Part part);
  }

  private record Floats(
      CentredEmbedding embedding, NDArray states, NDArray units, NDArray means, double[] errors)
      implements Query {

    @Override
    public NDArray part(NDManager tile, Part part) {
      NDArray logits = embedding.model.project(states, Lens.RAW, part.from(), part.to());
      logits.attach(tile);
      return embedding.script.call(tile, "floats", logits, means);
    }
  }

  private record Bytes(
      FixedPointEmbedding embedding, FixedPointEmbedding.States states, NDArray means)
      implements Query {

    @Override
    public NDArray units() {
      return states.units();
    }

    @Override
    public double[] errors() {
      return states.errors();
    }

    @Override
    public NDArray part(NDManager tile, Part part) {
      return embedding.logits(tile, states, part);
    }
  }
}
