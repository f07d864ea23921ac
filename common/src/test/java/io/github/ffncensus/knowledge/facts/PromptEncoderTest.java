package io.github.ffncensus.knowledge.facts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import io.github.ffncensus.knowledge.facts.PromptEncoder.Fill;
import io.github.ffncensus.knowledge.facts.PromptEncoder.Result;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Encoded prompts against the Hugging Face library, for the tokenizer of every fixture. */
class PromptEncoderTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path FIXTURES = Path.of("src/test/resources/fixtures");
  private static final String MARKER = "[MASK]";

  static List<Path> fixtures() throws IOException {
    try (Stream<Path> folders = Files.list(FIXTURES)) {
      return folders.filter(f -> Files.exists(f.resolve("prompts.json"))).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void promptsAreThoseOfHuggingFace(Path folder) throws IOException {
    JsonNode expected = JSON.readTree(folder.resolve("prompts.json").toFile());
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode entry : expected) {
      String answer = entry.get("answer_text").asText();
      prompts.add(Prompt.of(prompts.size(), entry.get("prompt").asText(), answer));
    }
    try (ModelTokenizer tokenizer = ModelTokenizer.open(folder)) {
      boolean causal = tokenizer.maskToken().isEmpty();
      for (Fill fill : Fill.values()) {
        List<Result> results = encode(tokenizer, causal, fill, 1_000, prompts);
        for (int i = 0; i < prompts.size(); i++) {
          Result result = results.get(i);
          JsonNode entry = expected.get(i);
          if (entry.get("unknown").asBoolean()) {
            assertThat(result.reason()).isEqualTo(Reason.INEXPRESSIBLE_ANSWER);
          } else {
            assertThat(result.detail()).isNull();
            int[] shown = ints(entry.get("shown"));
            int[] answer = ints(entry.get("answer"));
            List<AnswerContext> contexts =
                causal ? causal(shown, answer) : masked(shown, tokenizer.maskId(), answer, fill);
            assertThat(result.encoded())
                .as(entry.get("prompt").asText())
                .usingRecursiveComparison()
                .isEqualTo(new EncodedPrompt("r", "f", i, contexts));
          }
        }
      }
    }
  }

  /** As the definition says, token by token. */
  private static List<AnswerContext> masked(int[] shown, int mask, int[] answer, Fill fill) {
    int at = IntStream.range(0, shown.length).filter(t -> shown[t] == mask).findFirst().orElse(-1);
    List<AnswerContext> contexts = new ArrayList<>();
    for (int j = 0; j < answer.length; j++) {
      int given = fill == Fill.LEFT_TO_RIGHT ? j : 0;
      List<Integer> tokens = new ArrayList<>();
      for (int t = 0; t < shown.length; t++) {
        if (t != at) {
          tokens.add(shown[t]);
          continue;
        }
        for (int k = 0; k < answer.length; k++) {
          tokens.add(k < given ? answer[k] : mask);
        }
      }
      int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
      contexts.add(new AnswerContext(ids, new int[] {at + j}, new int[] {answer[j]}));
    }
    if (fill == Fill.LEFT_TO_RIGHT) {
      return contexts;
    }
    int[] positions = IntStream.range(at, at + answer.length).toArray();
    return List.of(new AnswerContext(contexts.get(0).tokens(), positions, answer));
  }

  private static List<AnswerContext> causal(int[] shown, int[] answer) {
    int[] tokens = Arrays.copyOf(shown, shown.length + answer.length - 1);
    System.arraycopy(answer, 0, tokens, shown.length, answer.length - 1);
    int first = shown.length - 1;
    int[] positions = IntStream.range(first, first + answer.length).toArray();
    return List.of(new AnswerContext(tokens, positions, answer));
  }

  @Test
  void anAnswerOfOneTokenHasTheTokensOfHuggingFace() throws IOException {
    Prompt prompt = Prompt.of(0, "The capital of France is [MASK].", "the");
    JsonNode first = JSON.readTree(FIXTURES.resolve("bert-gelu/prompts.json").toFile()).get(0);
    for (Fill fill : Fill.values()) {
      Result result = encodeOne("bert-gelu", fill, 24, prompt);
      AnswerContext context = result.encoded().contexts().get(0);
      assertThat(result.encoded().contexts()).hasSize(1);
      assertThat(context.tokens()).isEqualTo(ints(first.get("shown")));
      assertThat(context.positions()).hasSize(1);
      assertThat(context.tokens()[context.positions()[0]]).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource(Fill.class)
  void whatAMaskedModelCannotRead(Fill fill) throws IOException {
    check("bert-gelu", fill, "no place in it", "Paris", Reason.NO_MARKER, "no [MASK] in: no place");
    check("bert-gelu", fill, "[MASK] is [MASK]", "Paris", Reason.SEVERAL_MARKERS, "several [MASK]");
    check("bert-gelu", fill, "it is [MASK]", "☃", Reason.INEXPRESSIBLE_ANSWER, "«☃»");
    check("bert-gelu", fill, "it is [MASK]", "[SEP]", Reason.INEXPRESSIBLE_ANSWER, "special");
    check("bert-gelu", fill, "it is [MASK]", "\u0007", Reason.INEXPRESSIBLE_ANSWER, "no token");
    check("roberta-gelu", fill, "<mask> is [MASK]", "a", Reason.SEVERAL_MARKERS, "mask token");
    String longer = "the ".repeat(22) + "[MASK]";
    check("bert-gelu", fill, longer, "city", Reason.OVER_LONG, "the model takes 24");
  }

  @Test
  void whatACausalModelCannotRead() throws IOException {
    Fill fill = Fill.LEFT_TO_RIGHT;
    String model = "gpt2-gelu-new";
    check(model, fill, "[MASK] is a river", "It", Reason.NO_TEXT_BEFORE, "text before it");
    check(model, fill, " [MASK].", "It", Reason.NO_TEXT_BEFORE, "text before it");
    check(model, fill, "the [MASK] is a river", "it", Reason.TEXT_AFTER, "does not see");
    check(model, fill, "the river", "it", Reason.NO_MARKER, "no [MASK]");
    for (String end : List.of("", ".", " .", ",", "?\"", "»。")) {
      Prompt prompt = Prompt.of(0, "the river is [MASK]" + end, "it");
      assertThat(encodeOne(model, fill, 24, prompt).detail()).isNull();
    }
    // The last token of the answer is predicted, not read.
    int room =
        encodeOne(model, fill, 24, Prompt.of(0, "the [MASK]", "river"))
            .encoded()
            .contexts()
            .get(0)
            .tokens()
            .length;
    Prompt prompt = Prompt.of(0, "the [MASK]", "river");
    assertThat(encodeOne(model, fill, room, prompt).reason()).isNull();
    assertThat(encodeOne(model, fill, room - 1, prompt).reason()).isEqualTo(Reason.OVER_LONG);
  }

  @Test
  void anotherMarkerAndTextWithTheMasksName() throws IOException {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(FIXTURES.resolve("roberta-gelu"))) {
      PromptEncoder encoder = new PromptEncoder(tokenizer, false, Fill.LEFT_TO_RIGHT, "___", 24);
      Fact fact = fact(List.of(Prompt.of(3, "the name is ___", "it")));
      Result result = encoder.encodeAll(List.of(fact)).get(0);
      assertThat(result.detail()).isNull();
      assertThat(result.encoded().promptId()).isEqualTo(3);
    }
  }

  @Test
  void aMaskedModelWithoutMaskIsRefused(@TempDir Path folder) throws IOException {
    ObjectNode tokens =
        (ObjectNode) JSON.readTree(FIXTURES.resolve("bert-gelu/tokenizer.json").toFile());
    ((ArrayNode) tokens.get("added_tokens")).remove(4);
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokens);
    try (ModelTokenizer tokenizer = ModelTokenizer.open(folder)) {
      assertThatThrownBy(() -> new PromptEncoder(tokenizer, false, Fill.ALL_MASKED, MARKER, 24))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("no mask token");
    }
  }

  @Test
  void anotherAnswerHasAsManyTokens() throws IOException {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(FIXTURES.resolve("bert-gelu"))) {
      PromptEncoder encoder =
          new PromptEncoder(tokenizer, false, Fill.LEFT_TO_RIGHT, MARKER, 24, true);
      String text = "it is [MASK]";
      List<Result> results =
          encoder.encodeAll(
              List.of(
                  fact(
                      List.of(
                          new Prompt(0, text, "the", "of", false),
                          Prompt.of(1, text, "the"),
                          new Prompt(2, text, "the", "Paris", false),
                          new Prompt(3, text, "the", "☃", false)))));
      assertThat(results.get(0).detail()).isNull();
      int[] alone = tokenizer.encode("of").ids();
      assertThat(results.get(0).other()).containsExactly(alone[1]);
      assertThat(results.get(1).reason()).isEqualTo(Reason.MISSING_FIELD);
      assertThat(results.get(2).detail()).containsPattern("«Paris» has \\d tokens, .* «the» 1");
      assertThat(results.get(3).detail()).contains("«☃»");
    }
  }

  private static void check(
      String model, Fill fill, String text, String answer, Reason reason, String detail)
      throws IOException {
    Result result = encodeOne(model, fill, 24, Prompt.of(0, text, answer));
    assertThat(result.reason()).as(text).isEqualTo(reason);
    assertThat(result.detail()).contains(detail);
    assertThat(result.encoded()).isNull();
    assertThat(result.reject(7)).isEqualTo(new FactReject(7, "r", "f", 0, reason, result.detail()));
  }

  private static Result encodeOne(String model, Fill fill, int maxTokens, Prompt prompt)
      throws IOException {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(FIXTURES.resolve(model))) {
      boolean causal = tokenizer.maskToken().isEmpty();
      return encode(tokenizer, causal, fill, maxTokens, List.of(prompt)).get(0);
    }
  }

  private static List<Result> encode(
      ModelTokenizer tokenizer, boolean causal, Fill fill, int maxTokens, List<Prompt> prompts) {
    return new PromptEncoder(tokenizer, causal, fill, MARKER, maxTokens)
        .encodeAll(List.of(fact(prompts)));
  }

  private static Fact fact(List<Prompt> prompts) {
    return new Fact("r", "f", "head", "answer", List.of(), List.of(), null, prompts);
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }
}
