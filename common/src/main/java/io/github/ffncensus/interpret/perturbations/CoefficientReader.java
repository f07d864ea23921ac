package io.github.ffncensus.interpret.perturbations;

import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.analysis.CoefficientGather;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/** Reads single coefficients: they are picked on the device, and only they travel to the host. */
final class CoefficientReader implements DeviceObserver {
  private final CoefficientGather gather;

  /**
   * By sequence, then by layer. The key is the object: several texts of a corpus sequence have its
   * id.
   */
  private final Map<TokenSequence, Map<Integer, List<Reading>>> wanted = new IdentityHashMap<>();

  CoefficientReader(Transformer model) {
    gather = new CoefficientGather(model);
  }

  /** A coefficient that is wanted; it has a value after its sequence was run. */
  static final class Reading {
    private final int layer;
    private final int position;
    private final int neuron;
    private float value = Float.NaN;

    Reading(int layer, int position, int neuron) {
      this.layer = layer;
      this.position = position;
      this.neuron = neuron;
    }

    float value() {
      return value;
    }
  }

  /** Says what to read in a sequence, before it is run. */
  void add(TokenSequence sequence, List<Reading> readings) {
    Map<Integer, List<Reading>> byLayer = new HashMap<>();
    for (Reading reading : readings) {
      byLayer.computeIfAbsent(reading.layer, layer -> new ArrayList<>()).add(reading);
    }
    wanted.put(sequence, byLayer);
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    List<Reading> readings = new ArrayList<>();
    LongStream.Builder indices = LongStream.builder();
    for (int row = 0; row < batch.size(); row++) {
      Map<Integer, List<Reading>> byLayer = wanted.get(batch.sequences().get(row));
      for (Reading reading : byLayer.getOrDefault(layer.layer(), List.of())) {
        readings.add(reading);
        indices.add(gather.index(batch, row, reading.position, reading.neuron));
      }
    }
    if (readings.isEmpty()) {
      return;
    }
    float[] values = gather.at(layer.coefficients(), indices.build().toArray());
    for (int i = 0; i < values.length; i++) {
      readings.get(i).value = values[i];
    }
  }

  @Override
  public void finish(PartialSink partials) {
    // Everything is in the readings already.
  }

  @Override
  public void close() {
    gather.close();
  }
}
