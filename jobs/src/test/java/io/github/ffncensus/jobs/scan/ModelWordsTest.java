package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.analysis.positions.TokenTraits;
import io.github.ffncensus.text.ModelTokenizer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens as words of a language. */
class ModelWordsTest {
  private static final Path DEMO = Path.of("../demo/causal-model");

  /** Every family of tokenizers has «the», whatever marks the start of a word. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "../demo/causal-model",
        "../common/src/test/resources/fixtures/bert-gelu",
        "../common/src/test/resources/fixtures/xlm-roberta-gelu"
      })
  void stopWords_areThoseOfTheLanguage(String folder) {
    TokenTraits english = new ModelWords(folder, "en").get();
    Map<String, Integer> ids = ids(folder);
    assertThat(english.stopWords().get(ids.get("the"))).isTrue();
    assertThat(english.stopWords().cardinality()).isLessThan(200);
    assertThat(new ModelWords(folder, "de").get().stopWords().get(ids.get("the"))).isFalse();
  }

  @Test
  void wordsOfOneStem_shareANumber_andOthersDoNot() {
    TokenTraits english = new ModelWords(DEMO.toString(), "en").get();
    Map<String, Integer> ids = ids(DEMO.toString());
    int[] stems = english.stems();
    assertThat(stems[ids.get("stops")]).isEqualTo(stems[ids.get("stop")]).isNotNegative();
    assertThat(stems[ids.get("stop")]).isNotEqualTo(stems[ids.get("the")]);
    assertThat(stems[ids.get(".")]).isEqualTo(-1);
  }

  @Test
  void languageWithoutAList_hasNoStopWords() {
    assertThat(new ModelWords(DEMO.toString(), "xx").get().stopWords().isEmpty()).isTrue();
  }

  /** By what tokens spell, without the mark of a word's start. */
  private static Map<String, Integer> ids(String folder) {
    Map<String, Integer> ids = new HashMap<>();
    try (ModelTokenizer tokenizer = ModelTokenizer.open(Path.of(folder))) {
      for (int id = 0; id < tokenizer.vocabularySize(); id++) {
        if (tokenizer.hasToken(id)) {
          ids.put(tokenizer.token(id).replace("\u0120", "").replace("\u2581", ""), id);
        }
      }
    }
    return ids;
  }
}
