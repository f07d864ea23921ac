package io.github.ffncensus.model;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A copy of a fixture of the family gpt2, bert or llama whose first layer sees nothing but the
 * token itself: attention adds nothing, and positions are not told apart.
 */
public final class BlindModel {
  private static final Pattern SIGHT =
      Pattern.compile(
          "(transformer\\.h\\.0\\.attn\\.c_proj"
              + "|model\\.layers\\.0\\.self_attn\\.o_proj"
              + "|bert\\.encoder\\.layer\\.0\\.attention\\.output\\.dense"
              + "|transformer\\.wpe|bert\\.embeddings\\.position_embeddings)\\.(weight|bias)");

  private final ModelCopy copy;

  private BlindModel(ModelCopy copy) {
    this.copy = copy;
  }

  public static BlindModel of(String fixture, Path folder) {
    ModelCopy copy = ModelCopy.of(fixture, folder);
    copy.tensors()
        .forEach(
            (name, tensor) -> {
              if (SIGHT.matcher(name).matches()) {
                Arrays.fill(tensor.values(), 0);
              }
            });
    return new BlindModel(copy);
  }

  public Transformer load() {
    return TransformerLoader.load(ModelFolder.open(copy.write()), Device.cpu(), Precision.FLOAT32);
  }

  /** What the first layer's FFN reads at a token. */
  public static float[] input(Transformer model, int token) {
    return Taps.of(model, new int[] {token}).input.get(0);
  }

  /** Gives a neuron of the first layer another key: act(key x + bias), in gated FFNs times 1. */
  public void plant(int neuron, float[] key, float bias) {
    if (copy.tensors().containsKey("transformer.h.0.mlp.c_fc.weight")) {
      float[] keys = copy.values("transformer.h.0.mlp.c_fc.weight");
      int neurons = keys.length / key.length;
      for (int j = 0; j < key.length; j++) {
        keys[j * neurons + neuron] = key[j];
      }
      copy.values("transformer.h.0.mlp.c_fc.bias")[neuron] = bias;
    } else if (copy.tensors().containsKey("model.layers.0.mlp.gate_proj.bias")) {
      plantRow("model.layers.0.mlp.gate_proj", neuron, key, bias);
      plantRow("model.layers.0.mlp.up_proj", neuron, new float[key.length], 1);
    } else {
      plantRow("bert.encoder.layer.0.intermediate.dense", neuron, key, bias);
    }
  }

  private void plantRow(String matrix, int row, float[] values, float bias) {
    System.arraycopy(
        values, 0, copy.values(matrix + ".weight"), row * values.length, values.length);
    copy.values(matrix + ".bias")[row] = bias;
  }
}
