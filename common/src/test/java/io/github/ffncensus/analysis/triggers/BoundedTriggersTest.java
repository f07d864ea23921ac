package io.github.ffncensus.analysis.triggers;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.Bounds;
import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ScanRun;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Shards that start with the bounds of any shards before them, in any order, against an oracle that
 * keeps every coefficient. About every fifth sequence repeats another, so there are many ties.
 */
class BoundedTriggersTest {
  private static final List<Polarity> BOTH = List.of(Polarity.POSITIVE, Polarity.NEGATIVE);
  private static final int SHARDS = 12;

  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, SEQUENCE, 3, false",
    "gpt2-gelu-new, PREFIX, 1, true",
    "gpt2-relu-untied, SEQUENCE, 25, true",
    "gpt2-relu-untied, PREFIX, 4, false",
    "llama-silu, SEQUENCE, 1, true",
    "llama-silu, PREFIX, 25, false",
    "bert-gelu, SEQUENCE, 6, false",
    "bert-gelu, PREFIX, 6, true"
  })
  void waves_haveTheTriggersOfTheOracle_andFewerCandidates(
      String fixture, Distinct distinct, int k, boolean onDevice) {
    TriggerSearch search = new TriggerSearch(k, distinct, BOTH, 1);
    try (Transformer model = DeviceShards.model(fixture)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 90, 3);
      List<Trigger> expected = expected(model, corpus, distinct, k);
      for (int seed = 0; seed < 4; seed++) {
        List<List<TokenSequence>> shards = new ArrayList<>(ScanRun.split(corpus, SHARDS));
        Random random = new Random(seed);
        Collections.shuffle(shards, random);
        Run alone = new Run(search, model, onDevice);
        shards.forEach(shard -> alone.add(List.of(shard), alone.none()));
        Run waves = new Run(search, model, onDevice);
        for (int from = 0, size = 1; from < SHARDS; from += size, size = 1 + random.nextInt(from)) {
          waves.add(shards.subList(from, Math.min(SHARDS, from + size)), waves.bounds(random));
        }
        assertThat(alone.triggers()).isEqualTo(expected);
        assertThat(waves.triggers()).as("order %d", seed).isEqualTo(expected);
        assertThat(waves.candidates).isLessThan(alone.candidates);
      }
    }
  }

  private static List<Trigger> expected(
      Transformer model, List<TokenSequence> corpus, Distinct distinct, int k) {
    AllCoefficients all = AllCoefficients.of(model, corpus);
    List<Trigger> expected = new ArrayList<>();
    for (int layer = 0; layer < model.architecture().layers(); layer++) {
      for (int neuron = 0; neuron < model.architecture().intermediate(); neuron++) {
        for (Polarity polarity : BOTH) {
          expected.addAll(all.triggers(layer, neuron, polarity, distinct, k, 1));
        }
      }
    }
    return expected;
  }

  /** Merges shards as they come. */
  private static final class Run {
    private final TriggerSearch search;
    private final Transformer model;
    private final boolean onDevice;
    private Map<ScanRun.Block, byte[]> merged = new TreeMap<>();
    private long candidates;

    Run(TriggerSearch search, Transformer model, boolean onDevice) {
      this.search = search;
      this.model = model;
      this.onDevice = onDevice;
    }

    void add(List<List<TokenSequence>> shards, Bounds bounds) {
      for (List<TokenSequence> shard : shards) {
        try (ShardObserver observer =
            onDevice
                ? search.onDevice(model, bounds)
                : search.observe(model, (int) shard.get(0).id(), bounds)) {
          // Each sequence a batch: the same computation as the oracle's, so that ties are ties.
          new ShardScan(model::observe, List.of(observer), tokens -> {})
              .run(BatchPlan.of(shard, 1));
          Map<ScanRun.Block, byte[]> blocks = ScanRun.blocks(observer);
          candidates += blocks.values().stream().mapToLong(search::candidates).sum();
          merged =
              merged.isEmpty()
                  ? blocks
                  : ScanRun.merged(search, List.of(merged, blocks), candidates);
        }
      }
    }

    Bounds none() {
      int blocks = Analysis.blocks(model.architecture().intermediate());
      return new Bounds(new float[model.architecture().layers()][blocks][]);
    }

    /** Of what is merged so far; those of some blocks have not arrived. */
    Bounds bounds(Random random) {
      Bounds bounds = none();
      merged.forEach(
          (block, packed) -> {
            if (random.nextInt(8) > 0) {
              bounds.blocks()[block.layer()][block.number()] = search.bounds(packed);
            }
          });
      return bounds;
    }

    List<Trigger> triggers() {
      List<Trigger> triggers = new ArrayList<>();
      merged.forEach(
          (block, packed) ->
              triggers.addAll(search.triggers(block.layer(), block.number(), packed)));
      return triggers;
    }
  }
}
