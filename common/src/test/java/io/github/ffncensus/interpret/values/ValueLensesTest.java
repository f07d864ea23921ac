package io.github.ffncensus.interpret.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lenses and cosines against double arithmetic on the checkpoint's own tensors. */
class ValueLensesTest {
  private static final double SLACK = 1e-5;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "gpt2-relu-untied", "llama-silu", "bert-gelu"})
  void everyLens_isThatOfDoubleArithmetic(String name) {
    try (Transformer model = load(Fixture.named(name).folder())) {
      PlainLens plain = new PlainLens(Fixture.named(name).folder());
      int neurons = model.architecture().intermediate();
      int vocabulary = model.architecture().vocabulary();
      IntFunction<NeuronTriggers> triggers =
          neuron -> neuron % 5 == 0 ? NeuronTriggers.NONE : trigger((neuron * 7) % vocabulary);
      List<ValueLens> rows = read(model, 3, neurons, triggers);
      List<Lens> lenses =
          name.equals("bert-gelu") ? List.of(Lens.RAW) : List.of(Lens.RAW, Lens.FOLDED);
      assertThat(rows).hasSize(lenses.size() * (neurons - 3));
      for (int i = 0; i < rows.size(); i++) {
        ValueLens row = rows.get(i);
        assertThat(row.layer()).isEqualTo(1);
        assertThat(row.neuron()).isEqualTo(3 + i / lenses.size());
        assertThat(row.lens()).isEqualTo(lenses.get(i % lenses.size()));
        double[] value = plain.value(1, row.neuron());
        check(row, plain.logits(value, row.lens()), triggers.apply(row.neuron()).first());
        checkCosines(row, plain, plain.lensState(value, row.lens()));
      }
    }
  }

  private static void check(ValueLens row, double[] logits, int target) {
    double largest = DoubleStream.of(logits).max().orElseThrow();
    double mean = DoubleStream.of(logits).average().orElseThrow();
    double variance =
        DoubleStream.of(logits).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
    assertThat(logits[row.topToken()]).isCloseTo(largest, within(SLACK));
    assertThat(row.peakZ()).isCloseTo((largest - mean) / Math.sqrt(variance), within(1e-3));
    if (target < 0) {
      assertThat(row.target()).isNull();
      assertThat(row.agrees()).isNull();
      assertThat(row.targetRank()).isNull();
    } else {
      assertThat(row.target()).isEqualTo(target);
      assertThat(row.targetRank())
          .isBetween(rank(logits, target, SLACK), rank(logits, target, -SLACK));
      assertThat(row.agrees()).isEqualTo(row.topToken() == target).isEqualTo(row.targetRank() == 1);
    }
  }

  private static int rank(double[] logits, int token, double slack) {
    return 1 + (int) DoubleStream.of(logits).filter(x -> x > logits[token] + slack).count();
  }

  private static void checkCosines(ValueLens row, PlainLens plain, double[] state) {
    double[] cosines =
        IntStream.range(0, plain.vocabulary())
            .mapToDouble(w -> cosine(plain.outputEmbedding(w), state))
            .toArray();
    assertThat(row.maxCosine())
        .isCloseTo(DoubleStream.of(cosines).max().orElseThrow(), within(1e-5));
    assertThat(cosines[row.maxCosineToken()]).isCloseTo(row.maxCosine(), within(1e-5));
    assertThat(row.minCosine())
        .isCloseTo(DoubleStream.of(cosines).min().orElseThrow(), within(1e-5));
  }

  private static double cosine(double[] a, double[] b) {
    double product = 0;
    double squareA = 0;
    double squareB = 0;
    for (int j = 0; j < a.length; j++) {
      product += a[j] * b[j];
      squareA += a[j] * a[j];
      squareB += b[j] * b[j];
    }
    return product / Math.sqrt(squareA * squareB);
  }

  @Test
  void valueOfZeros_hasNoDirection_andRowOfZeros_noCosine() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    int hidden = copy.config().get("n_embd").asInt();
    float[] values = copy.values("transformer.h.1.mlp.c_proj.weight");
    float[] embedding = copy.values("transformer.wte.weight");
    for (int j = 0; j < hidden; j++) {
      values[4 * hidden + j] = 0;
      embedding[9 * hidden + j] = 0;
      // Opposite to every other row, so that none but the row of zeros is not negative.
      values[5 * hidden + j] = j == 0 ? -1 : 0;
    }
    for (int w = 0; w < embedding.length / hidden; w++) {
      embedding[w * hidden] = w == 9 ? 0 : 1;
    }
    try (Transformer model = load(copy.write())) {
      // The token that would be the first of equal ones.
      List<ValueLens> rows =
          read(model, 4, 6, neuron -> NeuronTriggers.of(List.of(1f), List.of(0)));
      assertThat(rows.get(0).target()).isZero();
      assertThat(rows.get(0).agrees()).isFalse();
      assertThat(rows.get(0).targetRank()).isNull();
      assertThat(rows.get(0).maxCosine()).isNull();
      assertThat(rows.get(0).maxCosineToken()).isNull();
      assertThat(rows.get(0).minCosine()).isNull();
      assertThat(rows.get(0).peakZ()).isNull();
      assertThat(rows.get(0).topToken()).isNull();
      assertThat(rows.get(2).lens()).isEqualTo(Lens.RAW);
      assertThat(rows.get(2).maxCosine()).isZero();
      assertThat(rows.get(2).maxCosineToken()).isEqualTo(9);
      assertThat(rows.get(2).minCosine()).isNegative();
    }
  }

  @Test
  void logitsThatAreNotFinite_areRefusedWithTheNeuron() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    int hidden = copy.config().get("n_embd").asInt();
    float[] values = copy.values("transformer.h.1.mlp.c_proj.weight");
    for (int j = 0; j < hidden; j++) {
      values[4 * hidden + j] = j % 2 == 0 ? 1e36f : -1e36f;
    }
    float[] embedding = copy.values("transformer.wte.weight");
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] *= 1e6f;
    }
    try (Transformer model = load(copy.write())) {
      assertThatThrownBy(() -> read(model, 3, 6, neuron -> NeuronTriggers.NONE))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("neuron 4 of layer 1")
          .hasMessageContaining("not finite");
    }
  }

  /** The lens that value_predictions takes by itself gives the same token and rank there. */
  @Test
  void lens_isTheOneOfValuePredictions() {
    try (Transformer model = load(Fixture.named("llama-silu").folder());
        ValuePredictions predictions = new ValuePredictions(model, Lens.FOLDED, 1)) {
      List<ValuePrediction> expected = new ArrayList<>();
      IntFunction<NeuronTriggers> triggers = neuron -> trigger(neuron + 9);
      predictions.forEach(1, 0, 50, triggers, expected::add);
      List<ValueLens> folded =
          read(model, 0, 50, triggers).stream().filter(r -> r.lens() == Lens.FOLDED).toList();
      for (int i = 0; i < 50; i++) {
        assertThat(folded.get(i).topToken()).isEqualTo(expected.get(i).topTokenIds()[0]);
        assertThat(folded.get(i).targetRank()).isEqualTo(expected.get(i).targetRank());
        assertThat(folded.get(i).peakZ()).isCloseTo(expected.get(i).peakZ(), within(1e-5));
      }
    }
  }

  @Test
  void modelWithoutAHead_saysSo() {
    ModelCopy copy = ModelCopy.of("bert-gelu", folder);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    try (Transformer model = load(copy.write())) {
      assertThatThrownBy(() -> new ValueLenses(model))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("no prediction head");
    }
  }

  private static NeuronTriggers trigger(int target) {
    return NeuronTriggers.of(List.of(1f), List.of(target));
  }

  private static List<ValueLens> read(
      Transformer model, int from, int to, IntFunction<NeuronTriggers> triggers) {
    List<ValueLens> rows = new ArrayList<>();
    try (ValueLenses lenses = new ValueLenses(model)) {
      lenses.forEach(1, from, to, triggers, rows::add);
    }
    return rows;
  }

  private static Transformer load(Path model) {
    return TransformerLoader.load(ModelFolder.open(model), Device.cpu(), Precision.FLOAT32);
  }
}
