package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ModelCopy.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every unusable model is an input error whose message names the file and what to do. */
class BadModelTest {
  private static final String MODEL = "gpt2-gelu-new";

  @TempDir Path folder;

  @Test
  void missingFolder() {
    assertRefused(() -> ModelFolder.open(folder.resolve("none")), "no folder " + folder + "/none");
    assertRefused(() -> ModelFolder.open(folder), folder + " has no config.json");
  }

  @Test
  void pickledWeightsOnly_saysHowToConvert() throws IOException {
    ModelCopy copy = copy();
    Files.move(copy.weights(), folder.resolve("pytorch_model.bin"));
    assertRefused(
        () -> ModelFolder.open(folder), "only pytorch_model.bin", "safe_serialization=True");
    Files.delete(folder.resolve("pytorch_model.bin"));
    assertRefused(
        () -> ModelFolder.open(folder), "neither model.safetensors nor model.safetensors.index");
  }

  @Test
  void missingTokenizer() throws IOException {
    copy();
    Files.delete(folder.resolve("tokenizer.json"));
    assertRefused(() -> ModelFolder.open(folder), folder + " has no tokenizer.json");
  }

  @Test
  void truncatedWeights_wherever() throws IOException {
    Path weights = copy().weights();
    byte[] whole = Files.readAllBytes(weights);
    int header =
        8 + Math.toIntExact(ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong());
    for (int length :
        new int[] {0, 5, 8, 100, header - 1, header, header + 999, whole.length - 1}) {
      Files.write(weights, Arrays.copyOf(whole, length));
      assertRefused(
          () -> ModelFolder.open(folder),
          weights + " is truncated: it has " + length + " bytes",
          "download it again");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no json",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[4,0]}}",
        "{\"a\":{\"dtype\":\"F32\"}}",
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,9223372036854775807]}}",
        "{\"a\":1}",
        "{\"a\":"
      })
  void headerThatIsGarbage(String header) throws IOException {
    Path weights = copy().weights();
    write(weights, header.length(), header + "12345678");
    assertRefused(() -> ModelFolder.open(folder), weights.toString());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 33})
  void headerLengthThatIsGarbage(long length) throws IOException {
    Path weights = copy().weights();
    write(weights, length, "0123456789");
    assertRefused(
        () -> ModelFolder.open(folder),
        weights + " is not a safetensors file: its header length is " + length);
  }

  @Test
  void headerWithoutTensors() throws IOException {
    write(copy().weights(), 2, "{}");
    assertRefused(
        this::load, "the weights have no tensor transformer.wte.weight, which a gpt2 model needs");
  }

  static Stream<Arguments> configurations() {
    return Stream.of(
        config(
            c -> c.put("model_type", "gptj"),
            "model_type \"gptj\" is not supported; supported: bert, gemma, gpt2, gpt_neo, gpt_neox, llama,"
                + " mistral, opt, qwen2, qwen3, roberta, t5, xlm-roberta"),
        config(c -> c.remove("model_type"), "model_type \"\" is not supported"),
        config(
            c -> c.put("activation_function", "mish"),
            "activation_function = \"mish\" is not a supported activation",
            "gelu_new"),
        config(c -> c.remove("n_embd"), "no integer \"n_embd\""),
        config(c -> c.put("n_embd", "32"), "no integer \"n_embd\""),
        config(c -> c.put("n_layer", -2), "n_layer = -2 is negative"),
        config(
            c -> c.put("n_head", 0),
            "the hidden size 32 cannot be divided among 0 attention heads"),
        config(
            c -> c.put("n_head", 5),
            "the hidden size 32 cannot be divided among 5 attention heads"),
        config(
            c -> c.put("add_cross_attention", true),
            "add_cross_attention = true is not supported"));
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void configurationThatCannotBeRun(Consumer<ObjectNode> change, List<String> message) {
    ModelCopy copy = ModelCopy.of(MODEL, folder);
    change.accept(copy.config());
    copy.write();
    assertRefused(this::load, message.toArray(String[]::new));
    assertRefused(this::load, folder.resolve("config.json") + ": ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{\"model_type\":", "\u0000"})
  void configurationThatIsNoJson(String text) throws IOException {
    copy();
    Files.writeString(folder.resolve("config.json"), text);
    assertRefused(() -> ModelFolder.open(folder), folder.resolve("config.json").toString());
  }

  @Test
  void missingShard_namesTheFileOfTheIndex() throws IOException {
    ModelCopy.copyFiles(Fixture.named("gpt2-relu-untied").folder(), folder);
    Files.delete(folder.resolve("model-00002-of-00003.safetensors"));
    assertRefused(
        () -> ModelFolder.open(folder),
        folder.resolve("model-00002-of-00003.safetensors") + " is missing",
        "model.safetensors.index.json lists it");
    Files.writeString(folder.resolve("model.safetensors.index.json"), "{}");
    assertRefused(() -> ModelFolder.open(folder), "has no \"weight_map\"");
  }

  @Test
  void tensorOfAnotherShape() {
    ModelCopy copy = ModelCopy.of(MODEL, folder);
    copy.config().put("n_inner", 100);
    copy.write();
    assertRefused(
        this::load,
        "tensor transformer.h.0.mlp.c_fc.weight has shape [32, 128]",
        "config.json asks for [32, 100]");
  }

  @Test
  void missingTensor() {
    ModelCopy copy = ModelCopy.of(MODEL, folder);
    copy.tensors().remove("transformer.h.1.mlp.c_proj.bias");
    copy.write();
    assertRefused(
        this::load, "have no tensor transformer.h.1.mlp.c_proj.bias, which a gpt2 model needs");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void weightThatIsNoNumber(float value) {
    ModelCopy copy = ModelCopy.of(MODEL, folder);
    copy.values("transformer.h.1.ln_2.bias")[31] = value;
    copy.write();
    assertRefused(
        this::load,
        copy.weights() + ": tensor transformer.h.1.ln_2.bias holds NaN or infinite values");
  }

  @Test
  void unsupportedNumberFormat() {
    ModelCopy copy = ModelCopy.of(MODEL, folder);
    Tensor old = copy.tensors().get("transformer.wpe.weight");
    copy.tensors().put("transformer.wpe.weight", new Tensor("F64", old.shape(), old.values()));
    copy.write();
    assertRefused(
        this::load, "tensor transformer.wpe.weight has dtype F64; supported: F32, F16, BF16");
  }

  @Test
  void checkpointWithoutHead_runs_andOnlyItsLogitsAreRefused() {
    ModelCopy copy = ModelCopy.of("bert-gelu", folder);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    copy.rename(name -> name.replaceFirst("^bert\\.", ""));
    assertThat(copy.tensors()).containsKey("embeddings.word_embeddings.weight");
    copy.write();
    int[] tokens = {2, 30, 40, 3};
    Path original = Fixture.named("bert-gelu").folder();
    try (Transformer bare = load();
        Transformer whole = Taps.load(original);
        NDManager scope = bare.newScope()) {
      assertThat(Taps.of(bare, tokens).coefficients.get(2))
          .containsExactly(Taps.of(whole, tokens).coefficients.get(2));
      NDArray states = bare.states(TokenBatch.of(tokens), List.of(), scope);
      assertRefused(() -> bare.logits(states), "this checkpoint has no prediction head");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-gelu-new",
        "bert-gelu",
        "roberta-gelu",
        "llama-silu",
        "mistral-window",
        "gpt-neo-window",
        "opt-relu",
        "t5-relu"
      })
  void sequenceLongerThanTheContext_isRefused(String name) {
    try (Transformer model = Taps.load(Fixture.named(name).folder())) {
      int context = model.architecture().maxSequenceTokens();
      int[] tooLong = new int[context + 1];
      Arrays.fill(tooLong, 5);
      Taps fits = Taps.of(model, Arrays.copyOf(tooLong, context));
      assertThat(fits.coefficients.get(0)).hasSize(context * model.architecture().intermediate());
      assertRefused(
          () -> Taps.of(model, new int[] {5}, tooLong),
          "a sequence of "
              + (context + 1)
              + " tokens does not fit the model's context of "
              + context);
    }
  }

  private ModelCopy copy() {
    ModelCopy copy = ModelCopy.of(MODEL, folder);
    copy.write();
    return copy;
  }

  private Transformer load() {
    return Taps.load(folder);
  }

  private static void write(Path weights, long headerLength, String rest) throws IOException {
    byte[] text = rest.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(weights, bytes.putLong(headerLength).put(text).array());
  }

  private static Arguments config(Consumer<ObjectNode> change, String... message) {
    return Arguments.of(change, List.of(message));
  }

  private static void assertRefused(ThrowingCallable action, String... message) {
    CensusException refusal = catchThrowableOfType(CensusException.class, action);
    assertThat(refusal).isNotNull();
    assertThat(refusal.kind()).isEqualTo(CensusException.Kind.INPUT);
    assertThat(refusal).hasMessageContainingAll(message);
  }
}
