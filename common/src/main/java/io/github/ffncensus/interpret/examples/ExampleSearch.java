package io.github.ffncensus.interpret.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.SeededHash;
import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.analysis.DeviceRows;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Draws examples for every neuron and band of its range, among sampled positions: those with the
 * smallest keys. A key is the product of a hash of the position and an odd hash of the neuron, so
 * every neuron has an order of its own, and what is drawn of all positions is drawn of what was
 * drawn of their parts. Keys and examples stay on the device.
 */
public final class ExampleSearch implements DeviceObserver {
  private static final String CLASS_NAME = "Examples";

  private static final String SOURCE =
      """
      class Examples(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Examples, x: Tensor) -> Tensor:
          return x
        def rows(self: __torch__.Examples, x: Tensor, rows: Tensor) -> Tensor:
          return torch.to(torch.index_select(torch.flatten(x, 0, 1), 0, rows), 6)
        def keys(self: __torch__.Examples, positions: Tensor, neurons: Tensor) -> Tensor:
          return torch.mul(positions, neurons)
        def draw(self: __torch__.Examples, keys: Tensor, places: Tensor, values: Tensor, seen: Tensor, m: Tensor, lower: Tensor, upper: Tensor, new_keys: Tensor, new_places: Tensor, count: int, none: int) -> List[Tensor]:
          inside = torch.logical_and(torch.gt(m, lower), torch.le(m, upper))
          candidates = torch.cat([keys, torch.masked_fill(new_keys, torch.logical_not(inside), none)], 0)
          smallest, at = torch.topk(candidates, count, 0, False, True)
          kept = torch.lt(at, count)
          old = torch.clamp(at, 0, torch.sub(count, 1))
          row = torch.clamp(torch.sub(at, count), 0)
          drawn = torch.where(kept, torch.gather(places, 0, old), torch.take(new_places, row))
          coefficients = torch.where(kept, torch.gather(values, 0, old), torch.gather(m, 0, row))
          return [smallest, drawn, coefficients, torch.add(seen, torch.sum(inside, [0]))]
      """;

  /** No example; the key of a position would be it once in 2^64. */
  private static final long NONE = Long.MAX_VALUE;

  /** Bits of a place that are the position; the others are the sequence. */
  private static final int POSITION_BITS = 20;

  private static final int SALT = 5;

  /** Of the keys of positions that are drawn from together. */
  private static final long KEY_BYTES = 32L << 20;

  /** Of an example: its key, its place, its coefficient. */
  private static final long EXAMPLE_BYTES = 2 * Long.BYTES + Float.BYTES;

  private final NDManager manager;
  private final ScriptModule script;
  private final PositionSample sample;
  private final int perBand;
  private final long seed;
  private final int neurons;
  private final int firstLayer;
  private final Layer[] layers;
  private final int chunkRows;

  /** What was drawn in a layer so far, and what decides it. */
  private final class Layer {
    private final NDArray multipliers;
    private final NDArray[] bounds = new NDArray[QuantileBand.bounds() + 2];
    private NDList[] drawn = new NDList[QuantileBand.values().length];

    Layer(int layer, float[][] quantiles) {
      long[] odd = new long[neurons];
      for (int i = 0; i < neurons; i++) {
        odd[i] = multiplier(layer, i);
      }
      multipliers = manager.create(odd, new Shape(1, neurons));
      bounds[0] = all(Float.NEGATIVE_INFINITY);
      for (int q = 0; q < quantiles.length; q++) {
        bounds[q + 1] = manager.create(quantiles[q], new Shape(1, neurons));
      }
      bounds[quantiles.length + 1] = all(Float.POSITIVE_INFINITY);
      // The engine's own way to fill an array takes the value as a double.
      long[] none = new long[perBand * neurons];
      Arrays.fill(none, NONE);
      for (int band = 0; band < drawn.length; band++) {
        drawn[band] =
            new NDList(
                manager.create(none, new Shape(perBand, neurons)),
                manager.zeros(new Shape(perBand, neurons), DataType.INT64),
                manager.zeros(new Shape(perBand, neurons), DataType.FLOAT32),
                manager.zeros(new Shape(neurons), DataType.INT64));
      }
    }

    private NDArray all(float bound) {
      return manager.full(new Shape(1, neurons), bound, DataType.FLOAT32);
    }
  }

  /**
   * Searches the layers from {@code firstLayer} on that there are quantiles of.
   *
   * @param quantiles by layer and quantile those of each neuron, as many as there are {@link
   *     QuantileBand#bounds}
   * @param perBand examples of each neuron and band
   * @param seed decides which positions are drawn
   */
  public ExampleSearch(
      Transformer model,
      PositionSample sample,
      int firstLayer,
      float[][][] quantiles,
      int perBand,
      long seed) {
    this(model, sample, firstLayer, quantiles, perBand, seed, rowsTogether(model));
  }

  private static int rowsTogether(Transformer model) {
    return (int) Math.max(1, KEY_BYTES / Long.BYTES / model.architecture().intermediate());
  }

