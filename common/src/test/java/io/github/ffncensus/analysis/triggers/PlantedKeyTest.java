package io.github.ffncensus.analysis.triggers;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ScanRun;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.stats.NeuronStatsRow;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ReLU model with a key that never fires and one that always fires alike. */
class PlantedKeyTest {
  private static final int WIDTH = 128;
  private static final int DEAD = 5;
  private static final int CONSTANT = 77;
  private static final int K = 25;

  @TempDir Path folder;
  private Transformer model;
  private List<TokenSequence> corpus;

  @BeforeEach
  void plant() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    copy.config().put("activation_function", "relu");
    for (int neuron : new int[] {DEAD, CONSTANT}) {
      float[] keys = copy.values("transformer.h.1.mlp.c_fc.weight");
      for (int row = 0; row < keys.length / WIDTH; row++) {
        keys[row * WIDTH + neuron] = 0;
      }
      copy.values("transformer.h.1.mlp.c_fc.bias")[neuron] = neuron == DEAD ? -1 : 1;
    }
    ModelFolder changed = ModelFolder.open(copy.write());
    model = TransformerLoader.load(changed, Device.cpu(), Precision.FLOAT32);
    corpus = RandomSequences.of(model.architecture(), 60, 21);
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void keyThatNeverFires_hasNoTriggers() {
    assertThat(triggers(Distinct.SEQUENCE, DEAD)).isEmpty();
    assertThat(triggers(Distinct.PREFIX, DEAD)).isEmpty();
    NeuronStatsRow row = statistics(DEAD);
    assertThat(row.activeFraction()).isZero();
    assertThat(row.max()).isZero();
    assertThat(row.skewness()).isNull();
  }

  @Test
  void keyThatFiresAlike_givesTheFirstOfTheCorpus() {
    List<Trigger> firstOfEach = new ArrayList<>();
    List<Trigger> first = new ArrayList<>();
    for (TokenSequence sequence : corpus) {
      int before = first.size();
      for (int position = 0; position < sequence.length(); position++) {
        if (!sequence.special()[position]) {
          first.add(trigger(first.size() + 1, sequence.id(), position));
        }
      }
      if (first.size() > before) {
        firstOfEach.add(
            trigger(firstOfEach.size() + 1, sequence.id(), first.get(before).position()));
      }
    }
    assertThat(triggers(Distinct.SEQUENCE, CONSTANT)).isEqualTo(firstOfEach.subList(0, K));
    assertThat(triggers(Distinct.PREFIX, CONSTANT)).isEqualTo(first.subList(0, K));
    NeuronStatsRow row = statistics(CONSTANT);
    assertThat(row.mean()).isEqualTo(1);
    assertThat(row.stddev()).isZero();
    assertThat(row.activeFraction()).isEqualTo(1);
    assertThat(row.tokenCount()).isEqualTo(first.size());
  }

  /** Property 7. A power of two scales floats exactly, so that not even near ties may change. */
  @Test
  void scaledKey_hasTheSameTriggers_withScaledCoefficients() throws IOException {
    int neuron = 30;
    List<Trigger> before = triggers(Distinct.PREFIX, neuron);
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", Files.createDirectory(folder.resolve("scaled")));
    copy.config().put("activation_function", "relu");
    float[] keys = copy.values("transformer.h.1.mlp.c_fc.weight");
    for (int row = 0; row < keys.length / WIDTH; row++) {
      keys[row * WIDTH + neuron] *= 8;
    }
    copy.values("transformer.h.1.mlp.c_fc.bias")[neuron] *= 8;
    try (Transformer scaled =
        TransformerLoader.load(ModelFolder.open(copy.write()), Device.cpu(), Precision.FLOAT32)) {
      List<Trigger> after = triggers(scaled, Distinct.PREFIX, neuron);
      assertThat(after)
          .hasSize(K)
          .isEqualTo(
              before.stream()
                  .map(
                      t ->
                          new Trigger(
                              t.layer(),
                              t.neuron(),
                              t.polarity(),
                              t.rank(),
                              8 * t.coefficient(),
                              t.sequenceId(),
                              t.position()))
                  .toList());
    }
  }

  private static Trigger trigger(int rank, long sequence, int position) {
    return new Trigger(1, CONSTANT, Polarity.POSITIVE, rank, 1, sequence, position);
  }

  private List<Trigger> triggers(Distinct distinct, int neuron) {
    return triggers(model, distinct, neuron);
  }

  private List<Trigger> triggers(Transformer model, Distinct distinct, int neuron) {
    TriggerSearch search = new TriggerSearch(K, distinct, List.of(Polarity.POSITIVE), 1);
    List<Trigger> triggers = new ArrayList<>();
    ScanRun.merged(search, model, ScanRun.split(corpus, 4), 256, 1)
        .forEach(
            (block, packed) ->
                triggers.addAll(search.triggers(block.layer(), block.number(), packed)));
    return triggers.stream().filter(t -> t.layer() == 1 && t.neuron() == neuron).toList();
  }

  private NeuronStatsRow statistics(int neuron) {
    NeuronStatistics statistics = new NeuronStatistics();
    List<NeuronStatsRow> rows = new ArrayList<>();
    ScanRun.merged(statistics, model, ScanRun.split(corpus, 4), 256, 1)
        .forEach(
            (block, packed) ->
                rows.addAll(NeuronStatistics.rows(block.layer(), block.number(), packed)));
    return rows.stream().filter(r -> r.layer() == 1 && r.neuron() == neuron).findFirst().get();
  }
}
