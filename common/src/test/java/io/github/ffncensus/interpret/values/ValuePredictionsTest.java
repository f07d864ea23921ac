package io.github.ffncensus.interpret.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.interpret.values.ValuePredictions.BlockLogits;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Value predictions against double arithmetic on the checkpoint's own tensors. */
class ValuePredictionsTest {
  private static final int TOP = 10;
  private static final int LAYER = 1;

  @TempDir Path folder;

  /** Where a fixture keeps what the predictions are made of. */
  enum Family {
    GPT2("transformer.wte.weight", "transformer.h.1.mlp.c_proj.weight", "transformer.ln_f.weight"),
    BERT("bert.embeddings.word_embeddings.weight", "bert.encoder.layer.1.output.dense.weight", ""),
    LLAMA("lm_head.weight", "model.layers.1.mlp.down_proj.weight", "model.norm.weight");

    final String embedding;
    final String values;
    final String gain;

    Family(String embedding, String values, String gain) {
      this.embedding = embedding;
      this.values = values;
      this.gain = gain;
    }

    boolean columns() {
      return this == BERT || this == LLAMA;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, GPT2, FOLDED",
    "gpt2-gelu-new, GPT2, RAW",
    "bert-gelu, BERT, RAW",
    "llama-silu, LLAMA, FOLDED",
    "llama-silu, LLAMA, RAW"
  })
  void predictions_areThoseOfDoubleArithmetic(String name, Family family, Lens lens) {
    ModelCopy copy = ModelCopy.of(name, folder);
    // Values of a trained model's size: with the fixture's tiny ones all is nearly uniform.
    multiply(copy.values(family.values), 20);
    assertPredictions(copy, Precision.FLOAT32, family, lens);
  }