  /** Bytes that a search holds of each of its layers while it runs. */
  public static long bytesPerLayer(Architecture architecture, int perBand) {
    return EXAMPLE_BYTES * architecture.intermediate() * QuantileBand.values().length * perBand;
  }

  /**
   * @param chunkRows positions that are drawn from together
   */
  ExampleSearch(
      Transformer model,
      PositionSample sample,
      int firstLayer,
      float[][][] quantiles,
      int perBand,
      long seed,
      int chunkRows) {
    if (model.architecture().maxSequenceTokens() > 1 << POSITION_BITS) {
      throw new IllegalArgumentException("positions need more bits");
    }
    this.sample = sample;
    this.firstLayer = firstLayer;
    this.perBand = perBand;
    this.seed = seed;
    this.chunkRows = chunkRows;
    this.neurons = model.architecture().intermediate();
    this.manager = model.newScope();
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    this.layers = new Layer[quantiles.length];
    for (int l = 0; l < layers.length; l++) {
      layers[l] = new Layer(firstLayer + l, quantiles[l]);
    }
  }

  private long multiplier(int layer, int neuron) {
    return SeededHash.of(seed, SALT, layer, neuron) | 1;
  }

  private long hash(long sequenceId, int position) {
    return SeededHash.of(seed, sequenceId, position);
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS);
  }

  @Override
  public void layer(LayerActivations activations, TokenBatch batch) {
    if (activations.layer() < firstLayer || activations.layer() >= firstLayer + layers.length) {
      return;
    }
    List<Long> rows = new ArrayList<>();
    for (int s = 0; s < batch.size(); s++) {
      TokenSequence sequence = batch.sequences().get(s);
      for (int position : sample.of(sequence)) {
        rows.add((long) s * batch.length() + position);
      }
    }
    Layer layer = layers[activations.layer() - firstLayer];
    DeviceRows.forEach(
        rows.stream().mapToLong(Long::longValue).toArray(),
        chunkRows,
        chunk -> draw(layer, activations.coefficients(), batch, chunk));
  }

  /** Draws from what was drawn before and some rows of a batch. */
  private void draw(Layer layer, NDArray coefficients, TokenBatch batch, long[] rows) {
    long[] places = new long[rows.length];
    long[] hashes = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      long sequenceId = batch.sequences().get((int) (rows[i] / batch.length())).id();
      int position = (int) (rows[i] % batch.length());
      places[i] = sequenceId << POSITION_BITS | position;
      hashes[i] = hash(sequenceId, position);
    }
    NDList[] drawn = new NDList[layer.drawn.length];
    try (NDManager scope = manager.newSubManager()) {
      NDArray m = script.call(scope, "rows", coefficients, scope.create(rows));
      NDArray positions = scope.create(hashes).reshape(-1, 1);
      NDArray keys = script.call(scope, "keys", positions, layer.multipliers);
      NDArray newPlaces = scope.create(places);
      for (int band = 0; band < drawn.length; band++) {
        NDList before = layer.drawn[band];
        drawn[band] =
            script.callForList(
                scope,
                "draw",
                before.get(0),
                before.get(1),
                before.get(2),
                before.get(3),
                m,
                layer.bounds[band],
                layer.bounds[band + 1],
                keys,
                newPlaces,
                (long) perBand,
                NONE);
      }
      for (NDList ofBand : drawn) {
        ofBand.attach(manager);
      }
    }
    for (NDList before : layer.drawn) {
      before.close();
    }
    layer.drawn = drawn;
  }

  /** What was drawn in one of the layers: by neuron, band and key. */
  public List<ActivationExample> examples(int layer) {
    QuantileBand[] bands = QuantileBand.values();
    long[][] keys = new long[bands.length][];
    long[][] places = new long[bands.length][];
    float[][] coefficients = new float[bands.length][];
    long[][] seen = new long[bands.length][];
    for (int band = 0; band < bands.length; band++) {
      NDList drawn = layers[layer - firstLayer].drawn[band];
      keys[band] = drawn.get(0).toLongArray();
      places[band] = drawn.get(1).toLongArray();
      coefficients[band] = drawn.get(2).toFloatArray();
      seen[band] = drawn.get(3).toLongArray();
    }
    List<ActivationExample> examples = new ArrayList<>();
    for (int neuron = 0; neuron < neurons; neuron++) {
      for (int band = 0; band < bands.length; band++) {
        for (int i = 0; i < perBand; i++) {
          int at = i * neurons + neuron;
          if (keys[band][at] == NONE) {
            break;
          }
          examples.add(
              new ActivationExample(
                  layer,
                  neuron,
                  bands[band],
                  keys[band][at],
                  coefficients[band][at],
                  places[band][at] >> POSITION_BITS,
                  (int) (places[band][at] & ((1 << POSITION_BITS) - 1)),
                  seen[band][neuron]));
        }
      }
    }
    return examples;
  }

  @Override
  public void finish(PartialSink partials) {
    // Examples are asked for layer by layer.
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
