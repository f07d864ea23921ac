package io.github.ffncensus.knowledge.edit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.ValueVector;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the value vectors of an edit. The model itself stays as it is: {@link
 * Transformer#withValues} makes one that has them, so that nothing ever has to be undone.
 */
public final class ValueEditor {
  private final Transformer model;

  public ValueEditor(Transformer model) {
    this.model = model;
  }

  /**
   * Turns neurons from one answer to another.
   *
   * @param old direction of the answer that they have
   * @param replacement of the one that they shall have
   */
  public List<ValueVector> update(
      List<Neuron> neurons, float[] old, float[] replacement, UpdateRule rule) {
    return neurons.stream()
        .map(
            neuron ->
                new ValueVector(
                    neuron.layer(), neuron.index(), rule.apply(original(neuron), old, replacement)))
        .toList();
  }

  /**
   * Takes away what neurons say.
   *
   * @param unknownToken only used by {@link Erasure#UNKNOWN}
   */
  public List<ValueVector> erase(List<Neuron> neurons, Erasure erasure, int unknownToken) {
    Map<Integer, float[]> ofLayer = new HashMap<>();
    return neurons.stream()
        .map(
            neuron ->
                new ValueVector(
                    neuron.layer(),
                    neuron.index(),
                    ofLayer.computeIfAbsent(
                        neuron.layer(), layer -> erased(layer, erasure, unknownToken))))
        .toList();
  }

  private float[] erased(int layer, Erasure erasure, int unknownToken) {
    return switch (erasure) {
      case ZERO -> new float[model.architecture().hidden()];
      case UNKNOWN -> embedding(unknownToken);
      case MEAN -> meanValue(layer);
    };
  }

  /** v as it is. */
  public float[] original(Neuron neuron) {
    TorchEngine.prepareThread();
    try (NDManager scope = model.newScope()) {
      NDArray value = model.values(neuron.layer(), neuron.index(), neuron.index() + 1, scope);
      return model.widened(value).toFloatArray();
    }
  }

  private float[] embedding(int token) {
    TorchEngine.prepareThread();
    try (NDManager scope = model.newScope()) {
      return model.widened(model.outputEmbeddings(new long[] {token}, scope)).toFloatArray();
    }
  }

  private float[] meanValue(int layer) {
    TorchEngine.prepareThread();
    try (NDManager scope = model.newScope()) {
      NDArray values = model.values(layer, 0, model.architecture().intermediate(), scope);
      return model.widened(values).mean(new int[] {0}).toFloatArray();
    }
  }
}
