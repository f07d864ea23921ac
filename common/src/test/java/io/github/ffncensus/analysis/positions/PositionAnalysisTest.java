package io.github.ffncensus.analysis.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ScanRun;
import io.github.ffncensus.analysis.ScanRun.Block;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.positions.PlainPositions.Expected;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Composition and refinement against plain arithmetic, and what holds of them for every model. */
class PositionAnalysisTest {
  /** Every third token is a stop word, every fifth no word, and others of seven stems. */
  private static final TokenTraits TRAITS = traits();

  private static final PositionSample ALL = new PositionSample.Rate(1, 1);

  /** Causal, parallel, gated with and without biases, and masked. */
  private static final List<String> MODELS =
      List.of(
          "gpt2-gelu-new",
          "gpt2-relu-untied",
          "gpt-neox-parallel",
          "llama-silu",
          "llama-bias-tied",
          "bert-gelu",
          "roberta-gelu");

  private static TokenTraits traits() {
    BitSet stopWords = new BitSet();
    int[] stems = new int[256];
    for (int token = 0; token < stems.length; token++) {
      stopWords.set(token, token % 3 == 0);
      stems[token] = token % 5 == 0 ? -1 : token % 7;
    }
    return new TokenTraits(stopWords, stems);
  }

  static Stream<Arguments> modelsAndLenses() {
    return MODELS.stream()
        .flatMap(model -> Stream.of(Lens.values()).map(lens -> Arguments.of(model, lens)));
  }

  @TempDir Path folder;

