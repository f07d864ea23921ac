package io.github.ffncensus.interpret.memories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.interpret.memories.PlainMemories.Position;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.RandomArrays;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memories of the last layer against brute force in double arithmetic. */
class MemoryReadingsTest {
  private static final int STRONGEST = 9;

  /** Logits this close may change places by rounding. */
  private static final double SLACK = 1e-5;

  private static final PositionSample TWO = new PositionSample.PerSequence(2, 7);

  @TempDir Path folder;

  /** Causal with and without negative coefficients, gated, and masked. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-gelu-new",
        "gpt2-relu-untied",
        "gpt-neox-parallel",
        "llama-silu",
        "llama-bias-tied",
        "bert-gelu",
        "roberta-gelu"
      })
  void positionsAndMemories_areThoseOfBruteForce(String name) {
    assertThatOfBruteForce(withLargeValues(name));
  }

  /** A value vector of zeros predicts nothing, although some token is first of all equal ones. */
  @Test
  void valuesOfZeros_areNotAmongThoseThatPredict() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    float[] values = copy.values("transformer.h.1.mlp.c_proj.weight");
    for (int i = 0; i < values.length; i++) {
      values[i] *= i < values.length / 2 ? 0 : 4;
    }
    assertThatOfBruteForce(copy.write());
  }

  private static void assertThatOfBruteForce(Path written) {
    try (Transformer model = load(written)) {
      List<TokenSequence> sequences = RandomSequences.of(model.architecture(), 12, 3);
      PlainMemories oracle = new PlainMemories(model.architecture(), new PlainLens(written));
      List<MemoryPosition> positions = read(model, STRONGEST, 70, sequences);
      assertThat(positions)
          .extracting(p -> p.sequenceId() + ":" + p.position())
          .containsExactlyElementsOf(
              sequences.stream()
                  .flatMap(s -> Arrays.stream(TWO.of(s)).mapToObj(p -> s.id() + ":" + p))
                  .toList());
      for (MemoryPosition position : positions) {
        TokenSequence sequence = sequences.get((int) position.sequenceId());
        check(position, sequence, oracle.position(model, sequence, position.position()));
      }
      assertThat(positions)
          .flatExtracting(MemoryPosition::memories)
          .extracting(MemoryAblation::changesPrediction)
          .contains(true, false);
    }
  }

  /** With the fixture's tiny ones, no memory would matter. */
  private Path withLargeValues(String name) {
    if (name.equals("gpt2-relu-untied")) {
      return Fixture.named(name).folder();
    }
    ModelCopy copy = ModelCopy.of(name, folder);
    copy.tensors()
        .forEach(
            (tensor, values) -> {
              if (tensor.matches(
                  ".*\\.(1\\.mlp\\.(c_proj|down_proj)|2\\.mlp\\.dense_4h_to_h|1\\.output\\.dense)\\.weight")) {
                for (int i = 0; i < values.values().length; i++) {
                  values.values()[i] *= 4;
                }
              }
            });
    return copy.write();
  }

  private static void check(MemoryPosition actual, TokenSequence sequence, Position expected) {
    int e = actual.outputToken();
    int f = actual.ffnToken();
    assertThat(actual.tokenId()).isEqualTo(sequence.tokens()[actual.position()]);
    assertTop(e, expected.outputLogits);
    assertTop(f, expected.ffnLogits);
    assertTop(actual.residualToken(), expected.residualLogits);
    assertProbability(actual.outputProbability(), expected.outputLogits, e);
    // Property 39.
    assertThat(actual.outputProbability()).isBetween(1.0 / expected.outputLogits.length, 1.0);
    assertThat(actual.outputEntropy())
        .isCloseTo(PlainMemories.entropy(expected.outputLogits), within(1e-4));
    assertProbability(actual.residualOutputProbability(), expected.residualLogits, e);
    assertProbability(actual.ffnOutputProbability(), expected.ffnLogits, e);
    assertProbability(
        actual.residualTokenProbabilityInFfn(), expected.ffnLogits, actual.residualToken());
    assertRank(actual.residualOutputRank(), expected.residualLogits, e);
    assertRank(actual.ffnOutputRank(), expected.ffnLogits, e);
    assertRank(actual.residualTokenRankInFfn(), expected.ffnLogits, actual.residualToken());
    checkAllMemories(actual, expected);
    int none = expected.neurons() + 1;
    assertThat(actual.memoriesForFfnToken() == null ? none : actual.memoriesForFfnToken())
        .isBetween(expected.fewest(f, -SLACK), expected.fewest(f, SLACK));
    int[] strongest = expected.strongest();
    assertThat(actual.memories().size())
        .isEqualTo(
            (int)
                IntStream.of(strongest)
                    .limit(STRONGEST)
                    .filter(i -> expected.contribution(i) > 0)
                    .count());
    for (MemoryAblation memory : actual.memories()) {
      check(memory, e, f, expected);
      assertThat(expected.contribution(memory.neuron()))
          .isCloseTo(expected.contribution(strongest[memory.rank() - 1]), withinPercentage(0.001));
    }
    assertThat(actual.memories().stream().map(MemoryAblation::rank))
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, actual.memories().size()).boxed().toList());
  }

  private static void checkAllMemories(MemoryPosition actual, Position expected) {
    int e = actual.outputToken();
    int[] active =
        IntStream.range(0, expected.neurons()).filter(i -> expected.coefficient(i) > 0).toArray();
    assertThat(actual.activeMemories()).isEqualTo(active.length);
    double length = expected.residualLength();
    assertThat((double) actual.residualLength()).isCloseTo(length, within(1e-5 * length));
    int[] all = IntStream.range(0, expected.neurons()).toArray();
    assertThat(actual.residualRank() - 1L)
        .isBetween(
            IntStream.of(all).filter(i -> expected.contribution(i) > length * 1.00001).count(),
            IntStream.of(all).filter(i -> expected.contribution(i) > length * 0.99999).count());
    double total = IntStream.of(all).mapToDouble(expected::contribution).sum();
    assertThat(actual.totalContribution()).isCloseTo(total, within(1e-5 * total));
    int[] predicting = IntStream.of(active).filter(i -> expected.contribution(i) > 0).toArray();
    List<Integer> lowest = ranks(expected, predicting, e, SLACK);
    List<Integer> highest = ranks(expected, predicting, e, -SLACK);
    int middle = (predicting.length - 1) / 2;
    assertThat(actual.medianOutputRank()).isBetween(lowest.get(middle), highest.get(middle));
    assertThat((long) actual.outputVoters())
        .isBetween(
            highest.stream().filter(rank -> rank == 1).count(),
            lowest.stream().filter(rank -> rank == 1).count());
  }

  private static List<Integer> ranks(Position expected, int[] neurons, int token, double slack) {
    return IntStream.of(neurons)
        .mapToObj(
            i ->
                PlainMemories.rank(
                    expected.memoryLogits(i), token, slack * expected.coefficient(i)))
        .sorted()
        .toList();
  }

  private static void check(MemoryAblation actual, int e, int f, Position expected) {
    double m = expected.coefficient(actual.neuron());
    double[] ofMemory = expected.memoryLogits(actual.neuron());
    assertThat((double) actual.coefficient()).isCloseTo(m, within(1e-5));
    assertThat((double) actual.contribution())
        .isCloseTo(expected.contribution(actual.neuron()), withinPercentage(0.001));
    assertThat(ofMemory[actual.valueToken()])
        .isCloseTo(ofMemory[PlainMemories.top(ofMemory)], within(SLACK));
    assertThat(actual.outputRank())
        .isBetween(
            PlainMemories.rank(ofMemory, e, SLACK * Math.abs(m)),
            PlainMemories.rank(ofMemory, e, -SLACK * Math.abs(m)));
    assertThat(actual.ffnTokenRank())
        .isBetween(
            PlainMemories.rank(ofMemory, f, SLACK * Math.abs(m)),
            PlainMemories.rank(ofMemory, f, -SLACK * Math.abs(m)));
    assertProbability(actual.outputProbability(), ofMemory, e);
    assertProbability(actual.ffnTokenProbability(), ofMemory, f);
    double[] without = expected.logitsWithout(actual.neuron());
    assertTop(actual.predictionWithout(), without);
    assertThat(actual.logProbabilityChange())
        .isCloseTo(
            PlainMemories.logProbability(without, e)
                - PlainMemories.logProbability(expected.outputLogits, e),
            within(2e-5));
    if (PlainMemories.margin(expected.outputLogits) > SLACK
        && PlainMemories.margin(without) > SLACK) {
      assertThat(actual.changesPrediction()).isEqualTo(PlainMemories.top(without) != e);
    }
  }

  private static void assertTop(int token, double[] logits) {
    assertThat(logits[token]).isCloseTo(logits[PlainMemories.top(logits)], within(SLACK));
  }

  private static void assertProbability(double actual, double[] logits, int token) {
    double expected = Math.exp(PlainMemories.logProbability(logits, token));
    assertThat(actual).isCloseTo(expected, within(1e-4 * expected));
  }

  private static void assertRank(int actual, double[] logits, int token) {
    assertThat(actual)
        .isBetween(
            PlainMemories.rank(logits, token, SLACK), PlainMemories.rank(logits, token, -SLACK));
  }

  /** Property 1: the memories of a position add up to what the FFN adds. */
  @Test
  void allMemories_areReportedWhereAllAreAskedFor_butThoseThatAddNothing() {
    Path checkpoint = Fixture.named("gpt2-gelu-new").folder();
    try (Transformer model = load(checkpoint)) {
      int neurons = model.architecture().intermediate();
      PlainMemories oracle = new PlainMemories(model.architecture(), new PlainLens(checkpoint));
      List<TokenSequence> sequences = RandomSequences.of(model.architecture(), 3, 4);
      for (MemoryPosition position : read(model, neurons + 5, 100, sequences)) {
        List<Integer> reported =
            position.memories().stream().map(MemoryAblation::neuron).sorted().toList();
        Position expected =
            oracle.position(model, sequences.get((int) position.sequenceId()), position.position());
        assertThat(reported).doesNotHaveDuplicates().isSubsetOf(indices(neurons));
        assertThat(indices(neurons))
            .filteredOn(neuron -> !reported.contains(neuron))
            .allSatisfy(neuron -> assertThat(expected.contribution(neuron)).isLessThan(1e-7));
        assertThat(position.memories().stream().mapToDouble(MemoryAblation::contribution).sum())
            .isCloseTo(position.totalContribution(), within(1e-3));
      }
    }
  }

  private static List<Integer> indices(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  /** Property 41, and what is removed from nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-relu-untied", "llama-silu", "bert-gelu"})
  void removingAMemoryWithoutCoefficient_changesNothing(String name) {
    try (Transformer model = load(Fixture.named(name).folder());
        NDManager manager = model.newScope();
        MemoryScript script = new MemoryScript(manager)) {
      int layer = model.architecture().layers() - 1;
      Pairs pairs =
          new Pairs(
              new long[] {0, 0, 1, 1},
              new long[] {3, 9, 4, 1},
              new float[] {0, 50, 0, -0.5f},
              new long[] {8, 8, 5, 5},
              new long[4]);
      NDArray sums =
          RandomArrays.normal(manager, new Random(4), 1, 2, model.architecture().hidden());
      Removals.Result result = new Removals(model, script, layer).predictions(manager, sums, pairs);
      // Where every removal has a product of its own, rows may be rounded each in its way.
      double tolerance = model.scalesToHead() ? 0 : 1e-6;
      assertThat(result.logChanges()[0]).isCloseTo(0, within(tolerance));
      assertThat(result.logChanges()[2]).isCloseTo(0, within(tolerance));
      assertThat(result.changed()[0]).isFalse();
      assertThat(result.changed()[2]).isFalse();
      assertThat(result.logChanges()[1]).isNotCloseTo(0, within(1e-3));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "gpt2-relu-untied", "llama-bias-tied"})
  void logitsPutTogether_areThoseOfAProductPerPair(String name) {
    try (Transformer model = load(Fixture.named(name).folder());
        NDManager manager = model.newScope();
        MemoryScript script = new MemoryScript(manager)) {
      int count = 60;
      long[] positions = IntStream.range(0, count).mapToLong(i -> i / 20).toArray();
      long[] neurons = IntStream.range(0, count).mapToLong(i -> 7L * i % 50).toArray();
      float[] m = new float[count];
      for (int i = 0; i < count; i++) {
        m[i] = (i % 11) - 4;
      }
      long[] outputs = IntStream.range(0, count).mapToLong(i -> 3 * (i / 20)).toArray();
      Pairs pairs = new Pairs(positions, neurons, m, outputs, new long[count]);
      NDArray sums =
          RandomArrays.normal(manager, new Random(5), 1, 3, model.architecture().hidden());
      Removals removals = new Removals(model, script, model.architecture().layers() - 1);
      Removals.Read together = removals.together(manager, sums, pairs);
      Removals.Read separately = removals.separately(manager, sums, pairs);
      assertThat(together.outputLogs()).containsExactly(separately.outputLogs(), within(2e-5));
      assertThat(together.tokens()).isEqualTo(separately.tokens());
    }
  }

  @Test
  void batchesAndHalves_changeNothingBeyondRounding() {
    try (Transformer model = load(Fixture.named("llama-silu").folder())) {
      List<TokenSequence> sequences = RandomSequences.of(model.architecture(), 20, 5);
      List<MemoryPosition> expected = read(model, 4, 1000, sequences);
      List<MemoryPosition> actual = read(model, 4, 30, sequences);
      Map<Long, MemoryPosition> alone =
          sequences.stream()
              .flatMap(s -> read(model, 4, 30, List.of(s)).stream())
              .collect(
                  Collectors.toMap(p -> 1000 * p.sequenceId() + p.position(), Function.identity()));
      for (int i = 0; i < expected.size(); i++) {
        MemoryPosition p = expected.get(i);
        assertSame(actual.get(i), p);
        assertSame(alone.get(1000 * p.sequenceId() + p.position()), p);
      }
    }
  }

  private static void assertSame(MemoryPosition actual, MemoryPosition expected) {
    assertThat(actual.outputToken()).isEqualTo(expected.outputToken());
    assertThat(actual.memories()).hasSameSizeAs(expected.memories());
    for (int k = 0; k < expected.memories().size(); k++) {
      assertThat(actual.memories().get(k).neuron()).isEqualTo(expected.memories().get(k).neuron());
      assertThat(actual.memories().get(k).logProbabilityChange())
          .isCloseTo(expected.memories().get(k).logProbabilityChange(), within(1e-5));
    }
  }

  @Test
  void everyPart_isTimed() {
    try (Transformer model = load(Fixture.named("gpt2-gelu-new").folder())) {
      Map<MemoryReadings.Part, Long> times = new EnumMap<>(MemoryReadings.Part.class);
      new MemoryReadings(
              model, TWO, 2, 50, tokens -> {}, (part, nanos) -> times.merge(part, nanos, Long::sum))
          .read(RandomSequences.of(model.architecture(), 3, 1));
      assertThat(times).containsOnlyKeys(MemoryReadings.Part.values());
    }
  }

  @Test
  void sequencesWithoutTextTokens_haveNoPosition() {
    try (Transformer model = load(Fixture.named("bert-gelu").folder())) {
      TokenSequence sequence = new TokenSequence(0, new int[] {2, 3}, new boolean[] {true, true});
      assertThat(read(model, 3, 50, List.of(sequence))).isEmpty();
    }
  }

  @Test
  void modelWithoutAHead_saysSo() {
    ModelCopy copy = ModelCopy.of("bert-gelu", folder);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    try (Transformer model = load(copy.write())) {
      assertThatThrownBy(() -> read(model, 3, 50, List.of()))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("no prediction head");
    }
  }

  private static List<MemoryPosition> read(
      Transformer model, int strongest, int batchTokens, List<TokenSequence> sequences) {
    return new MemoryReadings(
            model, TWO, strongest, batchTokens, tokens -> {}, (part, nanoseconds) -> {})
        .read(sequences);
  }

  private static Transformer load(Path model) {
    return TransformerLoader.load(ModelFolder.open(model), Device.cpu(), Precision.FLOAT32);
  }
}
