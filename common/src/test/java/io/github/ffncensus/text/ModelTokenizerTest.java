package io.github.ffncensus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ffncensus.CensusException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ModelTokenizerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  static List<Path> fixtures() throws Exception {
    return Fixtures.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void idsAndOffsetsAreThoseOfHuggingFace(Path folder) throws Exception {
    JsonNode samples = JSON.readTree(folder.resolve("tokens.json").toFile());
    List<String> texts = new ArrayList<>();
    samples.forEach(sample -> texts.add(sample.get("text").asText()));
    try (ModelTokenizer tokenizer = ModelTokenizer.open(folder)) {
      List<TokenizedText> batch = tokenizer.encodeAll(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(batch.get(i)).usingRecursiveComparison().isEqualTo(expected(samples.get(i)));
        assertThat(tokenizer.encode(texts.get(i)))
            .usingRecursiveComparison()
            .isEqualTo(batch.get(i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void surfacesAreThoseOfTheVocabulary(Path folder) throws Exception {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(folder)) {
      for (JsonNode sample : JSON.readTree(folder.resolve("tokens.json").toFile())) {
        for (int i = 0; i < sample.get("ids").size(); i++) {
          String surface = sample.get("tokens").get(i).asText();
          int id = sample.get("ids").get(i).asInt();
          // A token with lstrip, and an unknown word of Unigram, are shown with the text they took.
          if (!surface.equals(tokenizer.token(id))) {
            assertThat(tokenizer.token(id)).isIn("<unk>", surface.strip());
          }
        }
      }
    }
  }

  @Test
  void offsetsCountCodePoints() throws Exception {
    String text = "a😀b é 日本";
    try (ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily("gpt2"))) {
      TokenizedText tokens = tokenizer.encode(text);
      int last = tokens.ids().length - 1;
      assertThat(tokens.ends()[last]).isEqualTo(text.codePointCount(0, text.length()));
    }
  }

  @Test
  void tokensAsText_areWithoutTheMarksOfTheirVocabulary() throws Exception {
    for (String family : List.of("gpt2", "bert", "llama")) {
      try (ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily(family))) {
        String text = "The river café";
        int[] ids = tokenizer.encode(text).ids();
        String joined =
            Arrays.stream(ids)
                .filter(id -> !tokenizer.isSpecial(id) && !tokenizer.isUnknown(id))
                .mapToObj(id -> tokenizer.text(id).orElse(""))
                .collect(Collectors.joining());
        assertThat(joined.toLowerCase(Locale.ROOT)).as(family).startsWith("theriverca");
        assertThatThrownBy(() -> tokenizer.text(tokenizer.vocabularySize()))
            .hasMessageContaining("no token");
      }
    }
    try (ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily("gpt2"))) {
      int[] bytes = tokenizer.encode("日").ids();
      assertThat(bytes).hasSizeGreaterThan(1);
      assertThat(tokenizer.text(bytes[bytes.length - 1])).isEmpty();
      int[] blank = tokenizer.encode("\n").ids();
      assertThat(tokenizer.text(blank[blank.length - 1])).isEmpty();
    }
  }

  @Test
  void textThatSpellsOutASpecialTokenIsText() throws Exception {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily("bert"))) {
      TokenizedText tokens = tokenizer.encode("[CLS] x");
      assertThat(tokens.ids()[1]).isEqualTo(tokens.ids()[0]);
      assertThat(tokens.isSpecial(0)).isTrue();
      assertThat(tokens.isSpecial(1)).isFalse();
      assertThat(tokens.ends()[1]).isEqualTo(5);
    }
  }

  @Test
  void neverTruncatesOrPads(@TempDir Path folder) throws Exception {
    Path plain = Fixtures.ofFamily("bert");
    ObjectNode file = (ObjectNode) JSON.readTree(plain.resolve("tokenizer.json").toFile());
    file.putObject("truncation")
        .put("direction", "Right")
        .put("max_length", 4)
        .put("strategy", "LongestFirst")
        .put("stride", 0);
    ObjectNode padding = file.putObject("padding");
    padding.putObject("strategy").put("Fixed", 40);
    padding.put("direction", "Right").putNull("pad_to_multiple_of");
    padding.put("pad_id", 0).put("pad_type_id", 0).put("pad_token", "[PAD]");
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), file);
    try (ModelTokenizer tokenizer = ModelTokenizer.open(folder);
        ModelTokenizer expected = ModelTokenizer.open(plain)) {
      for (String text : List.of("x", "The capital of France is Paris.", "the ".repeat(2_000))) {
        assertThat(tokenizer.encodeAll(List.of(text, "x")).get(0))
            .usingRecursiveComparison()
            .isEqualTo(expected.encode(text));
      }
    }
  }

  @Test
  void folderWithoutTokenizerIsNamed(@TempDir Path folder) throws Exception {
    assertThatThrownBy(() -> ModelTokenizer.open(folder))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining(folder.resolve("tokenizer.json").toString());
    for (String content : List.of("", "{", "{}", "[1]", "{\"model\":{\"vocab\":{\"a\":0}}}")) {
      Files.writeString(folder.resolve("tokenizer.json"), content);
      assertThatThrownBy(() -> ModelTokenizer.open(folder))
          .as(content)
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("tokenizer.json cannot be read")
          .extracting(e -> ((CensusException) e).kind())
          .isEqualTo(CensusException.Kind.INPUT);
    }
  }

  /** The native library would abort the process at the first text that needs the token. */
  @Test
  void tokenForUnknownTextThatDoesNotExistIsNamed(@TempDir Path folder) throws Exception {
    Path plain = Fixtures.ofFamily("bert").resolve("tokenizer.json");
    ObjectNode file = (ObjectNode) JSON.readTree(plain.toFile());
    ((ObjectNode) file.get("model")).put("unk_token", "[NOT THERE]");
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), file);
    assertThatThrownBy(() -> ModelTokenizer.open(folder))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("unk_token, [NOT THERE], is not in the vocabulary");
  }

  @Test
  void vocabularyLargerThanTheModelsIsRefused() throws Exception {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily("gpt2"))) {
      int size = tokenizer.vocabularySize();
      tokenizer.requireFits(size);
      tokenizer.requireFits(size + 64);
      assertThatThrownBy(() -> tokenizer.requireFits(size - 1))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining(size + " tokens")
          .hasMessageContaining("one of " + (size - 1));
      assertThatThrownBy(() -> tokenizer.token(size)).hasMessageContaining("no token");
    }
  }

  private static TokenizedText expected(JsonNode sample) {
    int tokens = sample.get("ids").size();
    TokenizedText text = new TokenizedText(new int[tokens], new int[tokens], new int[tokens]);
    for (int i = 0; i < tokens; i++) {
      boolean special = sample.get("special_tokens_mask").get(i).asInt() == 1;
      text.ids()[i] = sample.get("ids").get(i).asInt();
      text.starts()[i] = special ? -1 : sample.get("offsets").get(i).get(0).asInt();
      text.ends()[i] = special ? -1 : sample.get("offsets").get(i).get(1).asInt();
    }
    return text;
  }
}