  /** With the embedding in floats, and in bytes. */
  @ParameterizedTest
  @MethodSource("modelsAndLenses")
  void everyPosition_isAsInPlainArithmetic(String name, Lens lens) {
    try (Transformer model = load(name)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 30, 1);
      PlainLens plain = new PlainLens(Fixture.named(name).folder());
      for (boolean bytes : new boolean[] {false, true}) {
        assertAsInPlainArithmetic(
            model, plain, lens, corpus, positions(model, ALL, lens, corpus, 100, bytes));
      }
    }
  }

  /**
   * A model in 16 bits is read in float32: what it predicts from the activations and weights that
   * it has. Sequences are run one by one, as the oracle does, since batches are rounded in other
   * ways.
   */
  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, BFLOAT16, 8",
    "gpt2-gelu-new, FLOAT16, 11",
    "llama-silu, BFLOAT16, 8",
    "bert-gelu, BFLOAT16, 8",
    "bert-gelu, FLOAT16, 11"
  })
  void everyPositionOfAModelInSixteenBits_isAsInPlainArithmetic(
      String name, Precision precision, int bits) {
    Path written = ModelCopy.of(name, folder).rounded(bits).write();
    try (Transformer model =
        TransformerLoader.load(ModelFolder.open(written), Device.cpu(), precision)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 30, 1);
      PlainLens plain = new PlainLens(written);
      for (Lens lens : Lens.values()) {
        for (boolean bytes : new boolean[] {false, true}) {
          // A budget of one token makes every sequence a batch.
          assertAsInPlainArithmetic(
              model, plain, lens, corpus, positions(model, ALL, lens, corpus, 1, bytes));
        }
      }
    }
  }

  private static void assertAsInPlainArithmetic(
      Transformer model,
      PlainLens plain,
      Lens lens,
      List<TokenSequence> corpus,
      List<SampledPosition> actual) {
    List<Expected> expected =
        new PlainPositions(model.architecture(), plain, lens, TRAITS).of(model, corpus);
    assertThat(actual).hasSameSizeAs(expected);
    int doubtful = 0;
    for (int i = 0; i < actual.size(); i++) {
      if (expected.get(i).doubtful()) {
        doubtful++;
      } else {
        assertSame(actual.get(i), expected.get(i).position(), 1e-4);
      }
    }
    assertThat(doubtful).isLessThan(actual.size() / 20);
  }

  private static void assertSame(
      SampledPosition actual, SampledPosition expected, double tolerance) {
    assertThat(actual.outputProbability())
        .isCloseTo(expected.outputProbability(), within(1e-4 * expected.outputProbability()));
    assertThat(actual.sequenceId()).isEqualTo(expected.sequenceId());
    assertThat(actual.position()).isEqualTo(expected.position());
    assertThat(actual.layer()).isEqualTo(expected.layer());
    assertThat(actual)
        .usingRecursiveComparison()
        .withComparatorForType(near(tolerance), Double.class)
        .withComparatorForType(near(tolerance), double.class)
        .ignoringFields("memories.large", "change.related")
        .isEqualTo(expected);
    // A coefficient at a hundredth of the largest may fall on either side.
    assertThat(actual.memories().large()).isCloseTo(expected.memories().large(), within(1));
  }

  private static Comparator<Double> near(double tolerance) {
    return (a, b) -> Math.abs(a - b) <= tolerance * (1 + Math.abs(b)) ? 0 : Double.compare(a, b);
  }

  /** Tables by layer are sums over the positions, which is what anyone can compute from them. */
  @ParameterizedTest
  @MethodSource("modelsAndLenses")
  void rowsByLayer_areRecomputedFromThePositions(String name, Lens lens) {
    try (Transformer model = load(name)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 40, 2);
      PositionAnalysis analysis = new PositionAnalysis(ALL, lens, PositionAnalysisTest::traits);
      Map<Block, byte[]> merged = ScanRun.merged(analysis, model, ScanRun.split(corpus, 3), 90, 1);
      List<SampledPosition> positions = positions(model, ALL, lens, corpus, 64);
      assertThat(merged).hasSize(model.architecture().layers());
      merged.forEach(
          (block, packed) -> {
            List<SampledPosition> ofLayer =
                positions.stream().filter(p -> p.layer() == block.layer()).toList();
            assertComposition(
                PositionAnalysis.composition(block.layer(), packed),
                ofLayer,
                model.architecture().intermediate());
            assertRefinement(PositionAnalysis.refinement(block.layer(), packed), ofLayer);
          });
    }
  }

  private static void assertComposition(
      CompositionRow row, List<SampledPosition> positions, int neurons) {
    assertThat(row.positions()).isEqualTo(positions.size());
    assertMean(row.meanActive(), positions, p -> p.memories().active());
    assertMean(row.activeFraction(), positions, p -> p.memories().active() / (double) neurons);
    assertMean(row.meanNegative(), positions, p -> p.memories().negative());
    assertThat(row.meanLarge())
        .isCloseTo(mean(positions, p -> p.memories().large()), within(0.01 + 1.0 / neurons));
    assertShare(row.zeroAgreement(), positions, p -> p.memories().agreeing() == 0);
    assertShare(row.zeroAgreementPositive(), positions, p -> p.memories().agreeingPositive() == 0);
    assertShare(row.zeroAgreementAll(), positions, p -> p.memories().agreeingAll() == 0);
    assertShare(row.zeroAgreementCode(), positions, p -> p.memories().agreeingWithLayer() == 0);
    assertMean(row.meanAgreeing(), positions, p -> p.memories().agreeing());
    assertMean(row.agreeingShare(), positions, p -> p.memories().agreeingShare());
    assertShare(row.shortPrefix(), positions, p -> p.prefixTokens() < 5);
    List<SampledPosition> agreeing =
        positions.stream().filter(p -> p.memories().agreeing() > 0).toList();
    if (agreeing.isEmpty()) {
      assertThat(row.shortPrefixOfAgreeing()).isNull();
      assertThat(row.stopWordOfAgreeing()).isNull();
    } else {
      assertShare(row.shortPrefixOfAgreeing(), agreeing, p -> p.prefixTokens() < 5);
      assertShare(row.stopWordOfAgreeing(), agreeing, SampledPosition::stopWord);
    }
    assertShare(row.stopWord(), positions, SampledPosition::stopWord);
    int[] active = positions.stream().mapToInt(p -> p.memories().active()).sorted().toArray();
    assertThat(row.active())
        .isEqualTo(
            new CompositionRow.Active(
                active[0],
                quantile(active, 0.1),
                quantile(active, 0.25),
                quantile(active, 0.5),
                quantile(active, 0.75),
                quantile(active, 0.9),
                active[active.length - 1]));
  }

  private static int quantile(int[] sorted, double q) {
    return sorted[(int) Math.ceil(q * sorted.length) - 1];
  }

  private static void assertRefinement(RefinementRow row, List<SampledPosition> positions) {
    assertThat(row.positions()).isEqualTo(positions.size());
    // Property 33.
    assertThat(row.residual() + row.ffn() + row.agreement() + row.composition())
        .isEqualTo(positions.size());
    assertClass(row.residual(), positions, PredictionClass.RESIDUAL);
    assertClass(row.ffn(), positions, PredictionClass.FFN);
    assertClass(row.agreement(), positions, PredictionClass.AGREEMENT);
    assertClass(row.composition(), positions, PredictionClass.COMPOSITION);
    assertShare(row.matches(), positions, p -> p.residualToken() == p.outputToken());
    assertMean(row.meanProbability(), positions, SampledPosition::outputProbability);
    assertMean(row.residualInFfn(), positions, SampledPosition::residualTokenInFfn);
    assertThat((double) row.settled())
        .isCloseTo(
            positions.stream().filter(p -> p.settlingLayer() == p.layer()).count(), within(1.0));
    List<SampledPosition> changed = positions.stream().filter(p -> p.change() != null).toList();
    assertMean(row.residualInFfnOfChanged(), changed, SampledPosition::residualTokenInFfn);
    assertShare(row.demoted(), changed, p -> p.residualTokenInFfn() < 0);
    assertMedian(row.residualTokenRank(), changed, p -> p.change().residualTokenRank());
    List<SampledPosition> composed =
        changed.stream().filter(p -> p.predictionClass() == PredictionClass.COMPOSITION).toList();
    assertMean(row.cosine(), composed, p -> p.change().cosine());
    assertShare(row.sharedStem(), composed, p -> p.change().sharedStem());
    assertShare(row.related(), composed, p -> p.change().related());
    assertMedian(row.layerTokenRank(), composed, p -> p.change().layerTokenRank());
    double[] sorted =
        positions.stream().mapToDouble(SampledPosition::outputProbability).sorted().toArray();
    assertThat(row.medianProbability())
        .isCloseTo(sorted[(sorted.length + 1) / 2 - 1], within(0.0005 + 1e-5));
  }

  /** One position more or less may be among them. */
  private static void assertMedian(
      Integer actual, List<SampledPosition> positions, Function<SampledPosition, Integer> rank) {
    int[] ranks =
        positions.stream().map(rank).filter(Objects::nonNull).mapToInt(r -> r).sorted().toArray();
    if (ranks.length == 0) {
      assertThat(actual).isNull();
    } else {
      int middle = (ranks.length + 1) / 2 - 1;
      assertThat(actual)
          .isBetween(ranks[Math.max(0, middle - 1)], ranks[Math.min(ranks.length - 1, middle + 1)]);
    }
  }

  private static void assertClass(
      long actual, List<SampledPosition> positions, PredictionClass wanted) {
    long count = positions.stream().filter(p -> p.predictionClass() == wanted).count();
    assertThat(actual).isCloseTo(count, within(1L));
  }

  private static void assertShare(
      Double actual, List<SampledPosition> positions, Predicate<SampledPosition> condition) {
    // One near tie may come out otherwise in batches of another size.
    assertThat(actual)
        .isCloseTo(
            mean(positions, p -> condition.test(p) ? 1 : 0), within(1.01 / positions.size()));
  }

  private static void assertMean(
      Double actual, List<SampledPosition> positions, ToDoubleFunction<SampledPosition> value) {
    double mean = mean(positions, value);
    assertThat(actual).isCloseTo(mean, within(1e-3 * (1 + Math.abs(mean))));
  }

  private static double mean(
      List<SampledPosition> positions, ToDoubleFunction<SampledPosition> value) {
    return positions.stream().mapToDouble(value).average().orElseThrow();
  }

  /** Properties 34, 35, 37, 38, 39. */
  @ParameterizedTest
  @MethodSource("modelsAndLenses")
  void positions_keepTheLawsOfTheirLens(String name, Lens lens) {
    try (Transformer model = load(name)) {
      Architecture architecture = model.architecture();
      List<TokenSequence> corpus = RandomSequences.of(architecture, 40, 3);
      List<SampledPosition> positions = positions(model, ALL, lens, corpus, 128);
      boolean relu = name.contains("relu");
      for (SampledPosition p : positions) {
        if (lens != Lens.HEAD) {
          assertThat(p.splitAgreement()).isFalse();
        }
        if (relu) {
          assertThat(p.memories().negative()).isZero();
          assertThat(p.memories().agreeingAll()).isGreaterThanOrEqualTo(p.memories().agreeing());
        }
        if (p.memories().active() + p.memories().negative() == 0) {
          assertThat(p.memories().agreeing()).isZero();
        }
        if (p.layer() == architecture.layers() - 1 && lens == Lens.HEAD) {
          boolean kept =
              p.predictionClass() == PredictionClass.AGREEMENT
                  || p.predictionClass() == PredictionClass.RESIDUAL;
          assertThat(p.layerToken()).isEqualTo(p.outputToken());
          assertThat(p.residualToken() == p.outputToken()).isEqualTo(kept);
        }
        if (p.settlingLayer() <= p.layer()) {
          assertThat(p.residualToken()).isEqualTo(p.outputToken());
        }
        assertThat(p.outputProbability()).isBetween(0.0, 1.0);
        if (p.outputProbability() > 0.5) {
          assertThat(p.residualToken()).isEqualTo(p.outputToken());
        }
      }
    }
  }

  /**
   * Property 42: what is sampled, and what is found there, does not depend on shards or batches.
   */
  @Test
  void sampledPositions_areTheSameUnderAnySharding() {
    try (Transformer model = load("gpt2-gelu-new")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 60, 4);
      PositionAnalysis analysis =
          new PositionAnalysis(
              new PositionSample.PerSequence(1, 5), Lens.HEAD, PositionAnalysisTest::traits);
      long sequences = corpus.stream().filter(sequence -> sequence.textTokens() > 0).count();
      Map<Block, byte[]> whole = ScanRun.merged(analysis, model, List.of(corpus), 200, 1);
      for (int shards : new int[] {2, 5, 60}) {
        Map<Block, byte[]> split =
            ScanRun.merged(analysis, model, ScanRun.split(corpus, shards), 30 * shards, shards);
        whole.forEach(
            (block, packed) -> {
              RefinementRow expected = PositionAnalysis.refinement(block.layer(), packed);
              RefinementRow actual = PositionAnalysis.refinement(block.layer(), split.get(block));
              assertThat(expected.positions()).isEqualTo(sequences);
              assertThat(actual)
                  .usingRecursiveComparison()
                  .withComparatorForType(near(1e-5), Double.class)
                  .isEqualTo(expected);
              assertThat(PositionAnalysis.composition(block.layer(), split.get(block)))
                  .usingRecursiveComparison()
                  .withComparatorForType(near(1e-5), Double.class)
                  .isEqualTo(PositionAnalysis.composition(block.layer(), packed));
            });
      }
    }
  }

  @Test
  void noSampledPosition_leavesMeansOut() {
    try (Transformer model = load("bert-gelu")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 5, 1);
      Map<Block, byte[]> merged =
          ScanRun.merged(
              new PositionAnalysis(
                  new PositionSample.Rate(0, 1), Lens.HEAD, PositionAnalysisTest::traits),
              model,
              List.of(corpus),
              64,
              1);
      assertThat(merged).hasSize(3);
      CompositionRow row = PositionAnalysis.composition(1, merged.get(new Block(1, 0)));
      assertThat(row.positions()).isZero();
      assertThat(row.meanActive()).isNull();
      assertThat(row.active().p50()).isNull();
      assertThat(PositionAnalysis.refinement(1, merged.get(new Block(1, 0))).matches()).isNull();
    }
  }

  private static Transformer load(String fixture) {
    return TransformerLoader.load(
        ModelFolder.open(Fixture.named(fixture).folder()), Device.cpu(), Precision.FLOAT32);
  }

  /** Sorted by sequence, position and layer. */
  private static List<SampledPosition> positions(
      Transformer model,
      PositionSample sample,
      Lens lens,
      List<TokenSequence> corpus,
      int tokenBudget) {
    return positions(model, sample, lens, corpus, tokenBudget, true);
  }

  /** Sorted by sequence, position and layer. */
  private static List<SampledPosition> positions(
      Transformer model,
      PositionSample sample,
      Lens lens,
      List<TokenSequence> corpus,
      int tokenBudget,
      boolean bytes) {
    List<SampledPosition> positions = new ArrayList<>();
    // Parts of the vocabulary so small that every best token is passed from part to part.
    try (ShardObserver observer =
        new PositionObserver(
            model, sample, lens, TRAITS, positions::add, CentredEmbedding.of(model, bytes, 50))) {
      new ShardScan(model::observe, List.of(observer), tokens -> {})
          .run(BatchPlan.of(corpus, tokenBudget));
    }
    positions.sort(
        Comparator.comparingLong(SampledPosition::sequenceId)
            .thenComparingInt(SampledPosition::position)
            .thenComparingInt(SampledPosition::layer));
    return positions;
  }
}
