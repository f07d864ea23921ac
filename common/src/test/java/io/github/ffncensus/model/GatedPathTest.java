package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.RandomPrompts;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.Attributions;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.attribution.StepRule;
import io.github.ffncensus.model.TransformerWeights.Attention;
import io.github.ffncensus.model.TransformerWeights.Head;
import io.github.ffncensus.model.TransformerWeights.Layer;
import io.github.ffncensus.model.TransformerWeights.Linear;
import io.github.ffncensus.model.TransformerWeights.Norm;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A gated FFN whose second branch is 1 everywhere is a plain one: c = act(gate) * 1. */
class GatedPathTest {
  private static final int LAYERS = 3;
  private static final int HIDDEN = 24;
  private static final int WIDTH = 40;
  private static final int VOCABULARY = 50;

  private final Random random = new Random(6);

  @Test
  void gatedFfn_withABranchOfOnes_isAPlainOne() {
    TorchEngine.prepareThread();
    NDManager manager = TorchEngine.newManager(Device.cpu());
    List<Layer> plain = IntStream.range(0, LAYERS).mapToObj(l -> layer(manager)).toList();
    List<Layer> gated = plain.stream().map(layer -> gated(layer, manager)).toList();
    NDArray tokens = normal(manager, VOCABULARY, HIDDEN);
    NDArray positions = normal(manager, 64, HIDDEN);
    // Either frees the manager that holds the weights of both.
    Transformer one = transformer(false, plain, tokens, positions, manager);
    try (Transformer other = transformer(true, gated, tokens, positions, manager)) {
      List<EncodedPrompt> prompts = RandomPrompts.of(one.architecture(), 6, 3);
      AttributionOptions options = AttributionOptions.of(StepRule.MIDPOINT, 20);
      List<PromptAttribution> expected = Attributions.of(one, options, prompts);
      List<PromptAttribution> actual = Attributions.of(other, options, prompts);
      for (int i = 0; i < prompts.size(); i++) {
        Attributions.assertClose(
            actual.get(i).attributions(), expected.get(i).attributions(), 1e-6);
        assertThat(actual.get(i).answer().predicted())
            .isEqualTo(expected.get(i).answer().predicted());
      }
    }
  }

  private static Layer gated(Layer plain, NDManager manager) {
    Linear ones =
        new Linear(
            manager.zeros(new Shape(WIDTH, HIDDEN), DataType.FLOAT32),
            manager.ones(new Shape(WIDTH), DataType.FLOAT32));
    return new Layer(
        plain.attention(), plain.attentionNorm(), plain.ffnNorm(), plain.up(), ones, plain.down());
  }

  private Layer layer(NDManager manager) {
    Attention attention =
        new Attention(
            linear(manager, HIDDEN, HIDDEN),
            linear(manager, HIDDEN, HIDDEN),
            linear(manager, HIDDEN, HIDDEN),
            null,
            null,
            linear(manager, HIDDEN, HIDDEN));
    return new Layer(
        attention,
        norm(manager),
        norm(manager),
        null,
        linear(manager, HIDDEN, WIDTH),
        linear(manager, WIDTH, HIDDEN));
  }

  private Linear linear(NDManager manager, int in, int out) {
    return new Linear(normal(manager, out, in), normal(manager, out));
  }

  private static Norm norm(NDManager manager) {
    return new Norm(manager.ones(new Shape(HIDDEN)), manager.zeros(new Shape(HIDDEN)));
  }

  private NDArray normal(NDManager manager, long... shape) {
    return RandomArrays.normal(manager, random, 0.4, shape);
  }

  private static Transformer transformer(
      boolean gated, List<Layer> layers, NDArray tokens, NDArray positions, NDManager manager) {
    ArchitectureBuilder builder =
        ArchitectureBuilder.causal()
            .layers(LAYERS)
            .hidden(HIDDEN, 4, HIDDEN / 4)
            .intermediate(WIDTH)
            .vocabulary(VOCABULARY)
            .maxSequenceTokens(64)
            .layerNorm(1e-5)
            .learnedPositions(0);
    Architecture architecture =
        (gated ? builder.gated(ActivationFunction.SILU) : builder.plain(ActivationFunction.SILU))
            .build();
    TransformerWeights weights =
        new TransformerWeights(
            tokens,
            Optional.of(positions),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            layers,
            Optional.of(norm(manager)),
            Optional.of(new Head(null, null, new Linear(tokens, null))));
    return new Transformer(
        architecture, weights, new ScriptKernels(manager), Precision.FLOAT32, manager);
  }
}
