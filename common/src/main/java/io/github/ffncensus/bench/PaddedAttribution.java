package io.github.ffncensus.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.GradientRecording;
import io.github.ffncensus.model.Intervention;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Integrated gradients in the straightforward way, as the authors' code has it: one prompt at a
 * time, padded to a fixed length; for each layer a clean pass, then all scaled copies from the
 * embeddings up, with the prediction head at the answer's position only. What {@link
 * AttributionBenchmark} compares with.
 *
 * <p>For answers of one token, in models whose precision is float32.
 */
public final class PaddedAttribution {
  private final Transformer model;
  private final double[] alphas;
  private final int length;

  /**
   * @param alphas points of the path, each of the same weight
   * @param length tokens that every prompt is padded to
   */
  public PaddedAttribution(Transformer model, double[] alphas, int length) {
    this.model = model;
    this.alphas = alphas;
    this.length = length;
  }

  /** Attributions of one layer's neurons to the probability of a prompt's answer. */
  public float[] attribute(EncodedPrompt prompt, int layer) {
    AnswerContext context = prompt.contexts().get(0);
    int position = context.positions()[0];
    TokenSequence sequence = TokenSequence.of(0, context.tokens());
    try (NDManager scope = model.newScope()) {
      CleanCoefficients clean = new CleanCoefficients(layer, position, scope);
      model.states(new TokenBatch(List.of(sequence), length), List.of(clean), scope);
      NDArray steps = scope.create(floats(alphas), new Shape(alphas.length, 1));
      NDArray scaled = steps.mul(clean.coefficients);
      TokenBatch copies = new TokenBatch(Collections.nCopies(alphas.length, sequence), length);
      NDArray gradients;
      try (GradientRecording recording = new GradientRecording()) {
        recording.leaf(scaled);
        Intervention replace =
            (l, coefficients) ->
                l == layer ? replaced(coefficients, position, scaled) : coefficients;
        NDArray states = model.states(copies, List.of(), replace, scope);
        NDArray logits = model.logits(states.get(new NDIndex(":, {}", position)));
        NDArray probabilities = logits.softmax(-1).get(new NDIndex(":, {}", context.answers()[0]));
        gradients = recording.gradient(probabilities, scaled);
      }
      return gradients.mean(new int[] {0}).mul(clean.coefficients).toFloatArray();
    }
  }

  private static NDArray replaced(NDArray coefficients, int position, NDArray with) {
    NDList parts = new NDList();
    if (position > 0) {
      parts.add(coefficients.get(new NDIndex(":, :{}", position)));
    }
    NDArray one = with.expandDims(1);
    one.attach(coefficients.getManager());
    parts.add(one);
    if (position + 1 < coefficients.getShape().get(1)) {
      parts.add(coefficients.get(new NDIndex(":, {}:", position + 1)));
    }
    return NDArrays.concat(parts, 1);
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** Keeps one position's coefficients of one layer. */
  private static final class CleanCoefficients implements ForwardObserver {
    private final int layer;
    private final int position;
    private final NDManager owner;
    private NDArray coefficients;

    CleanCoefficients(int layer, int position, NDManager owner) {
      this.layer = layer;
      this.position = position;
      this.owner = owner;
    }

    @Override
    public Set<Tap> taps() {
      return EnumSet.of(Tap.COEFFICIENTS);
    }

    @Override
    public void layer(LayerActivations activations, TokenBatch batch) {
      if (activations.layer() == layer) {
        coefficients = activations.coefficients().get(new NDIndex("0, {}", position)).duplicate();
        coefficients.attach(owner);
      }
    }
  }
}
