package io.github.ffncensus.knowledge.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.bench.PaddedAttribution;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.RandomPrompts;
import io.github.ffncensus.model.Intervention;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for attributions, whatever the model. */
class IntegratedGradientsTest {
  private static final AttributionOptions DEFAULT = AttributionOptions.of(StepRule.MIDPOINT, 20);

  static List<ExpectedAttributions> fixtures() {
    return ExpectedAttributions.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void manySteps_addUpToTheWholeChange(ExpectedAttributions fixture) {
    try (Transformer model = fixture.load()) {
      List<EncodedPrompt> prompts = new ArrayList<>(fixture.prompts());
      for (PromptAttribution result :
          Attributions.of(model, AttributionOptions.of(StepRule.MIDPOINT, 200), prompts)) {
        for (int l = 0; l < model.architecture().layers(); l++) {
          double larger = Math.max(result.full(), result.zeroed()[l]);
          assertThat(result.residual(l)).as("layer %d", l).isCloseTo(0, within(0.01 * larger));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void resumedPasses_agreeWithFullRecomputation(ExpectedAttributions fixture) {
    List<EncodedPrompt> prompts =
        fixture.prompts().stream().filter(prompt -> prompt.answerTokens() == 1).toList();
    try (Transformer model = fixture.load()) {
      int layers = model.architecture().layers();
      double[] alphas = DEFAULT.rule().alphas(DEFAULT.steps());
      PaddedAttribution plain =
          new PaddedAttribution(model, alphas, model.architecture().maxSequenceTokens());
      for (PromptAttribution result : Attributions.of(model, DEFAULT, prompts)) {
        float[][] expected =
            IntStream.range(0, layers)
                .mapToObj(l -> plain.attribute(result.prompt(), l))
                .toArray(float[][]::new);
        Attributions.assertClose(result.attributions(), expected, 1e-5);
      }
    }
  }

  /** Prompts of all lengths and numbers of answer tokens, together, alone, and step by step. */
  @ParameterizedTest
  @MethodSource("fixtures")
  void batches_changeNothing(ExpectedAttributions fixture) {
    try (Transformer model = fixture.load()) {
      List<EncodedPrompt> prompts = RandomPrompts.of(model.architecture(), 12, 7);
      List<PromptAttribution> together = Attributions.of(model, with(1 << 20), prompts);
      List<PromptAttribution> stepByStep = Attributions.of(model, with(1), prompts);
      for (int i = 0; i < prompts.size(); i++) {
        List<EncodedPrompt> one = List.of(prompts.get(i));
        assertSame(Attributions.of(model, with(1 << 20), one).get(0), together.get(i));
        assertSame(stepByStep.get(i), together.get(i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void startOfAPath_isTheLayerSuppressed(ExpectedAttributions fixture) {
    try (Transformer model = fixture.load()) {
      for (PromptAttribution result : Attributions.of(model, DEFAULT, fixture.prompts())) {
        for (int l = 0; l < model.architecture().layers(); l++) {
          double suppressed = probability(model, result.prompt(), l);
          assertThat(result.zeroed()[l]).isCloseTo(suppressed, within(1e-5 * suppressed));
        }
        double clean = probability(model, result.prompt(), -1);
        assertThat(result.full()).isCloseTo(clean, within(1e-5 * clean));
      }
    }
  }

  /** P of the answer in full passes, all coefficients of a layer at its positions set to 0. */
  private static double probability(Transformer model, EncodedPrompt prompt, int suppressed) {
    double sum = 0;
    for (AnswerContext context : prompt.contexts()) {
      try (NDManager scope = model.newScope()) {
        int length = context.tokens().length;
        float[] keep = new float[length];
        Arrays.fill(keep, 1);
        Arrays.stream(context.positions()).forEach(position -> keep[position] = 0);
        NDArray mask = scope.create(keep, new Shape(1, length, 1));
        Intervention suppress = (l, m) -> l == suppressed ? m.mul(mask) : m;
        NDArray states = model.states(TokenBatch.of(context.tokens()), List.of(), suppress, scope);
        float[] logs = model.logits(states).logSoftmax(-1).toFloatArray();
        for (int j = 0; j < context.positions().length; j++) {
          int row = context.positions()[j] * model.architecture().vocabulary();
          sum += logs[row + context.answers()[j]];
        }
      }
    }
    return Math.exp(sum / prompt.answerTokens());
  }

  @ParameterizedTest
  @EnumSource(AnswerPath.class)
  void memoryThatRunsOut_changesNothing(AnswerPath path) {
    ExpectedAttributions fixture = ExpectedAttributions.named("bert-gelu");
    AttributionOptions options =
        new AttributionOptions(
            StepRule.MIDPOINT, 20, AttributionTarget.PROBABILITY, TargetTokens.GOLD, path, 1 << 20);
    try (Transformer model = fixture.load()) {
      List<EncodedPrompt> prompts = RandomPrompts.of(model.architecture(), 9, 8);
      List<PromptAttribution> expected = Attributions.of(model, options, prompts);
      List<AttributionRequest> requests = prompts.stream().map(AttributionRequest::of).toList();
      for (int most : new int[] {100, 21, 3}) {
        int[] refused = new int[1];
        try (IntegratedGradients gradients =
            new IntegratedGradients(
                model,
                options,
                null,
                rows -> {
                  if (rows > most) {
                    refused[0]++;
                    throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
                  }
                })) {
          List<PromptAttribution> results = Attributions.of(gradients, requests);
          assertThat(refused[0]).isPositive();
          for (int i = 0; i < results.size(); i++) {
            assertSame(results.get(i), expected.get(i));
          }
        }
      }
    }
  }

  @Test
  void promptThatDoesNotFitAlone_isNamed() {
    try (Transformer model = ExpectedAttributions.named("gpt2-gelu-new").load();
        IntegratedGradients gradients =
            new IntegratedGradients(
                model,
                DEFAULT,
                null,
                rows -> {
                  throw new EngineException("DefaultCPUAllocator: can't allocate memory");
                })) {
      List<AttributionRequest> requests =
          RandomPrompts.of(model.architecture(), 3, 9).stream()
              .map(AttributionRequest::of)
              .toList();
      CensusException failure =
          catchThrowableOfType(
              CensusException.class, () -> gradients.attribute(requests, result -> {}));
      assertThat(failure.kind()).isEqualTo(CensusException.Kind.RUN_FAILED);
      assertThat(failure).hasMessageContaining("of fact f");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "llama-silu"})
  void threads_computeSideBySide(String name) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try (Transformer model = ExpectedAttributions.named(name).load()) {
      List<EncodedPrompt> prompts = RandomPrompts.of(model.architecture(), 8, 10);
      List<PromptAttribution> expected = Attributions.of(model, DEFAULT, prompts);
      List<Future<List<PromptAttribution>>> running = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        running.add(
            pool.submit(
                () -> {
                  TorchEngine.prepareThread();
                  return Attributions.of(model, DEFAULT, prompts);
                }));
      }
      for (Future<List<PromptAttribution>> results : running) {
        for (int i = 0; i < prompts.size(); i++) {
          assertSame(results.get().get(i), expected.get(i));
        }
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void tokensThatAreMissing_areRefused() {
    EncodedPrompt prompt = ExpectedAttributions.named("bert-gelu").prompts().get(3);
    assertThatThrownBy(
            () -> new AttributionRequest(prompt, List.of(new int[] {1, 2, 3}), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("each position of each context");
  }

  private static AttributionOptions with(int rowTokens) {
    return new AttributionOptions(
        StepRule.MIDPOINT,
        6,
        AttributionTarget.PROBABILITY,
        TargetTokens.GOLD,
        AnswerPath.JOINT,
        rowTokens);
  }

  private static void assertSame(PromptAttribution actual, PromptAttribution expected) {
    Attributions.assertClose(actual.attributions(), expected.attributions(), 2e-5);
    Attributions.assertClose(actual.coefficients(), expected.coefficients(), 1e-5);
    assertThat(actual.full()).isCloseTo(expected.full(), within(1e-5 * expected.full()));
    assertThat(actual.pieceRanks()).isEqualTo(expected.pieceRanks());
    assertThat(actual.answer().predicted()).isEqualTo(expected.answer().predicted());
  }
}
