package io.github.ffncensus.model;

import java.util.List;

/** Gives the neurons of a layer of a gpt2, llama or bert other numbers. */
public final class NeuronOrder {
  /** By neuron: rows, or numbers of a bias. */
  private static final List<String> ROWS =
      List.of(
          "transformer.h.%d.mlp.c_fc.bias",
          "transformer.h.%d.mlp.c_proj.weight",
          "model.layers.%d.mlp.gate_proj.weight",
          "model.layers.%d.mlp.gate_proj.bias",
          "model.layers.%d.mlp.up_proj.weight",
          "model.layers.%d.mlp.up_proj.bias",
          "bert.encoder.layer.%d.intermediate.dense.weight",
          "bert.encoder.layer.%d.intermediate.dense.bias");

  private static final List<String> COLUMNS =
      List.of(
          "transformer.h.%d.mlp.c_fc.weight",
          "model.layers.%d.mlp.down_proj.weight", "bert.encoder.layer.%d.output.dense.weight");

  private NeuronOrder() {}

  /**
   * @param from by new number the old one
   */
  public static void permute(ModelCopy copy, int layer, int[] from) {
    for (String name : ROWS) {
      if (copy.tensors().containsKey(name.formatted(layer))) {
        permuteRows(copy.values(name.formatted(layer)), from);
      }
    }
    for (String name : COLUMNS) {
      if (copy.tensors().containsKey(name.formatted(layer))) {
        permuteColumns(copy.values(name.formatted(layer)), from);
      }
    }
  }

  private static void permuteRows(float[] values, int[] from) {
    float[] old = values.clone();
    int width = values.length / from.length;
    for (int i = 0; i < from.length; i++) {
      System.arraycopy(old, from[i] * width, values, i * width, width);
    }
  }

  private static void permuteColumns(float[] values, int[] from) {
    float[] old = values.clone();
    for (int at = 0; at < values.length; at++) {
      values[at] = old[at / from.length * from.length + from[at % from.length]];
    }
  }
}
