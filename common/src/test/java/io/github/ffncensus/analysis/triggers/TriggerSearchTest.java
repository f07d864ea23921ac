package io.github.ffncensus.analysis.triggers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ScanRun;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Triggers against an oracle that keeps every coefficient and sorts. */
class TriggerSearchTest {
  private static final List<Polarity> BOTH = List.of(Polarity.POSITIVE, Polarity.NEGATIVE);

  /** Batches of one: the same computation as the oracle's, so that ties are ties in both. */
  private static final int ALONE = 1;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "bert-gelu", "llama-silu", "gpt2-relu-untied"})
  void sequencesAlone_rowsEqualTheOracle(String fixture) {
    try (Transformer model = load(fixture)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 60, 1);
      AllCoefficients all = AllCoefficients.of(model, corpus);
      for (Distinct distinct : Distinct.values()) {
        for (int k : new int[] {1, 3, 25}) {
          for (int minPosition : new int[] {1, 4}) {
            TriggerSearch search = new TriggerSearch(k, distinct, BOTH, minPosition);
            List<Trigger> expected = expected(model, all, distinct, k, minPosition);
            for (int shards : new int[] {1, 2, 7}) {
              assertThat(scan(search, model, corpus, shards, ALONE))
                  .as("%s, k = %d, from %d, %d shards", distinct, k, minPosition, shards)
                  .isEqualTo(expected);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, 64",
    "gpt2-gelu-new, 4096",
    "bert-gelu, 64",
    "bert-gelu, 4096",
    "llama-silu, 64",
    "llama-silu, 4096",
    "roberta-gelu, 4096"
  })
  void paddedBatches_agreeWithTheOracleWithinRounding(String fixture, int tokenBudget) {
    try (Transformer model = load(fixture)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 60, 2);
      AllCoefficients all = AllCoefficients.of(model, corpus);
      for (Distinct distinct : Distinct.values()) {
        for (int k : new int[] {1, 25}) {
          TriggerSearch search = new TriggerSearch(k, distinct, BOTH, 1);
          List<Trigger> actual = scan(search, model, corpus, 3, tokenBudget);
          assertClose(actual, expected(model, all, distinct, k, 1));
          for (Trigger t : actual) {
            assertThat(all.row(t.layer(), t.sequenceId(), t.position())[t.neuron()])
                .isCloseTo(t.coefficient(), within(1e-5f));
          }
        }
      }
    }
  }

  @Test
  void moreWantedThanThereAre_givesOnlyWhatIsAboveZero() {
    try (Transformer model = load("gpt2-relu-untied")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 20, 3);
      AllCoefficients all = AllCoefficients.of(model, corpus);
      int k = 1000;
      List<Trigger> triggers =
          scan(new TriggerSearch(k, Distinct.PREFIX, BOTH, 1), model, corpus, 2, ALONE);
      assertThat(triggers).allMatch(t -> t.polarity() == Polarity.POSITIVE && t.coefficient() > 0);
      Map<List<Integer>, Long> perNeuron =
          triggers.stream()
              .collect(
                  Collectors.groupingBy(
                      t -> List.of(t.layer(), t.neuron()), Collectors.counting()));
      Map<List<Integer>, Long> positive = new HashMap<>();
      forEachNeuron(
          model.architecture(),
          (layer, neuron) -> {
            long count = all.cells(layer, neuron).stream().filter(c -> c.value() > 0).count();
            if (count > 0) {
              positive.put(List.of(layer, neuron), count);
            }
          });
      assertThat(perNeuron).isEqualTo(positive);
      assertThat(positive.values()).allMatch(count -> count < k);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu", "bert-gelu"})
  void sequenceMode_neverShowsASequenceTwice_andSharesTheTopWithPrefixMode(String fixture) {
    try (Transformer model = load(fixture)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 50, 4);
      List<Trigger> bySequence =
          scan(new TriggerSearch(9, Distinct.SEQUENCE, BOTH, 1), model, corpus, 3, ALONE);
      List<Trigger> byPrefix =
          scan(new TriggerSearch(9, Distinct.PREFIX, BOTH, 1), model, corpus, 3, ALONE);
      assertThat(bySequence)
          .doesNotHaveDuplicates()
          .extracting(t -> List.of(t.layer(), t.neuron(), t.polarity(), t.sequenceId()))
          .doesNotHaveDuplicates();
      assertThat(bySequence.stream().filter(t -> t.rank() == 1).toList())
          .isEqualTo(byPrefix.stream().filter(t -> t.rank() == 1).toList())
          .hasSizeGreaterThan(200);
      Map<List<Object>, Float> strengths = new HashMap<>();
      byPrefix.forEach(t -> strengths.put(place(t), Math.abs(t.coefficient())));
      assertThat(bySequence)
          .allSatisfy(
              t ->
                  assertThat(Math.abs(t.coefficient()))
                      .isLessThanOrEqualTo(strengths.get(place(t))));
    }
  }

  private static List<Object> place(Trigger t) {
    return List.of(t.layer(), t.neuron(), t.polarity(), t.rank());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu"})
  void prefixAlone_givesTheReportedCoefficient_inCausalModels(String fixture) {
    try (Transformer model = load(fixture)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 30, 6);
      TriggerSearch search = new TriggerSearch(2, Distinct.SEQUENCE, BOTH, 1);
      for (Trigger t : scan(search, model, corpus, 2, 256)) {
        if (t.neuron() % 16 == 0) {
          int[] whole = corpus.get((int) t.sequenceId()).tokens();
          TokenSequence prefix = TokenSequence.of(0, Arrays.copyOf(whole, t.position() + 1));
          float[] row = AllCoefficients.of(model, List.of(prefix)).row(t.layer(), 0, t.position());
          assertThat(row[t.neuron()]).isCloseTo(t.coefficient(), within(1e-5f));
        }
      }
    }
  }

  @Test
  void shardsOfAnySequences_mergeToTheSameTriggers() {
    try (Transformer model = load("gpt2-gelu-new")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 40, 5);
      TriggerSearch search = new TriggerSearch(5, Distinct.SEQUENCE, BOTH, 1);
      List<Map<ScanRun.Block, byte[]>> partials = new ArrayList<>();
      for (int shard = 0; shard < corpus.size(); shard++) {
        partials.add(ScanRun.shard(search, model, shard, corpus.subList(shard, shard + 1), ALONE));
      }
      List<Trigger> whole = scan(search, model, corpus, 1, ALONE);
      for (int seed = 0; seed < 20; seed++) {
        assertThat(triggers(search, ScanRun.merged(search, partials, seed))).isEqualTo(whole);
      }
    }
  }

  /** Ranks, counts and coefficients agree; near-ties may stand in another order. */
  private static void assertClose(List<Trigger> actual, List<Trigger> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      Trigger a = actual.get(i);
      Trigger e = expected.get(i);
      assertThat(List.of(a.layer(), a.neuron(), a.polarity(), a.rank()))
          .isEqualTo(List.of(e.layer(), e.neuron(), e.polarity(), e.rank()));
      assertThat(a.coefficient()).isCloseTo(e.coefficient(), within(1e-5f));
    }
  }

  private static List<Trigger> expected(
      Transformer model, AllCoefficients all, Distinct distinct, int k, int minPosition) {
    List<Trigger> expected = new ArrayList<>();
    forEachNeuron(
        model.architecture(),
        (layer, neuron) ->
            BOTH.forEach(
                polarity ->
                    expected.addAll(
                        all.triggers(layer, neuron, polarity, distinct, k, minPosition))));
    return expected;
  }

  private interface NeuronVisitor {
    void visit(int layer, int neuron);
  }

  private static void forEachNeuron(Architecture architecture, NeuronVisitor visitor) {
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (int neuron = 0; neuron < architecture.intermediate(); neuron++) {
        visitor.visit(layer, neuron);
      }
    }
  }

  private static List<Trigger> scan(
      TriggerSearch search,
      Transformer model,
      List<TokenSequence> corpus,
      int shards,
      int tokenBudget) {
    return triggers(
        search, ScanRun.merged(search, model, ScanRun.split(corpus, shards), tokenBudget, shards));
  }

  private static List<Trigger> triggers(TriggerSearch search, Map<ScanRun.Block, byte[]> blocks) {
    List<Trigger> triggers = new ArrayList<>();
    blocks.forEach(
        (block, packed) -> triggers.addAll(search.triggers(block.layer(), block.number(), packed)));
    return triggers;
  }

  private static Transformer load(String fixture) {
    return TransformerLoader.load(
        ModelFolder.open(Fixture.named(fixture).folder()), Device.cpu(), Precision.FLOAT32);
  }
}
