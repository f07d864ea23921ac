package io.github.ffncensus.knowledge.intervention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.RandomPrompts;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.model.PlainTransformer.Change;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interventions equal a forward pass, in plain double arithmetic, with changed coefficients. */
class InterventionRunTest {
  private static final int BATCH_TOKENS = 120;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-gelu",
        "roberta-gelu",
        "xlm-roberta-gelu",
        "gpt2-gelu-new",
        "gpt2-relu-untied",
        "gpt-neo-window",
        "gpt-neox-parallel",
        "opt-relu",
        "llama-silu",
        "llama-bias-tied",
        "gemma-tied",
        "mistral-window",
        "qwen2-bias",
        "qwen3-head-norms"
      })
  void readings_equalAPassWithHandEditedCoefficients(String fixture) {
    try (Transformer model = DeviceShards.model(fixture)) {
      PlainTransformer plain = new PlainTransformer(Fixture.named(fixture).folder());
      List<Trial> trials = trials(model.architecture(), 30);
      List<AnswerReading> readings = run(model, trials);
      assertThat(readings).hasSameSizeAs(trials);
      for (int i = 0; i < trials.size(); i++) {
        assertIsOracles(plain, trials.get(i), readings.get(i));
      }
    }
  }

  /** Sets of 0 to 6 neurons, each neuron with a factor of its own. */
  private static List<Trial> trials(Architecture architecture, int count) {
    Random random = new Random(11);
    List<Trial> trials = new ArrayList<>();
    for (EncodedPrompt prompt : RandomPrompts.of(architecture, count, 3)) {
      List<ScaledNeuron> scaled = new ArrayList<>();
      for (int n = 0; n < trials.size() % 7; n++) {
        // Distinct neurons: from a part of the layer each.
        int part = architecture.intermediate() / 7;
        scaled.add(
            new ScaledNeuron(
                random.nextInt(architecture.layers()),
                n * part + random.nextInt(part),
                List.of(0f, 2f, -1.5f, 30f).get(random.nextInt(4))));
      }
      trials.add(new Trial(prompt, scaled));
    }
    return trials;
  }

  private static void assertIsOracles(PlainTransformer plain, Trial trial, AnswerReading reading) {
    double sum = 0;
    int tokens = 0;
    int rank = 0;
    for (AnswerContext context : trial.prompt().contexts()) {
      Change change =
          (layer, position, neuron, c) ->
              Arrays.stream(context.positions()).anyMatch(q -> q == position)
                  ? c * factor(trial, layer, neuron)
                  : c;
      for (int j = 0; j < context.positions().length; j++) {
        double[] p = plain.probabilities(context.tokens(), context.positions()[j], change);
        double answer = p[context.answers()[j]];
        sum += Math.log(answer);
        rank = Math.max(rank, 1 + (int) Arrays.stream(p).filter(other -> other > answer).count());
        double top = Arrays.stream(p).max().orElseThrow();
        assertThat(p[reading.predicted()[tokens]]).isCloseTo(top, within(1e-6));
        tokens++;
      }
    }
    assertThat(reading.predicted()).hasSize(tokens);
    assertThat(reading.probability())
        .isCloseTo(Math.exp(sum / tokens), within(1e-4 * Math.exp(sum / tokens)));
    assertThat(reading.rank()).isEqualTo(rank);
  }

  private static double factor(Trial trial, int layer, int neuron) {
    return trial.scaled().stream()
        .filter(scaled -> scaled.layer() == layer && scaled.neuron() == neuron)
        .mapToDouble(ScaledNeuron::factor)
        .findFirst()
        .orElse(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-gelu-new", "llama-silu"})
  void factorOne_changesNothingToTheBit(String fixture) {
    try (Transformer model = DeviceShards.model(fixture)) {
      List<EncodedPrompt> prompts = RandomPrompts.of(model.architecture(), 20, 5);
      List<AnswerReading> clean = run(model, prompts.stream().map(Trial::clean).toList());
      List<AnswerReading> scaled =
          run(
              model,
              prompts.stream()
                  .map(p -> new Trial(p, List.of(neuron(0, 3, 1), neuron(1, 4, 1))))
                  .toList());
      for (int i = 0; i < clean.size(); i++) {
        assertThat(scaled.get(i).logProbability()).isEqualTo(clean.get(i).logProbability());
        assertThat(scaled.get(i).predictsAs(clean.get(i))).isTrue();
      }
    }
  }

  private static ScaledNeuron neuron(int layer, int neuron, float factor) {
    return new ScaledNeuron(layer, neuron, factor);
  }

  /** Test 5 of the spec: all neurons of a layer suppressed is F_l(0). */
  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-relu-untied", "llama-silu"})
  void suppressingAWholeLayer_leavesItsBiasAlone(String fixture) {
    try (Transformer model = DeviceShards.model(fixture)) {
      PlainTransformer plain = new PlainTransformer(Fixture.named(fixture).folder());
      EncodedPrompt prompt = RandomPrompts.of(model.architecture(), 1, 9).get(0);
      AnswerContext context = prompt.contexts().get(0);
      for (int l = 0; l < model.architecture().layers(); l++) {
        int layer = l;
        List<ScaledNeuron> all = new ArrayList<>();
        for (int n = 0; n < model.architecture().intermediate(); n++) {
          all.add(neuron(layer, n, 0));
        }
        AnswerReading reading = run(model, List.of(new Trial(prompt, all))).get(0);
        double expected =
            plain
                .probabilities(
                    context.tokens(),
                    context.positions()[0],
                    (at, t, n, c) -> at == layer && t == context.positions()[0] ? 0 : c)[
                context.answers()[0]];
        assertThat(reading.probability()).isCloseTo(expected, within(1e-4 * expected));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 30, 10_000})
  void batches_changeNothingBeyondRounding(int batchTokens) {
    try (Transformer model = DeviceShards.model("bert-gelu")) {
      List<Trial> trials = trials(model.architecture(), 40);
      List<AnswerReading> expected = run(model, trials);
      List<AnswerReading> actual =
          new InterventionRun(model, batchTokens, tokens -> {}).run(trials);
      assertSame(actual, expected);
    }
  }

  @Test
  void batchesThatAreTooLarge_areHalved() {
    try (Transformer model = DeviceShards.model("gpt2-gelu-new")) {
      List<Trial> trials = trials(model.architecture(), 40);
      int[] refused = new int[1];
      long[] tokensDone = new long[1];
      List<AnswerReading> actual =
          new InterventionRun(
                  model,
                  (batch, observers, intervention) -> {
                    if (batch.size() > 2) {
                      refused[0]++;
                      throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
                    }
                    model.observe(batch, observers, intervention);
                  },
                  BATCH_TOKENS,
                  tokens -> tokensDone[0] += tokens)
              .run(trials);
      assertThat(refused[0]).isPositive();
      assertThat(tokensDone[0])
          .isEqualTo(
              trials.stream()
                  .flatMap(trial -> trial.prompt().contexts().stream())
                  .mapToLong(context -> context.tokens().length)
                  .sum());
      assertSame(actual, run(model, trials));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"FLOAT16", "BFLOAT16"})
  void halfPrecisions_agreeRoughly(Precision precision) {
    ModelFolder folder = ModelFolder.open(Fixture.named("llama-silu").folder());
    try (Transformer model = DeviceShards.model("llama-silu");
        Transformer half = TransformerLoader.load(folder, Device.cpu(), precision)) {
      List<Trial> trials = trials(model.architecture(), 10);
      List<AnswerReading> expected = run(model, trials);
      List<AnswerReading> actual = run(half, trials);
      for (int i = 0; i < trials.size(); i++) {
        assertThat(actual.get(i).logProbability())
            .isCloseTo(expected.get(i).logProbability(), within(0.3));
      }
    }
  }

  @Test
  void noTrials_noReadings() {
    try (Transformer model = DeviceShards.model("bert-gelu")) {
      assertThat(run(model, List.of())).isEmpty();
    }
  }

  private static void assertSame(List<AnswerReading> actual, List<AnswerReading> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i).logProbability())
          .isCloseTo(expected.get(i).logProbability(), within(1e-5));
      assertThat(actual.get(i).rank()).isEqualTo(expected.get(i).rank());
      assertThat(actual.get(i).predictsAs(expected.get(i))).isTrue();
    }
  }

  private static List<AnswerReading> run(Transformer model, List<Trial> trials) {
    return new InterventionRun(model, BATCH_TOKENS, tokens -> {}).run(trials);
  }
}
