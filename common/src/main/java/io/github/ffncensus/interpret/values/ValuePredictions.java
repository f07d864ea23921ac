package io.github.ffncensus.interpret.values;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.interpret.values.LogitReduction.Reduced;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Reads value vectors as distributions over the vocabulary: softmax(lens(v_i)).
 *
 * <p>Works through blocks of neurons whose logits fit a budget; a block that does not fit the
 * device is worked through in halves. For one thread.
 */
public final class ValuePredictions implements AutoCloseable {
  private final Architecture architecture;
  private final BlockLogits logits;
  private final NeuronBlocks blocks;
  private final NDManager manager;
  private final LogitReduction reduction;
  private final int topTokens;

  /** Logits (to - from, vocabulary) of a layer's neurons. */
  interface BlockLogits {
    NDArray of(int layer, int from, int to, NDManager owner);
  }

  /**
   * @param topTokens how many of the most and least probable tokens are kept
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public ValuePredictions(Transformer model, Lens lens, int topTokens) {
    this(
        withHead(model),
        (layer, from, to, owner) -> model.logits(model.values(layer, from, to, owner), lens),
        topTokens,
        NeuronBlocks.of(model));
  }

  ValuePredictions(Transformer model, BlockLogits logits, int topTokens, NeuronBlocks blocks) {
    this.architecture = model.architecture();
    this.logits = logits;
    this.topTokens = topTokens;
    this.blocks = blocks;
    this.manager = model.newScope();
    this.reduction = new LogitReduction(manager);
  }

  private static Transformer withHead(Transformer model) {
    model.requireHead("its values predict nothing");
    return model;
  }

  /**
   * Predictions of a layer's neurons, ascending.
   *
   * @param from first neuron
   * @param to end, exclusive
   * @param triggers of a neuron; asked once per neuron or more
   * @throws CensusException of kind INPUT if a value vector's logits are not finite
   */
  public void forEach(
      int layer,
      int from,
      int to,
      IntFunction<NeuronTriggers> triggers,
      Consumer<ValuePrediction> sink) {
    blocks.forEach(
        from,
        to,
        (start, end) -> Arrays.stream(predict(layer, start, end, triggers)).forEach(sink));
  }

  private ValuePrediction[] predict(
      int layer, int from, int to, IntFunction<NeuronTriggers> triggers) {
    ValuePrediction[] predictions = new ValuePrediction[to - from];
    try (NDManager scope = manager.newSubManager()) {
      NDArray ofBlock = logits.of(layer, from, to, scope);
      int step = Math.min(blocks.stepNeurons(), to - from);
      for (int start = 0; start < to - from; start += step) {
        int end = Math.min(to - from, start + step);
        NeuronTriggers[] ofStep = new NeuronTriggers[end - start];
        int first = from + start;
        Arrays.setAll(ofStep, i -> triggers.apply(first + i));
        NDArray rows = ofBlock.get(new NDIndex("{}:{}", start, end));
        ValuePrediction[] found = reduce(layer, first, rows, ofStep);
        System.arraycopy(found, 0, predictions, start, found.length);
        rows.close();
      }
    }
    return predictions;
  }

  private ValuePrediction[] reduce(
      int layer, int firstNeuron, NDArray logits, NeuronTriggers[] triggers) {
    int vocabulary = architecture.vocabulary();
    float[] scales = new float[triggers.length];
    long[] targets = new long[triggers.length];
    for (int i = 0; i < triggers.length; i++) {
      Double mean = triggers[i].meanOrNull();
      scales[i] = mean == null ? 1 : mean.floatValue();
      targets[i] = Math.max(0, triggers[i].first());
    }
    // One more than kept, so that a tie at the edge shows.
    int width = Math.min(vocabulary, topTokens + 1);
    Reduced reduced = reduction.reduce(logits, width, scales, targets);
    long[] smallest = architecture.signedCoefficients() ? reduction.smallest(logits, width) : null;
    ValuePrediction[] predictions = new ValuePrediction[triggers.length];
    for (int i = 0; i < predictions.length; i++) {
      int neuron = firstNeuron + i;
      NeuronBlocks.checkFinite(layer, neuron, reduced.mean()[i]);
      predictions[i] = prediction(layer, neuron, i, width, reduced, smallest, triggers[i]);
    }
    return predictions;
  }

  private ValuePrediction prediction(
      int layer,
      int neuron,
      int row,
      int width,
      Reduced reduced,
      long[] smallest,
      NeuronTriggers triggers) {
    int kept = Math.min(width, topTokens);
    int at = row * width;
    int[] top = ids(reduced.ids(), at, kept);
    float largest = reduced.logits()[at];
    double total = reduced.total()[row];
    float[] probabilities = new float[kept];
    for (int k = 0; k < kept; k++) {
      probabilities[k] = (float) (Math.exp((double) reduced.logits()[at + k] - largest) / total);
    }
    double deviation = reduced.deviation()[row];
    boolean flat = deviation == 0;
    double second = width == 1 ? largest : reduced.logits()[at + 1];
    Double mean = triggers.meanOrNull();
    double scaledTotal = reduced.scaledTotal()[row];
    int target = triggers.first();
    boolean hasTarget = target != NeuronTriggers.NO_TARGET;
    Integer topToken = flat ? null : Integer.valueOf(top[0]);
    int rank = Math.toIntExact(reduced.ahead()[row]) + 1;
    return new ValuePrediction(
        layer,
        neuron,
        top,
        probabilities,
        topToken,
        largest(total),
        entropy(total, reduced.weighted()[row]),
        flat ? null : (largest - reduced.mean()[row]) / deviation,
        flat ? null : (largest - second) / deviation,
        smallest == null ? null : ids(smallest, at, kept),
        mean,
        mean == null ? null : largest(scaledTotal),
        mean == null ? null : entropy(scaledTotal, reduced.scaledWeighted()[row]),
        hasTarget ? target : null,
        hasTarget ? Boolean.valueOf(!flat && top[0] == target) : null,
        hasTarget && !flat ? rank : null,
        flat ? 0 : triggers.countOf(top[0]),
        triggers.count());
  }

  /** The largest probability; sums in float32 may miss a bound by a rounding. */
  private double largest(double total) {
    return Math.max(1 / total, 1.0 / architecture.vocabulary());
  }

  /** Of a softmax p = exp(below) / total: -sum p ln p = ln total - sum p below. */
  private double entropy(double total, double weighted) {
    double entropy = Math.log(total) - weighted / total;
    return Math.max(0, Math.min(entropy, Math.log(architecture.vocabulary())));
  }

  private static int[] ids(long[] from, int at, int count) {
    int[] ids = new int[count];
    Arrays.setAll(ids, k -> Math.toIntExact(from[at + k]));
    return ids;
  }

  @Override
  public void close() {
    reduction.close();
    manager.close();
  }
}
