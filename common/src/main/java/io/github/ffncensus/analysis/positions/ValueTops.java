package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.positions.VocabularySweep.Extremes;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What every value vector of a model promotes most and least. Depends on the model alone, so a
 * process computes it once; the tasks that ask first share the layers among them.
 */
final class ValueTops {
  private static final Map<Transformer, ValueTops> CACHE =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** In place of a token. */
  static final long NONE = -1;

  /** Neurons projected together. */
  private static final int BLOCK = 512;

  private final List<CompletableFuture<Layer>> layers = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();

  /**
   * One layer, by neuron.
   *
   * @param top token with the largest logit of v_i under the lens of value vectors; {@link #NONE}
   *     where v_i is zero, which is no vote for the token that happens to be the first
   * @param bottom token with the smallest, likewise
   * @param norm length of v_i
   */
  record Layer(long[] top, long[] bottom, float[] norm) {}

  private ValueTops(int layers) {
    for (int l = 0; l < layers; l++) {
      this.layers.add(new CompletableFuture<>());
    }
  }

  static List<Layer> of(Transformer model) {
    TorchEngine.prepareThread();
    ValueTops tops =
        CACHE.computeIfAbsent(model, key -> new ValueTops(key.architecture().layers()));
    tops.computeWhatIsLeft(model);
    return tops.layers.stream().map(CompletableFuture::join).toList();
  }

  private void computeWhatIsLeft(Transformer model) {
    for (int l = next.getAndIncrement(); l < layers.size(); l = next.getAndIncrement()) {
      try {
        layers.get(l).complete(layer(model, l));
      } catch (RuntimeException e) {
        CACHE.remove(model, this);
        layers.forEach(layer -> layer.completeExceptionally(e));
        throw e;
      }
    }
  }

  private static Layer layer(Transformer model, int l) {
    Architecture architecture = model.architecture();
    int neurons = architecture.intermediate();
    Lens lens = Lens.ofValues(architecture);
    long[] top = new long[neurons];
    long[] bottom = new long[neurons];
    float[] norm = new float[neurons];
    try (NDManager manager = model.newScope();
        VocabularySweep sweep =
            new VocabularySweep(manager, model, lens, CentredEmbedding.of(model))) {
      for (int from = 0; from < neurons; from += BLOCK) {
        int to = Math.min(neurons, from + BLOCK);
        try (NDManager scope = manager.newSubManager()) {
          NDArray values = model.values(l, from, to, scope);
          float[] norms = sweep.norms(scope, values);
          Extremes extremes = sweep.extremes(scope, values, lens);
          System.arraycopy(norms, 0, norm, from, to - from);
          for (int i = 0; i < norms.length; i++) {
            top[from + i] = norms[i] == 0 ? NONE : extremes.top()[i];
            bottom[from + i] = norms[i] == 0 ? NONE : extremes.bottom()[i];
          }
        }
      }
    }
    return new Layer(top, bottom, norm);
  }
}
