package io.github.ffncensus.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.TransformerWeights.Attention;
import io.github.ffncensus.model.TransformerWeights.Head;
import io.github.ffncensus.model.TransformerWeights.Layer;
import io.github.ffncensus.model.TransformerWeights.Linear;
import io.github.ffncensus.model.TransformerWeights.Norm;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Models of a given shape with random weights, for benchmarks: speed does not depend on values. Two
 * of the same shape on one kind of device have the same weights.
 */
public final class RandomTransformer {
  private static final int SEED = 1;

  private final NDManager manager;
  private final Architecture architecture;

  private RandomTransformer(NDManager manager, Architecture architecture) {
    this.manager = manager;
    this.architecture = architecture;
  }

  /** A random model of {@link #gpt2SmallShape()}, with a head. */
  public static Transformer gpt2Small(Device device) {
    return create(device, gpt2SmallShape(), true);
  }

  /**
   * A random model of the shape that Geva et al. 2021 look at: 16 layers, 1,024 wide, 4,096 neurons
   * a layer, ReLU, no final norm. Theirs has an adaptive softmax, this one a full one.
   *
   * @param vocabulary theirs has 267,744 tokens
   */
  public static Transformer wikiText103(Device device, int vocabulary) {
    return create(device, causal(16, 1024, 8, 4096, vocabulary, ActivationFunction.RELU), false);
  }

  /** The shape of GPT-2 small: 12 layers, 768 wide, 3,072 neurons a layer. */
  public static Architecture gpt2SmallShape() {
    return causal(12, 768, 12, 3072, 50257, ActivationFunction.GELU_TANH);
  }

  /** A random model of the shape of BERT base (cased), with its masked-language head. */
  public static Transformer bertBase(Device device) {
    return create(device, bertBaseShape(), false);
  }

  private static Architecture bertBaseShape() {
    return ArchitectureBuilder.masked()
        .layers(12)
        .hidden(768, 12, 64)
        .intermediate(3072)
        .vocabulary(28996)
        .maxSequenceTokens(512)
        .layerNorm(1e-12)
        .learnedPositions(0)
        .plain(ActivationFunction.GELU)
        .tokenTypes(2)
        .headActivation(ActivationFunction.GELU)
        .build();
  }

  private static Architecture causal(
      int layers,
      int hidden,
      int heads,
      int neurons,
      int vocabulary,
      ActivationFunction activation) {
    return ArchitectureBuilder.causal()
        .layers(layers)
        .hidden(hidden, heads, hidden / heads)
        .intermediate(neurons)
        .vocabulary(vocabulary)
        .maxSequenceTokens(1024)
        .layerNorm(1e-5)
        .learnedPositions(0)
        .plain(activation)
        .build();
  }

  /** A manager of its own on a device, for arrays that belong to no model; the caller closes it. */
  public static NDManager newScope(Device device) {
    TorchEngine.prepareThread();
    return TorchEngine.newManager(device);
  }

  private static Transformer create(Device device, Architecture architecture, boolean finalNorm) {
    TorchEngine.prepareThread();
    NDManager manager = TorchEngine.newManager(device);
    manager.getEngine().setRandomSeed(SEED);
    RandomTransformer random = new RandomTransformer(manager, architecture);
    NDArray tokens = random.normal(architecture.vocabulary(), architecture.hidden());
    TransformerWeights weights =
        new TransformerWeights(
            tokens,
            Optional.of(random.normal(architecture.maxSequenceTokens(), architecture.hidden())),
            Optional.empty(),
            architecture.tokenTypes() > 0
                ? Optional.of(random.normal(architecture.hidden()))
                : Optional.empty(),
            architecture.preNorm() ? Optional.empty() : Optional.of(random.norm()),
            IntStream.range(0, architecture.layers()).mapToObj(l -> random.layer()).toList(),
            finalNorm ? Optional.of(random.norm()) : Optional.empty(),
            Optional.of(random.head(tokens)));
    return new Transformer(
        architecture, weights, new ScriptKernels(manager), Precision.FLOAT32, manager);
  }

  private Layer layer() {
    int hidden = architecture.hidden();
    int intermediate = architecture.intermediate();
    Attention attention =
        new Attention(
            linear(hidden, hidden),
            linear(hidden, hidden),
            linear(hidden, hidden),
            null,
            null,
            linear(hidden, hidden));
    return new Layer(
        attention,
        norm(),
        norm(),
        null,
        linear(hidden, intermediate),
        linear(intermediate, hidden));
  }

  private Head head(NDArray tokens) {
    if (architecture.headActivation().isEmpty()) {
      return new Head(null, null, new Linear(tokens, null));
    }
    return new Head(
        linear(architecture.hidden(), architecture.hidden()),
        norm(),
        new Linear(tokens, normal(architecture.vocabulary())));
  }

  private Linear linear(int in, int out) {
    return new Linear(normal(out, in), normal(out));
  }

  private Norm norm() {
    Shape shape = new Shape(architecture.hidden());
    return new Norm(manager.ones(shape), manager.zeros(shape));
  }

  private NDArray normal(long... shape) {
    return manager.randomNormal(0, 0.02f, new Shape(shape), DataType.FLOAT32);
  }
}
