package io.github.ffncensus.analysis;

import ai.djl.Device;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Small shards of random sequences for tests that compare host and device observers. */
public final class DeviceShards {
  private DeviceShards() {}

  public static Transformer model(String fixture) {
    ModelFolder folder = ModelFolder.open(Fixture.named(fixture).folder());
    return TransformerLoader.load(folder, Device.cpu(), Precision.FLOAT32);
  }

  /** Runs 60 sequences of 2 to 15 tokens, each with a special token in front. */
  public static void scan(
      Transformer model, ShardObserver observer, Analysis.PartialSink partials) {
    try (observer) {
      new ShardScan(model::observe, List.of(observer), tokens -> {})
          .run(BatchPlan.of(sequences(model.architecture().vocabulary()), 256));
      observer.finish(partials);
    }
  }

  private static List<TokenSequence> sequences(int vocabulary) {
    Random random = new Random(7);
    List<TokenSequence> sequences = new ArrayList<>();
    for (int id = 0; id < 60; id++) {
      int[] tokens = random.ints(2 + random.nextInt(14), 0, vocabulary).toArray();
      boolean[] special = new boolean[tokens.length];
      special[0] = true;
      sequences.add(new TokenSequence(id, tokens, special));
    }
    return sequences;
  }
}
