package io.github.ffncensus.knowledge.attribution;

import ai.djl.Device;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Prompts of a fixture with what {@code make_attributions.py} computed for them in float64.
 *
 * <p>Prompts 0 and 1 have answers of one token, 2 and 3 of several: of masked models, two masks in
 * one context, and three contexts whose masks are filled from left to right.
 */
record ExpectedAttributions(Fixture fixture) {
  static final int STEPS = 20;
  private static final int CASES = 4;
  private static final String FILE = "attributions.safetensors";

  static List<ExpectedAttributions> all() {
    return Stream.of(
            "bert-gelu",
            "roberta-gelu",
            "xlm-roberta-gelu",
            "gpt2-gelu-new",
            "gpt2-relu-untied",
            "llama-silu",
            "llama-bias-tied",
            "opt-relu",
            "gpt-neo-window",
            "gpt-neox-parallel",
            "gemma-tied",
            "mistral-window",
            "qwen2-bias",
            "qwen3-head-norms")
        .map(ExpectedAttributions::named)
        .toList();
  }

  static ExpectedAttributions named(String name) {
    return new ExpectedAttributions(Fixture.named(name));
  }

  Transformer load() {
    return TransformerLoader.load(
        ModelFolder.open(fixture.folder()), Device.cpu(), Precision.FLOAT32);
  }

  List<EncodedPrompt> prompts() {
    return requests().stream().map(AttributionRequest::prompt).toList();
  }

  /** Of all prompts, with foils, and with the answers as given tokens. */
  List<AttributionRequest> requests() {
    List<AttributionRequest> requests = new ArrayList<>();
    for (int number = 0; number < CASES; number++) {
      List<int[]> tokens = rows(number, "tokens");
      List<int[]> positions = rows(number, "positions");
      List<int[]> answers = rows(number, "answers");
      List<AnswerContext> contexts = new ArrayList<>();
      for (int i = 0; i < tokens.size(); i++) {
        contexts.add(new AnswerContext(tokens.get(i), positions.get(i), answers.get(i)));
      }
      EncodedPrompt prompt = new EncodedPrompt("P0", "P0-0", number, contexts);
      requests.add(new AttributionRequest(prompt, answers, rows(number, "foils")));
    }
    return requests;
  }

  private List<int[]> rows(int number, String name) {
    String tensor = "case." + number + "." + name;
    long[] values = fixture.longs(FILE, tensor);
    int width = (int) fixture.shape(FILE, tensor)[1];
    return IntStream.range(0, values.length / width)
        .mapToObj(
            row ->
                Arrays.stream(values, row * width, (row + 1) * width)
                    .mapToInt(Math::toIntExact)
                    .toArray())
        .toList();
  }

  int[] integers(int number, String name) {
    return Arrays.stream(fixture.longs(FILE, "case." + number + "." + name))
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  /** A tensor of one prompt, row-major. */
  float[] floats(int number, String name) {
    return fixture.floats(FILE, "case." + number + "." + name).values();
  }

  /** A tensor (layers, neurons) of one prompt. */
  float[][] matrix(int number, String name) {
    String tensor = "case." + number + "." + name;
    float[] values = fixture.floats(FILE, tensor).values();
    int width = (int) fixture.shape(FILE, tensor)[1];
    return IntStream.range(0, values.length / width)
        .mapToObj(row -> Arrays.copyOfRange(values, row * width, (row + 1) * width))
        .toArray(float[][]::new);
  }

  @Override
  public String toString() {
    return fixture.name();
  }
}