  /** In 16 bits too, whose own logits would be too coarse to tell the first from the second. */
  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, GPT2, FOLDED, BFLOAT16, 8",
    "gpt2-gelu-new, GPT2, RAW, FLOAT16, 11",
    "bert-gelu, BERT, RAW, BFLOAT16, 8",
    "llama-silu, LLAMA, FOLDED, BFLOAT16, 8"
  })
  void predictionsOfAModelInSixteenBits_areThoseOfDoubleArithmetic(
      String name, Family family, Lens lens, Precision precision, int bits) {
    ModelCopy copy = ModelCopy.of(name, folder);
    multiply(copy.values(family.values), 20);
    assertPredictions(copy.rounded(bits), precision, family, lens);
  }

  private static void assertPredictions(
      ModelCopy copy, Precision precision, Family family, Lens lens) {
    try (Transformer model =
        TransformerLoader.load(ModelFolder.open(copy.write()), Device.cpu(), precision)) {
      Architecture architecture = model.architecture();
      IntFunction<NeuronTriggers> triggers = randomTriggers(architecture.vocabulary());
      List<ValuePrediction> rows = predict(model, lens, triggers);
      assertThat(rows).hasSize(architecture.intermediate());
      for (int i = 0; i < rows.size(); i++) {
        ValueOracle oracle =
            ValueOracle.of(
                value(copy, family, architecture, i),
                copy.values(family.embedding),
                lens == Lens.RAW ? null : copy.values(family.gain),
                !architecture.rmsNorm());
        assertThat(rows.get(i).layer()).isEqualTo(LAYER);
        assertThat(rows.get(i).neuron()).isEqualTo(i);
        assertEquals(rows.get(i), oracle, triggers.apply(i));
        assertThat(rows.get(i).bottomTokenIds()).isEqualTo(oracle.ranked(TOP, false));
      }
    }
  }

  /** The head adds what no value says, but the row must still be its distribution. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "gpt2-relu-untied", "bert-gelu", "llama-silu"})
  void headLens_isTheModelsOwnHead(String name) {
    try (Transformer model = load(Fixture.named(name).folder());
        NDManager scope = model.newScope()) {
      int neurons = model.architecture().intermediate();
      int vocabulary = model.architecture().vocabulary();
      IntFunction<NeuronTriggers> triggers = randomTriggers(vocabulary);
      float[] logits = model.logits(model.values(LAYER, 0, neurons, scope)).toFloatArray();
      List<ValuePrediction> rows = predict(model, Lens.HEAD, triggers);
      for (int i = 0; i < neurons; i++) {
        double[] ofNeuron = new double[vocabulary];
        for (int w = 0; w < vocabulary; w++) {
          ofNeuron[w] = logits[i * vocabulary + w];
        }
        assertEquals(rows.get(i), new ValueOracle(ofNeuron), triggers.apply(i));
      }
    }
  }

  private static void assertEquals(
      ValuePrediction row, ValueOracle oracle, NeuronTriggers triggers) {
    double[] p = oracle.probabilities(1);
    int[] top = oracle.ranked(TOP, true);
    assertThat(row.topTokenIds()).isEqualTo(top);
    assertThat(row.topToken()).isEqualTo(top[0]);
    assertThat(row.topProbabilities()).hasSize(TOP);
    for (int k = 0; k < TOP; k++) {
      assertThat((double) row.topProbabilities()[k]).isCloseTo(p[top[k]], within(1e-4 * p[top[k]]));
    }
    assertThat(row.maxProbability()).isCloseTo(p[top[0]], within(1e-4 * p[top[0]]));
    assertThat(row.entropy()).isCloseTo(oracle.entropy(1), within(1e-4));
    assertThat(row.peakZ()).isCloseTo(oracle.peak(false), within(1e-4));
    assertThat(row.marginZ()).isCloseTo(oracle.peak(true), within(1e-4));
    assertThat(row.targets())
        .isEqualTo(IntStream.of(triggers.targets()).filter(t -> t >= 0).count());
    assertThat(row.agreementCount())
        .isEqualTo(IntStream.of(triggers.targets()).filter(t -> t == top[0]).count());
    if (triggers.targets().length == 0) {
      assertThat(row.meanCoefficient()).isNull();
      assertThat(row.maxProbabilityAtMeanCoefficient()).isNull();
      assertThat(row.entropyAtMeanCoefficient()).isNull();
    } else {
      double mean = triggers.meanCoefficient();
      assertThat(row.meanCoefficient()).isEqualTo(mean);
      double largest = oracle.probabilities(mean)[top[0]];
      assertThat(row.maxProbabilityAtMeanCoefficient()).isCloseTo(largest, within(1e-4 * largest));
      assertThat(row.entropyAtMeanCoefficient()).isCloseTo(oracle.entropy(mean), within(1e-4));
    }
    if (triggers.targets().length == 0 || triggers.targets()[0] < 0) {
      assertThat(row.targetTokenId()).isNull();
      assertThat(row.agrees()).isNull();
      assertThat(row.targetRank()).isNull();
    } else {
      int target = triggers.targets()[0];
      assertThat(row.targetTokenId()).isEqualTo(target);
      assertThat(row.targetRank()).isEqualTo(oracle.rank(target));
      assertThat(row.agrees()).isEqualTo(target == top[0]).isEqualTo(row.targetRank() == 1);
      assertThat(!row.agrees() || row.agreementCount() >= 1).isTrue();
    }
    assertBounds(row, p.length);
  }

  /** Property 28. */
  private static void assertBounds(ValuePrediction row, int vocabulary) {
    float[] p = row.topProbabilities();
    assertThat(p[0]).isEqualTo((float) row.maxProbability());
    for (int k = 1; k < p.length; k++) {
      assertThat(p[k]).isLessThanOrEqualTo(p[k - 1]);
    }
    assertThat(row.maxProbability()).isBetween(1.0 / vocabulary, 1.0);
    assertThat(row.entropy()).isBetween(0.0, Math.log(vocabulary));
  }

  /** Property 28: with the whole vocabulary kept, the row is the whole distribution. */
  @Test
  void allTokensKept_areAPermutationWhoseProbabilitiesSumToOne() {
    try (Transformer model = load(Fixture.named("gpt2-gelu-new").folder())) {
      int vocabulary = model.architecture().vocabulary();
      try (ValuePredictions values = new ValuePredictions(model, Lens.RAW, vocabulary + 5)) {
        values.forEach(
            0,
            0,
            20,
            neuron -> NeuronTriggers.NONE,
            row -> {
              assertThat(Arrays.stream(row.topTokenIds()).sorted().toArray())
                  .isEqualTo(IntStream.range(0, vocabulary).toArray());
              double sum = 0;
              for (float p : row.topProbabilities()) {
                sum += p;
              }
              assertThat(sum).isCloseTo(1, within(1e-5));
              assertBounds(row, vocabulary);
            });
      }
    }
  }

  /** Property 6. Powers of two scale floats exactly, so that not even near-ties may change. */
  @ParameterizedTest
  @CsvSource({"gpt2-gelu-new, GPT2, FOLDED", "llama-silu, LLAMA, FOLDED", "bert-gelu, BERT, RAW"})
  void scaledValues_keepRanksAndScaleFreeNumbers_negatedOnesSwapTopAndBottom(
      String fixture, Family family, Lens lens) throws Exception {
    List<ValuePrediction> original = predictScaled(fixture, family, lens, "original", 1);
    List<ValuePrediction> larger = predictScaled(fixture, family, lens, "larger", 64);
    List<ValuePrediction> negated = predictScaled(fixture, family, lens, "negated", -4);
    for (int i = 0; i < original.size(); i++) {
      ValuePrediction row = original.get(i);
      ValuePrediction scaled = larger.get(i);
      assertThat(scaled.topTokenIds()).isEqualTo(row.topTokenIds());
      assertThat(scaled.bottomTokenIds()).isEqualTo(row.bottomTokenIds());
      assertThat(scaled.targetRank()).isEqualTo(row.targetRank());
      assertThat(scaled.agrees()).isEqualTo(row.agrees());
      assertThat(scaled.agreementCount()).isEqualTo(row.agreementCount());
      assertThat(scaled.peakZ()).isCloseTo(row.peakZ(), within(1e-5));
      assertThat(scaled.marginZ()).isCloseTo(row.marginZ(), within(1e-5));
      assertThat(scaled.maxProbability()).isGreaterThan(row.maxProbability());
      assertThat(scaled.entropy()).isLessThan(row.entropy());
      assertThat(negated.get(i).topTokenIds()).isEqualTo(row.bottomTokenIds());
      assertThat(negated.get(i).bottomTokenIds()).isEqualTo(row.topTokenIds());
    }
  }

  private List<ValuePrediction> predictScaled(
      String fixture, Family family, Lens lens, String name, float factor) throws Exception {
    Path target = Files.createDirectory(folder.resolve(name));
    ModelCopy copy = ModelCopy.of(fixture, target);
    multiply(copy.values(family.values), factor);
    try (Transformer model = load(copy.write())) {
      return predict(model, lens, randomTriggers(model.architecture().vocabulary()));
    }
  }

  /** Property 30. */
  @ParameterizedTest
  @CsvSource({"gpt2-gelu-new, GPT2", "llama-silu, LLAMA", "bert-gelu, BERT"})
  void valueAlongATokensEmbedding_predictsTheToken(String fixture, Family family) {
    ModelCopy copy = ModelCopy.of(fixture, folder);
    float[] embedding = copy.values(family.embedding);
    float[] values = copy.values(family.values);
    long[] shape = copy.tensors().get(family.values).shape();
    int hidden = (int) shape[family.columns() ? 0 : 1];
    int neurons = (int) shape[family.columns() ? 1 : 0];
    int vocabulary = embedding.length / hidden;
    for (int w = 0; w < vocabulary; w++) {
      double square = 0;
      for (int j = 0; j < hidden; j++) {
        square += (double) embedding[w * hidden + j] * embedding[w * hidden + j];
      }
      for (int j = 0; j < hidden; j++) {
        embedding[w * hidden + j] /= (float) Math.sqrt(square);
      }
    }
    for (int i = 0; i < neurons; i++) {
      for (int j = 0; j < hidden; j++) {
        int at = family.columns() ? j * neurons + i : i * hidden + j;
        values[at] = 0.3f * (i + 1) * embedding[2 * i * hidden + j];
      }
    }
    try (Transformer model = load(copy.write())) {
      List<ValuePrediction> rows = predict(model, Lens.RAW, neuron -> trigger(2 * neuron));
      for (ValuePrediction row : rows) {
        assertThat(row.topTokenIds()[0]).isEqualTo(2 * row.neuron());
        assertThat(row.agrees()).isTrue();
        assertThat(row.targetRank()).isEqualTo(1);
        assertThat(row.agreementCount()).isEqualTo(1);
      }
    }
  }

  @Test
  void equalLogits_rankByTokenId() {
    int vocabulary = 281;
    float[] plateau = new float[vocabulary];
    Arrays.fill(plateau, 5, vocabulary, 2);
    Arrays.fill(plateau, 250, vocabulary, 1);
    float[] steps = new float[vocabulary];
    for (int w = 0; w < vocabulary; w++) {
      steps[w] = w / 4;
    }
    List<ValuePrediction> rows =
        predict(
            List.of(plateau, new float[vocabulary], steps),
            i -> trigger(List.of(100, 0, 278).get(i)));
    assertThat(rows.get(0).topTokenIds()).isEqualTo(IntStream.range(5, 15).toArray());
    assertThat(rows.get(0).bottomTokenIds())
        .containsExactly(0, 1, 2, 3, 4, 250, 251, 252, 253, 254);
    assertThat(rows.get(0).targetRank()).isEqualTo(96);
    assertThat(rows.get(0).marginZ()).isZero();
    assertThat(rows.get(2).topTokenIds())
        .containsExactly(280, 276, 277, 278, 279, 272, 273, 274, 275, 268);
    assertThat(rows.get(2).targetRank()).isEqualTo(4);

    ValuePrediction dead = rows.get(1);
    assertThat(dead.topTokenIds()).isEqualTo(IntStream.range(0, TOP).toArray());
    assertThat(dead.bottomTokenIds()).isEqualTo(IntStream.range(0, TOP).toArray());
    assertThat(dead.maxProbability()).isEqualTo(1.0 / vocabulary);
    assertThat(dead.entropy()).isEqualTo(Math.log(vocabulary));
    assertThat(dead.peakZ()).isNull();
    assertThat(dead.marginZ()).isNull();
    // It predicts nothing, not even the token that is the first of equal ones.
    assertThat(dead.topToken()).isNull();
    assertThat(dead.targetTokenId()).isZero();
    assertThat(dead.agrees()).isFalse();
    assertThat(dead.targetRank()).isNull();
    assertThat(dead.agreementCount()).isZero();
    assertThat(dead.targets()).isEqualTo(1);
    assertThat(dead.maxProbabilityAtMeanCoefficient()).isEqualTo(1.0 / vocabulary);
  }

  @Test
  void bottomTokens_areLeftOutWhereNoCoefficientIsNegative() {
    try (Transformer model = load(Fixture.named("gpt2-relu-untied").folder())) {
      assertThat(predict(model, Lens.FOLDED, neuron -> NeuronTriggers.NONE))
          .allSatisfy(row -> assertThat(row.bottomTokenIds()).isNull())
          .allSatisfy(row -> assertThat(row.topTokenIds()).hasSize(TOP));
    }
  }

  @Test
  void certainToken_hasProbabilityOneAndNoEntropy() {
    float[] logits = new float[281];
    logits[40] = 1000;
    ValuePrediction row = predict(List.of(logits), i -> trigger(40)).get(0);
    assertThat(row.maxProbability()).isEqualTo(1);
    assertThat(row.entropy()).isZero();
    assertThat(row.topTokenIds()).startsWith(40, 0, 1);
    assertThat(row.topProbabilities()).startsWith(1, 0, 0);
  }

  /** Property 32. */
  @ParameterizedTest
  @CsvSource({"1, 1", "7, 3", "64, 64", "128, 5"})
  void blocksAndSteps_changeNoRow(int block, int step) {
    try (Transformer model = load(Fixture.named("llama-silu").folder())) {
      IntFunction<NeuronTriggers> triggers = randomTriggers(model.architecture().vocabulary());
      List<ValuePrediction> expected = predict(model, Lens.FOLDED, triggers);
      BlockLogits logits = logits(model, Lens.FOLDED);
      assertSame(predict(model, logits, block, step, triggers), expected);
    }
  }

  @Test
  void triggers_changeOnlyWhatIsAboutThem() {
    try (Transformer model = load(Fixture.named("gpt2-gelu-new").folder())) {
      List<ValuePrediction> with = predict(model, Lens.RAW, randomTriggers(281));
      List<ValuePrediction> without = predict(model, Lens.RAW, neuron -> NeuronTriggers.NONE);
      for (int i = 0; i < with.size(); i++) {
        assertThat(with.get(i).topTokenIds()).isEqualTo(without.get(i).topTokenIds());
        assertThat(with.get(i).topProbabilities()).isEqualTo(without.get(i).topProbabilities());
        assertThat(with.get(i).maxProbability()).isEqualTo(without.get(i).maxProbability());
        assertThat(with.get(i).entropy()).isEqualTo(without.get(i).entropy());
        assertThat(with.get(i).peakZ()).isEqualTo(without.get(i).peakZ());
        assertThat(with.get(i).bottomTokenIds()).isEqualTo(without.get(i).bottomTokenIds());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 9})
  void blockThatDoesNotFitTheDevice_isHalved(int most) {
    try (Transformer model = load(Fixture.named("bert-gelu").folder())) {
      IntFunction<NeuronTriggers> triggers = randomTriggers(model.architecture().vocabulary());
      List<ValuePrediction> expected = predict(model, Lens.RAW, triggers);
      BlockLogits logits = logits(model, Lens.RAW);
      BlockLogits full =
          (layer, from, to, owner) -> {
            if (to - from > most) {
              throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
            }
            return logits.of(layer, from, to, owner);
          };
      assertSame(predict(model, full, 40, 40, triggers), expected);
    }
  }

  @Test
  void neuronThatDoesNotFitTheDevice_fails() {
    try (Transformer model = load(Fixture.named("bert-gelu").folder())) {
      BlockLogits never =
          (layer, from, to, owner) -> {
            throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
          };
      assertThatThrownBy(() -> predict(model, never, 8, 8, neuron -> NeuronTriggers.NONE))
          .isInstanceOf(EngineException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void logitsThatAreNotFinite_areRefusedWithTheNeuron(float bad) {
    float[] logits = new float[281];
    logits[9] = bad;
    assertThatThrownBy(
            () -> predict(List.of(new float[281], logits), neuron -> NeuronTriggers.NONE))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("neuron 1 of layer 1")
        .hasMessageContaining("not finite");
  }

  @Test
  void modelWithoutAHead_saysSo() {
    ModelCopy copy = ModelCopy.of("bert-gelu", folder);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    try (Transformer model = load(copy.write())) {
      assertThatThrownBy(() -> new ValuePredictions(model, Lens.RAW, TOP))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("no prediction head");
    }
  }

  private static void assertSame(List<ValuePrediction> actual, List<ValuePrediction> expected) {
    assertThat(actual).hasSameSizeAs(expected).hasSizeGreaterThan(40);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i))
          .usingRecursiveComparison()
          .withEqualsForType((a, b) -> Math.abs(a - b) < 1e-5, Double.class)
          .withEqualsForType((a, b) -> Math.abs(a - b) < 1e-6f, Float.class)
          .isEqualTo(expected.get(i));
    }
  }

  /** Rows of given logits, through a model that only says what the vocabulary is. */
  private static List<ValuePrediction> predict(
      List<float[]> logits, IntFunction<NeuronTriggers> triggers) {
    try (Transformer model = load(Fixture.named("gpt2-gelu-new").folder());
        ValuePredictions values =
            new ValuePredictions(
                model,
                (layer, from, to, owner) -> {
                  float[] flat = new float[(to - from) * logits.get(0).length];
                  for (int i = from; i < to; i++) {
                    System.arraycopy(
                        logits.get(i),
                        0,
                        flat,
                        (i - from) * logits.get(0).length,
                        logits.get(0).length);
                  }
                  return owner.create(flat, new Shape(to - from, logits.get(0).length));
                },
                TOP,
                new NeuronBlocks(2, 2))) {
      List<ValuePrediction> rows = new ArrayList<>();
      values.forEach(LAYER, 0, logits.size(), triggers, rows::add);
      return rows;
    }
  }

  private static List<ValuePrediction> predict(
      Transformer model, Lens lens, IntFunction<NeuronTriggers> triggers) {
    try (ValuePredictions values = new ValuePredictions(model, lens, TOP)) {
      return allOf(values, model, triggers);
    }
  }

  private static List<ValuePrediction> predict(
      Transformer model,
      BlockLogits logits,
      int block,
      int step,
      IntFunction<NeuronTriggers> triggers) {
    try (ValuePredictions values =
        new ValuePredictions(model, logits, TOP, new NeuronBlocks(block, step))) {
      return allOf(values, model, triggers);
    }
  }

  private static List<ValuePrediction> allOf(
      ValuePredictions values, Transformer model, IntFunction<NeuronTriggers> triggers) {
    List<ValuePrediction> rows = new ArrayList<>();
    values.forEach(LAYER, 0, model.architecture().intermediate(), triggers, rows::add);
    return rows;
  }

  private static BlockLogits logits(Transformer model, Lens lens) {
    return (layer, from, to, owner) -> model.logits(model.values(layer, from, to, owner), lens);
  }

  private static NeuronTriggers trigger(int target) {
    return NeuronTriggers.of(List.of(1.5f), List.of(target));
  }

  /** Some neurons without triggers, and triggers without target. */
  private static IntFunction<NeuronTriggers> randomTriggers(int vocabulary) {
    return neuron -> {
      Random random = new Random(neuron);
      int count = random.nextInt(5);
      List<Float> coefficients = new ArrayList<>();
      List<Integer> targets = new ArrayList<>();
      for (int rank = 0; rank < count; rank++) {
        coefficients.add(3 * random.nextFloat());
        targets.add(random.nextInt(5) == 0 ? NeuronTriggers.NO_TARGET : random.nextInt(vocabulary));
      }
      return NeuronTriggers.of(coefficients, targets);
    };
  }

  private static double[] value(
      ModelCopy copy, Family family, Architecture architecture, int neuron) {
    float[] stored = copy.values(family.values);
    int neurons = architecture.intermediate();
    int hidden = architecture.hidden();
    return IntStream.range(0, hidden)
        .mapToDouble(j -> stored[family.columns() ? j * neurons + neuron : neuron * hidden + j])
        .toArray();
  }

  private static void multiply(float[] values, float factor) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
  }

  private static Transformer load(Path folder) {
    return TransformerLoader.load(ModelFolder.open(folder), Device.cpu(), Precision.FLOAT32);
  }
}
