package io.github.ffncensus.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.norm.LayerNorm;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.Architecture.PositionEncoding;
import io.github.ffncensus.model.ForwardObserver.Tap;
import io.github.ffncensus.model.Kernels.AttentionScope;
import io.github.ffncensus.model.TransformerWeights.Head;
import io.github.ffncensus.model.TransformerWeights.Layer;
import io.github.ffncensus.model.TransformerWeights.Linear;
import io.github.ffncensus.model.TransformerWeights.Norm;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A transformer on one device and its one forward pass, the same code for every declared family.
 *
 * <p>Safe for use by several threads at once, each of which calls {@link TorchEngine#prepareThread}
 * first. Arrays returned belong to the manager passed in; all others are freed before a method
 * returns.
 */
public final class Transformer implements AutoCloseable {
  private final Architecture architecture;
  private final TransformerWeights weights;
  private final Kernels kernels;
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
    this.precision = precision;
    this.manager = manager;
    this.borrowedKernels = borrowedKernels;
  }

  public Architecture architecture() {
    return architecture;
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
    try (NDManager scope = owner.newSubManager()) {
      NDArray states = run(batch, observers, Intervention.NONE, scope, true);
      states.attach(owner);
      return states;
    }
  }

  /** Whether the checkpoint can predict tokens; a bare encoder cannot. */
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
      NDArray columns = scope.from(down).get(new NDIndex(":, {}:{}", from, to)).transpose();
      columns.attach(owner);
      return columns;
    }
  }

  /**
   * A model in which some neurons have other value vectors. It shares all other weights with this
   * one, whose own never change, and must be closed before it; closing it frees the copies alone.
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
   * Reads vectors of the residual space as predictions.
   *
   * @param states (..., hidden), in the model's precision
   * @return float32 logits (..., vocabulary), calculated in the model's precision
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public NDArray logits(NDArray states, Lens lens) {
    NDManager owner = states.getManager();
    try (NDManager scope = owner.newSubManager()) {
      states.attach(scope);
      NDArray logits = project(lensStates(states, lens), lens, 0, architecture.vocabulary());
      logits.attach(owner);
      states.attach(owner);
      return logits;
    }
  }

  /**
   * A lens up to the output embedding, whose logits are then taken of parts of the vocabulary.
   *
   * @param states (..., hidden), in the model's precision or float32
   * @return (..., hidden), in the model's precision
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public NDArray lensStates(NDArray states, Lens lens) {
    NDManager owner = states.getManager();
    try (NDManager scope = owner.newSubManager()) {
      states.attach(scope);
      NDArray x = kernels.cast(states, precision);
      NDArray h =
          switch (lens) {
            case RAW -> x;
            case FOLDED -> folded(x);
            case HEAD -> headInput(x, head());
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
   * @return float32 logits (..., to - from), calculated in the model's precision
   */
  public NDArray project(NDArray lensStates, Lens lens, int from, int to) {
    Linear output = head().output();
    NDManager owner = lensStates.getManager();
    try (NDManager scope = owner.newSubManager()) {
      NDIndex range = new NDIndex("{}:{}", from, to);
      NDArray weight = output.weight().get(range);
      weight.attach(scope);
      NDArray bias = lens == Lens.HEAD && output.bias() != null ? output.bias().get(range) : null;
      if (bias != null) {
        bias.attach(scope);
      }
      NDArray logits = linear(lensStates, new Linear(weight, bias));
      logits.attach(scope);
      NDArray result = kernels.cast(logits, Precision.FLOAT32);
      result.attach(owner);
      return result;
    }
  }

  /**
   * One logit per row.
   *
   * @param lensStates as {@link #lensStates} gave them, or the same numbers in float32; (rows,
   *     hidden)
   * @param tokens one per row
   * @return float32 (rows)
   */
  public NDArray logitsOf(NDArray lensStates, Lens lens, long[] tokens) {
    Linear output = head().output();
    NDManager owner = lensStates.getManager();
    try (NDManager scope = owner.newSubManager()) {
      NDArray ids = scope.create(tokens);
      NDArray rows =
          Embedding.embedding(ids, output.weight(), SparseFormat.DENSE).singletonOrThrow();
      rows.attach(scope);
      NDArray wide = kernels.cast(rows, Precision.FLOAT32);
      wide.attach(scope);
      NDArray states = kernels.cast(lensStates, Precision.FLOAT32);
      if (states != lensStates) {
        states.attach(scope);
      }
      NDArray products = wide.mul(states);
      NDArray logits = products.sum(new int[] {1});
      if (lens == Lens.HEAD && output.bias() != null) {
        NDArray column = output.bias().reshape(-1, 1);
        column.attach(scope);
        NDArray biases = Embedding.embedding(ids, column, SparseFormat.DENSE).singletonOrThrow();
        biases.attach(scope);
        logits = logits.add(kernels.cast(biases, Precision.FLOAT32).reshape(-1));
      }
      logits.attach(owner);
      return logits;
    }
  }

  private Head head() {
    return weights
        .head()
        .orElseThrow(
            () ->
                CensusException.input(
                    "this checkpoint has no prediction head; save the model with one"));
  }

  /** The linear part of the final norm, if there is one. */
  private NDArray folded(NDArray states) {
    if (weights.finalNorm().isEmpty()) {
      return states;
    }
    NDArray h = kernels.cast(states, Precision.FLOAT32);
    NDArray centred = architecture.rmsNorm() ? h : h.sub(h.mean(new int[] {-1}, true));
    NDArray gain = kernels.cast(weights.finalNorm().get().gain(), Precision.FLOAT32);
    return kernels.cast(centred.mul(gain), precision);
  }

  private NDArray headInput(NDArray states, Head head) {
    NDArray h = weights.finalNorm().isPresent() ? norm(states, weights.finalNorm().get()) : states;
    if (head.transform() == null) {
      return h;
    }
    NDArray transformed = linear(h, head.transform());
    return norm(
        kernels.activate(transformed, architecture.headActivation().orElseThrow()), head.norm());
  }

  private NDArray run(
      TokenBatch batch,
      List<? extends ForwardObserver> observers,
      Intervention intervention,
      NDManager scope,
      boolean toTheEnd) {
    checkLength(batch);
    Set<Tap> taps = EnumSet.noneOf(Tap.class);
    observers.forEach(observer -> taps.addAll(observer.taps()));
    Pass pass = new Pass(batch, intervention, scope);
    NDArray state = pass.embed();
    for (int l = 0; l < architecture.layers(); l++) {
      boolean last = l == architecture.layers() - 1;
      try (NDManager layerScope = scope.newSubManager()) {
        state.attach(layerScope);
        state = pass.layer(l, state, taps, observers, !last || toTheEnd);
        if (state != null) {
          state.attach(scope);
        }
      }
    }
    return state;
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

  private NDArray linear(NDArray x, Linear map) {
    return ai.djl.nn.core.Linear.linear(x, map.weight(), map.bias()).singletonOrThrow();
  }

  private NDArray norm(NDArray x, Norm norm) {
    if (architecture.rmsNorm()) {
      return kernels.rmsNorm(x, norm.gain(), architecture.normEpsilon());
    }
    return LayerNorm.layerNorm(
            x,
            new Shape(architecture.hidden()),
            norm.gain(),
            norm.shift(),
            (float) architecture.normEpsilon())
        .singletonOrThrow();
  }

  /** What the layers of one forward pass share. */
  private final class Pass {
    private final TokenBatch batch;
    private final int size;
    private final int length;
    private final Intervention intervention;
    private final NDManager scope;
    private final AttentionScope attentionScope;
    private final NDArray mask;
    private final NDArray cosine;
    private final NDArray sine;

    Pass(TokenBatch batch, Intervention intervention, NDManager scope) {
      this.intervention = intervention;
      this.batch = batch;
      this.size = batch.size();
      this.length = batch.length();
      this.scope = scope;
      // Padding stands on the right, where a causal model's real tokens never look.
      this.attentionScope =
          architecture.causal()
              ? AttentionScope.CAUSAL
              : batch.padded() ? AttentionScope.MASKED : AttentionScope.ALL;
      this.mask = attentionScope == AttentionScope.MASKED ? paddingMask() : null;
      this.cosine = rotaryTable(true);
      this.sine = rotaryTable(false);
    }

    private NDArray paddingMask() {
      float[] values = new float[size * length];
      for (int row = 0; row < size; row++) {
        int real = batch.sequences().get(row).length();
        Arrays.fill(values, row * length + real, (row + 1) * length, Float.NEGATIVE_INFINITY);
      }
      return kernels.cast(scope.create(values, new Shape(size, 1, 1, length)), precision);
    }

    private NDArray rotaryTable(boolean cosines) {
      if (architecture.rotary().isEmpty()) {
        return null;
      }
      float[] table = architecture.rotary().get().table(length, cosines);
      return kernels.cast(
          scope.create(table, new Shape(length, architecture.headSize())), precision);
    }

    /** Token, position and type embeddings, (batch, length, hidden). */
    NDArray embed() {
      NDArray h = lookUp(tokenIds(), weights.tokens());
      if (weights.type().isPresent()) {
        h = h.add(weights.type().get());
      }
      if (weights.positions().isPresent()) {
        h = h.add(lookUp(positionIds(), weights.positions().get()));
      }
      return weights.embeddingNorm().isPresent() ? norm(h, weights.embeddingNorm().get()) : h;
    }

    private NDArray lookUp(long[] ids, NDArray table) {
      NDArray indices = scope.create(ids, new Shape(size, length));
      return Embedding.embedding(indices, table, SparseFormat.DENSE).singletonOrThrow();
    }

    private long[] tokenIds() {
      long[] ids = new long[size * length];
      Arrays.fill(ids, architecture.paddingId());
      for (int row = 0; row < size; row++) {
        int[] real = batch.sequences().get(row).tokens();
        for (int t = 0; t < real.length; t++) {
          ids[row * length + t] = real[t];
        }
      }
      return ids;
    }

    private long[] positionIds() {
      boolean skipping = architecture.positions() == PositionEncoding.LEARNED_SKIPPING_PADDING;
      long[] positions = new long[size * length];
      for (int row = 0; row < size; row++) {
        int[] real = batch.sequences().get(row).tokens();
        int next = architecture.firstPosition();
        for (int t = 0; t < real.length; t++) {
          boolean padding = skipping && real[t] == architecture.paddingId();
          positions[row * length + t] = padding ? architecture.paddingId() : next++;
        }
      }
      return positions;
    }

    /**
     * One block.
     *
     * @return the layer's output o, or null if nobody needs it
     */
    NDArray layer(
        int l,
        NDArray input,
        Set<Tap> taps,
        List<? extends ForwardObserver> observers,
        boolean outputNeeded) {
      Layer layer = weights.layers().get(l);
      NDArray residual = attentionBlock(l, layer, input);
      NDArray x = architecture.preNorm() ? norm(residual, layer.ffnNorm()) : residual;
      NDArray up = linear(x, layer.up());
      NDArray gate = layer.gate() == null ? null : linear(x, layer.gate());
      NDArray coefficients =
          intervention.apply(
              l,
              gate == null
                  ? kernels.activate(up, architecture.activation())
                  : kernels.activate(gate, architecture.activation()).mul(up));
      NDArray y = null;
      NDArray output = null;
      if (outputNeeded || taps.contains(Tap.FFN_OUTPUT) || taps.contains(Tap.RESIDUAL_AFTER)) {
        y = linear(coefficients, layer.down());
        NDArray sum = residual.add(y);
        output = architecture.preNorm() ? sum : norm(sum, layer.ffnNorm());
      }
      boolean gateAndUp = gate != null && taps.contains(Tap.GATE_AND_UP);
      LayerActivations activations =
          new LayerActivations(
              l,
              x,
              kernels.cast(coefficients, Precision.FLOAT32),
              gateAndUp ? kernels.cast(gate, Precision.FLOAT32) : null,
              gateAndUp ? kernels.cast(up, Precision.FLOAT32) : null,
              y,
              residual,
              output);
      observers.forEach(observer -> observer.layer(activations, batch));
      return output;
    }

    /** Attention and its residual connection: r, (batch, length, hidden). */
    private NDArray attentionBlock(int l, Layer layer, NDArray input) {
      NDManager owner = input.getManager();
      try (NDManager attentionArrays = owner.newSubManager()) {
        input.attach(attentionArrays);
        NDArray x = architecture.preNorm() ? norm(input, layer.attentionNorm()) : input;
        NDArray sum = input.add(linear(attention(l, layer, x), layer.attentionOutput()));
        NDArray residual = architecture.preNorm() ? sum : norm(sum, layer.attentionNorm());
        residual.attach(owner);
        input.attach(owner);
        return residual;
      }
    }

    private NDArray attention(int l, Layer layer, NDArray x) {
      NDArray query = heads(linear(x, layer.query()), architecture.heads());
      NDArray key = heads(linear(x, layer.key()), architecture.keyValueHeads());
      NDArray value = heads(linear(x, layer.value()), architecture.keyValueHeads());
      if (cosine != null) {
        query = kernels.rotate(query, cosine, sine);
        key = kernels.rotate(key, cosine, sine);
      }
      int group = architecture.heads() / architecture.keyValueHeads();
      if (group > 1) {
        key = key.repeat(1, group);
        value = value.repeat(1, group);
      }
      double scale = architecture.attentionScale(l);
      NDArray mixed = kernels.attention(query, key, value, mask, attentionScope, scale);
      return mixed
          .transpose(0, 2, 1, 3)
          .reshape(size, length, (long) architecture.heads() * architecture.headSize());
    }

    private NDArray heads(NDArray projected, int heads) {
      return projected.reshape(size, length, heads, architecture.headSize()).transpose(0, 2, 1, 3);
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
