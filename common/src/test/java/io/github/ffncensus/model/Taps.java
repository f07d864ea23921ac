package io.github.ffncensus.model;

import ai.djl.Device;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Everything that a forward pass offers, copied to the host. */
final class Taps implements ForwardObserver {
  /** By layer, row-major (batch, length, width). */
  final Map<Integer, float[]> input = new HashMap<>();

  final Map<Integer, float[]> coefficients = new HashMap<>();
  final Map<Integer, float[]> gate = new HashMap<>();
  final Map<Integer, float[]> up = new HashMap<>();
  final Map<Integer, float[]> ffnOutput = new HashMap<>();
  final Map<Integer, float[]> before = new HashMap<>();
  final Map<Integer, float[]> after = new HashMap<>();

  static Taps of(Transformer model, int[]... rows) {
    TorchEngine.prepareThread();
    Taps taps = new Taps();
    model.observe(TokenBatch.of(rows), List.of(taps));
    return taps;
  }

  static Transformer load(java.nio.file.Path folder) {
    return TransformerLoader.load(ModelFolder.open(folder), Device.cpu(), Precision.FLOAT32);
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.allOf(Tap.class);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    int l = layer.layer();
    input.put(l, layer.ffnInput().toFloatArray());
    coefficients.put(l, layer.coefficients().toFloatArray());
    if (layer.gate() != null) {
      gate.put(l, layer.gate().toFloatArray());
      up.put(l, layer.up().toFloatArray());
    }
    ffnOutput.put(l, layer.ffnOutput().toFloatArray());
    before.put(l, layer.residualBefore().toFloatArray());
    after.put(l, layer.residualAfter().toFloatArray());
  }
}
