package io.github.ffncensus.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.TransformerWeights.Head;
import io.github.ffncensus.model.TransformerWeights.Linear;
import io.github.ffncensus.model.TransformerWeights.Reading;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A transformer on one device and its one forward pass, the same code for every declared family.
 *
 * <p>Safe for use by several threads at once, each of which calls {@link TorchEngine#prepareThread}
 * first. Arrays returned belong to the manager passed in; all others are freed before a method
 * returns.
 */
public final class Transformer implements AutoCloseable {
  /** Tokens of a 16-bit output embedding that are widened together. */
  private static final int WIDENED_TOKENS = 8192;

  private final Architecture architecture;
  private final TransformerWeights weights;
  private final Kernels kernels;
  private final Operations operations;
  private final List<Block> blocks;

  /** What predictions are read with besides the output embedding, in float32. */
  private final Reading reading;

  private final Precision precision;
  private final NDManager manager;

  /** Whether another transformer, which this one was made from, frees the kernels. */
  private final boolean borrowedKernels;

  Transformer(
      Architecture architecture,
      TransformerWeights weights,
      Kernels kernels,
      Precision precision,
      NDManager manager) {
    this(architecture, weights, kernels, precision, manager, false);
  }

  private Transformer(
      Architecture architecture,
      TransformerWeights weights,
      Kernels kernels,
      Precision precision,
      NDManager manager,
      boolean borrowedKernels) {
    this.architecture = architecture;
    this.weights = weights;
    this.kernels = kernels;
    this.operations = new Operations(architecture, kernels);
    this.blocks =
        IntStream.range(0, architecture.layers())
            .mapToObj(l -> new Block(l, weights.layers().get(l), operations))
            .toList();
    this.reading = weights.reading(kernels, manager);
    this.precision = precision;
    this.manager = manager;
    this.borrowedKernels = borrowedKernels;
  }

  public Architecture architecture() {
    return architecture;
  }

  /** What the forward pass calculates with. */
  public Precision precision() {
    return precision;
  }

  public Device device() {
    return manager.getDevice();
  }

  /** A manager on this model's device for the arrays of one batch; the caller closes it. */
  public NDManager newScope() {
    return manager.newSubManager();
  }

  /**
   * Runs a batch for its observers alone: what lies above the last tensor that they ask for is not
   * computed.
   *
   * @throws CensusException of kind INPUT if a sequence is longer than the model takes
   */
  public void observe(TokenBatch batch, List<? extends ForwardObserver> observers) {
    observe(batch, observers, Intervention.NONE);
  }

  /** As {@link #observe(TokenBatch, List)}, with coefficients changed on the way. */
  public void observe(
      TokenBatch batch, List<? extends ForwardObserver> observers, Intervention intervention) {
    try (NDManager scope = newScope()) {
      run(batch, observers, intervention, scope, false);
    }
  }

  /**
   * Runs a batch to the end.
   *
   * @return the last layer's output o, (batch, length, hidden), before any final norm
   * @throws CensusException of kind INPUT if a sequence is longer than the model takes
   */
  public NDArray states(
      TokenBatch batch, List<? extends ForwardObserver> observers, NDManager owner) {
    return states(batch, observers, Intervention.NONE, owner);
  }

  /** As {@link #states(TokenBatch, List, NDManager)}, with coefficients changed on the way. */
  public NDArray states(
      TokenBatch batch,
      List<? extends ForwardObserver> observers,
      Intervention intervention,
      NDManager owner) {
    try (NDManager scope = owner.newSubManager()) {
      NDArray states = run(batch, observers, intervention, scope, true);
      states.attach(owner);
      return states;
    }
  }

  /**
   * Runs a batch once, so that the rest of the model can be run again from the FFN of any layer.
   *
   * @param positions by sequence, ascending, at least one: those at which something will change or
   *     be read
   * @return the caller closes it
   * @throws CensusException of kind INPUT if a sequence is longer than the model takes
   */
  public ResumablePass resumable(TokenBatch batch, int[][] positions) {
    checkLength(batch);
    return new ResumablePass(blocks, operations, weights, precision, manager, batch, positions);
  }

  /**
   * y: what an FFN makes of coefficients.
   *
   * @param coefficients (..., intermediate), float32 or in the model's precision
   * @return (..., hidden), in the model's precision; belongs to the coefficients' manager
   */
  public NDArray ffnOutput(int layer, NDArray coefficients) {
    return blocks.get(layer).ffnOutput(kernels.cast(coefficients, precision));
  }

  /**
   * Takes a gradient from an FFN's output back to its coefficients: its product with each value
   * vector.
   *
   * @param gradients with respect to y, (..., hidden), float32 or in the model's precision
   * @return with respect to m, (..., intermediate), float32; belongs to the gradients' manager
   */
  public NDArray coefficientGradients(int layer, NDArray gradients) {
    NDManager owner = gradients.getManager();
    try (NDManager scope = owner.newSubManager()) {
      NDArray narrow = kernels.cast(gradients, precision);
      if (narrow != gradients) {
        narrow.attach(scope);
      }
      NDArray product = narrow.matMul(weights.layers().get(layer).down().weight());
      product.attach(scope);
      NDArray wide = kernels.cast(product, Precision.FLOAT32);
      wide.attach(owner);
      return wide;
    }
  }

  /**
   * Whether the checkpoint can predict tokens; one saved without its head, or the encoder of an
   * encoder-decoder model, cannot.
   */
  public boolean hasHead() {
    return weights.head().isPresent();
  }

  /**
   * Value vectors v_i of one layer: columns of the FFN's second matrix.
   *
   * @param from first neuron
   * @param to end, exclusive
   * @return (to - from, hidden), in the model's precision
   */
  public NDArray values(int layer, int from, int to, NDManager owner) {
    try (NDManager scope = owner.newSubManager()) {
      NDArray down = weights.layers().get(layer).down().weight();
      NDArray range = down.get(new NDIndex(":, {}:{}", from, to));
      range.attach(scope);
      NDArray columns = range.transpose();
      columns.attach(owner);
      return columns;
    }
  }

  /**
   * What leaves a layer's block when its FFN has written into the residual stream.
   *
   * @param sums r + y, (rows, hidden), float32 or in the model's precision
   * @return o, (rows, hidden), in the model's precision
   */
  public NDArray blockOutput(int layer, NDArray sums) {
    NDManager owner = sums.getManager();
    try (NDManager scope = owner.newSubManager()) {
      sums.attach(scope);
      NDArray output = blocks.get(layer).output(kernels.cast(sums, precision));
      output.attach(owner);
      sums.attach(owner);
      return output;
    }
  }

  /**
   * A model in which some neurons have other value vectors. It shares all other weights with this
   * one, whose own never change, and must be closed before it; closing it frees the copies alone.
   *
   * @param replaced a neuron at most once
   */
  public Transformer withValues(List<ValueVector> replaced) {
    NDManager copies = newScope();
    try {
      TransformerWeights edited = weights.withValues(replaced, kernels, precision, copies);
      return new Transformer(architecture, edited, kernels, precision, copies, true);
    } catch (RuntimeException e) {
      copies.close();
      throw e;
    }
  }

  /**
   * Rows of the output embedding, which is the token embedding where the two are tied.
   *
   * @return (tokens, hidden), in the model's precision
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public NDArray outputEmbeddings(long[] tokens, NDManager owner) {
    NDArray embedding = head().output().weight();
    try (NDManager scope = owner.newSubManager()) {
      NDArray ids = scope.create(tokens);
      NDArray rows = Embedding.embedding(ids, embedding, SparseFormat.DENSE).singletonOrThrow();
      rows.attach(owner);
      return rows;
    }
  }

  /** The same numbers in float32; the array itself if it has that format already. */
  public NDArray widened(NDArray x) {
    return kernels.cast(x, Precision.FLOAT32);
  }

  /** As {@link #logits(NDArray, Lens)} through the model's own head. */
  public NDArray logits(NDArray states) {
    return logits(states, Lens.HEAD);
  }

  /**
   * Reads vectors of the residual space as predictions. Whatever the model's precision, that is
   * calculated in float32: differences between logits are small against logits.
   *
   * @param states (..., hidden), in the model's precision or float32
   * @return float32 logits (..., vocabulary)
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public NDArray logits(NDArray states, Lens lens) {
    NDManager owner = states.getManager();
    int vocabulary = architecture.vocabulary();
    // Only a part of a narrow embedding is held in float32 at a time.
    int part = precision == Precision.FLOAT32 ? vocabulary : WIDENED_TOKENS;
    try (NDManager scope = owner.newSubManager()) {
      states.attach(scope);
      NDArray read = lensStates(states, lens);
      NDList parts = new NDList();
      for (int from = 0; from < vocabulary; from += part) {
        parts.add(project(read, lens, from, Math.min(vocabulary, from + part)));
      }
      NDArray logits = parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, -1);
      logits.attach(owner);
      states.attach(owner);
      return logits;
    }
  }

  /**
   * A lens up to the output embedding, whose logits are then taken of parts of the vocabulary.
   *
   * @param states (..., hidden), in the model's precision or float32
   * @return float32 (..., hidden)
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public NDArray lensStates(NDArray states, Lens lens) {
    NDManager owner = states.getManager();
    try (NDManager scope = owner.newSubManager()) {
      states.attach(scope);
      NDArray x = kernels.cast(states, Precision.FLOAT32);
      NDArray h =
          switch (lens) {
            case RAW -> x;
            case FOLDED -> folded(x);
            case HEAD -> headInput(x);
          };
      h.attach(owner);
      states.attach(owner);
      return h;
    }
  }

  /**
   * A lens from the output embedding on, for a range of the vocabulary.
   *
   * @param lensStates as {@link #lensStates} gave them, (..., hidden)
   * @param from first token
   * @param to end, exclusive
   * @return float32 logits (..., to - from)
   */
  public NDArray project(NDArray lensStates, Lens lens, int from, int to) {
    Linear output = head().output();
    NDManager owner = lensStates.getManager();
    try (NDManager scope = owner.newSubManager()) {
      NDIndex range = new NDIndex("{}:{}", from, to);
      NDArray weight = widened(output.weight().get(range), scope);
      NDArray bias =
          lens == Lens.HEAD && output.bias() != null
              ? widened(output.bias().get(range), scope)
              : null;
      NDArray logits = operations.linear(lensStates, new Linear(weight, bias));
      logits.attach(owner);
      return logits;
    }
  }

  /** In float32; what it takes belongs to the scope. */
  private NDArray widened(NDArray narrow, NDManager scope) {
    narrow.attach(scope);
    NDArray wide = kernels.cast(narrow, Precision.FLOAT32);
    wide.attach(scope);
    return wide;
  }

  /**
   * The logits of some tokens in each row.
   *
   * @param lensStates as {@link #lensStates} gave them, (rows, hidden)
   * @param tokens as many for each row, row by row
   * @return float32 (rows, tokens of a row)
   */
  public NDArray logitsOf(NDArray lensStates, Lens lens, long[] tokens) {
    Linear output = head().output();
    NDManager owner = lensStates.getManager();
    long rows = lensStates.getShape().get(0);
    Shape shape = new Shape(rows, tokens.length / rows);
    try (NDManager scope = owner.newSubManager()) {
      NDArray ids = scope.create(tokens, shape);
      NDArray embeddings =
          widened(
              Embedding.embedding(ids, output.weight(), SparseFormat.DENSE).singletonOrThrow(),
              scope);
      NDArray columns = lensStates.reshape(rows, architecture.hidden(), 1);
      columns.attach(scope);
      NDArray logits = embeddings.matMul(columns).reshape(shape);
      if (lens == Lens.HEAD && output.bias() != null) {
        NDArray column = output.bias().reshape(-1, 1);
        column.attach(scope);
        NDArray biases = Embedding.embedding(ids, column, SparseFormat.DENSE).singletonOrThrow();
        logits = logits.add(widened(biases, scope).reshape(shape));
      }
      logits.attach(owner);
      return logits;
    }
  }

  /**
   * Whether the head is linear behind a norm that only scales: HEAD(h) = {@link #headScale} (h) x
   * FOLDED(h) + HEAD(0) for every h.
   */
  public boolean scalesToHead() {
    return architecture.preNorm() && reading.transform() == null;
  }

  /**
   * The factor of {@link #scalesToHead}, one per row.
   *
   * @param states float32 (rows, hidden)
   * @return float32 (rows, 1)
   */
  public NDArray headScale(NDArray states) {
    NDManager owner = states.getManager();
    try (NDManager scope = owner.newSubManager()) {
      states.attach(scope);
      NDArray scale;
      if (reading.finalNorm() == null) {
        scale = scope.ones(new Shape(states.getShape().get(0), 1));
      } else {
        NDArray centred =
            architecture.rmsNorm() ? states : states.sub(states.mean(new int[] {-1}, true));
        NDArray variance = centred.square().mean(new int[] {-1}, true);
        scale = variance.add(architecture.normEpsilon()).pow(-0.5);
      }
      scale.attach(owner);
      states.attach(owner);
      return scale;
    }
  }

  /**
   * Checks that the checkpoint can predict tokens.
   *
   * @param consequence of a missing head: "it answers no prompt"
   * @throws CensusException of kind INPUT if it cannot
   */
  public void requireHead(String consequence) {
    if (!hasHead()) {
      throw CensusException.input(
          architecture.withoutDecoder()
              ? "the encoder of this model has no prediction head, so "
                  + consequence
                  + "; decoders of encoder-decoder models are not covered"
              : "this checkpoint has no prediction head, so "
                  + consequence
                  + "; save the model with one");
    }
  }

  private Head head() {
    requireHead("it has no logits");
    return weights.head().orElseThrow();
  }

  /** The linear part of the final norm, if there is one. */
  private NDArray folded(NDArray states) {
    if (reading.finalNorm() == null) {
      return states;
    }
    NDArray centred =
        architecture.rmsNorm() ? states : states.sub(states.mean(new int[] {-1}, true));
    return centred.mul(reading.finalNorm().gain());
  }

  private NDArray headInput(NDArray states) {
    NDArray h = reading.finalNorm() == null ? states : operations.norm(states, reading.finalNorm());
    if (reading.transform() == null) {
      return h;
    }
    NDArray transformed = operations.linear(h, reading.transform());
    return operations.norm(
        kernels.activate(transformed, architecture.headActivation().orElseThrow()),
        reading.transformNorm());
  }

  private NDArray run(
      TokenBatch batch,
      List<? extends ForwardObserver> observers,
      Intervention intervention,
      NDManager scope,
      boolean toTheEnd) {
    checkLength(batch);
    return new ObservedPass(blocks, operations, batch, observers, intervention)
        .run(new BatchInput(weights, operations, precision, scope), scope, toTheEnd);
  }

  private void checkLength(TokenBatch batch) {
    if (batch.length() > architecture.maxSequenceTokens()) {
      throw CensusException.input(
          "a sequence of "
              + batch.length()
              + " tokens does not fit the model's context of "
              + architecture.maxSequenceTokens());
    }
  }

  @Override
  public void close() {
    if (!borrowedKernels && kernels instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot free the kernels", e);
      }
    }
    manager.close();
  }
}
