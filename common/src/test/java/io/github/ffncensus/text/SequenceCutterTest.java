package io.github.ffncensus.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.icu.lang.UCharacter;
import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.text.CutDocument.Sequence;
import io.github.ffncensus.text.SequenceCutter.OverLong;
import io.github.ffncensus.text.SequenceCutter.Unit;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SequenceCutterTest {
  private static final int CONTEXT = 20;

  static List<Path> fixtures() throws Exception {
    return Fixtures.all();
  }

  @Test
  void sentencesLinesAndDocuments() throws Exception {
    String text = "One. Two.\nThree";
    assertThat(texts(cutter("bert", Unit.SENTENCE, OverLong.REJECT), text))
        .containsExactly("One.", "Two.", "Three");
    assertThat(texts(cutter("bert", Unit.LINE, OverLong.REJECT), text + "\r\n \n"))
        .containsExactly("One. Two.", "Three");
    assertThat(texts(cutter("bert", Unit.DOCUMENT, OverLong.REJECT), text)).containsExactly(text);
  }

  @Test
  void resultsStandInTheOrderOfTheDocuments() throws Exception {
    SequenceCutter cutter = cutter("bert", Unit.SENTENCE, OverLong.REJECT);
    String tooLong = "river ".repeat(1_000);
    List<CutDocument> cut = cutter.cutAll(List.of("One.", " ", tooLong, "Two. Three."));
    assertThat(cut.get(0).sequences()).hasSize(1);
    assertThat(cut.get(1).reason()).isEqualTo(RejectReason.EMPTY);
    assertThat(cut.get(2).reason()).isEqualTo(RejectReason.OVER_LONG);
    assertThat(cut.get(2).detail()).contains("sentence 1", "20 tokens");
    assertThat(cut.get(3).sequences()).extracting(Sequence::text).containsExactly("Two.", "Three.");
  }

  @Test
  void oneOverLongSentenceRejectsTheDocumentOrIsCut() throws Exception {
    String text = "Short one. The " + "river ".repeat(30) + "ends. Another.";
    CutDocument rejected = cutter("bert", Unit.SENTENCE, OverLong.REJECT).cut(text);
    assertThat(rejected.sequences()).isEmpty();
    assertThat(rejected.detail()).contains("sentence 2");
    CutDocument cut = cutter("bert", Unit.SENTENCE, OverLong.WINDOW).cut(text);
    assertThat(cut.isRejected()).isFalse();
    assertThat(cut.sequences().get(0).text()).isEqualTo("Short one.");
    assertThat(cut.sequences().get(cut.sequences().size() - 1).text()).isEqualTo("Another.");
  }

  @Test
  void textWithoutTokensIsEmpty() throws Exception {
    // BERT drops control characters.
    CutDocument cut = cutter("bert", Unit.DOCUMENT, OverLong.REJECT).cut("\u200b\u0007");
    assertThat(cut.reason()).isEqualTo(RejectReason.EMPTY);
    assertThat(cutter("bert", Unit.LINE, OverLong.REJECT).cut("\u0007\nx").sequences()).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void windowsCoverTheDocument(Path folder) throws Exception {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(folder)) {
      SequenceCutter cutter =
          new SequenceCutter(tokenizer, Unit.DOCUMENT, OverLong.REJECT, "en", CONTEXT);
      Random random = new Random(7);
      for (int round = 0; round < 40; round++) {
        String text = randomText(random);
        CutDocument cut = cutter.cut(text);
        assertThat(cut.isRejected()).as(text).isFalse();
        StringBuilder together = new StringBuilder();
        for (Sequence window : cut.sequences()) {
          assertThat(window.tokens().ids()).hasSizeLessThanOrEqualTo(CONTEXT);
          assertThat(tokenizer.encode(window.text()))
              .usingRecursiveComparison()
              .isEqualTo(window.tokens());
          together.append(window.text());
        }
        assertThat(withoutSpace(together.toString())).isEqualTo(withoutSpace(text));
      }
    }
  }

  @Test
  void windowsEndBetweenWordsAndAreFull() throws Exception {
    String text = "the capital of France is Paris and the river there is the Seine. ".repeat(40);
    CutDocument cut = cutter("bert", Unit.DOCUMENT, OverLong.REJECT).cut(text);
    for (Sequence window : cut.sequences().subList(0, cut.sequences().size() - 1)) {
      assertThat(window.text()).matches("\\S.*[a-zA-Z.]").doesNotEndWith(" ");
      assertThat(text).contains(window.text() + " ");
      assertThat(window.tokens().ids().length).isGreaterThan(CONTEXT / 2);
    }
  }

  @Test
  void aWindowGoesOnWithTheTokensOfTheText() throws Exception {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily("gpt2"))) {
      String text = "the name of the city and the name of the river and the name of the street";
      SequenceCutter cutter =
          new SequenceCutter(tokenizer, Unit.DOCUMENT, OverLong.REJECT, "en", 12);
      int[] ids =
          cutter.cut(text).sequences().stream()
              .flatMapToInt(window -> Arrays.stream(window.tokens().ids()))
              .toArray();
      assertThat(ids).isEqualTo(tokenizer.encode(text).ids());
    }
  }

  @Test
  void aMegabyteWithoutASpace() throws Exception {
    String text = "x".repeat(1 << 20);
    try (ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily("gpt2"))) {
      SequenceCutter cutter =
          new SequenceCutter(tokenizer, Unit.DOCUMENT, OverLong.REJECT, "en", 1_024);
      assertThat(cutter.cut(text).sequences()).hasSize(1_024);
    }
  }

  private static String randomText(Random random) {
    String[] parts = {
      "The capital of France is Paris. ",
      "river",
      " ",
      "  ",
      "\n",
      "é",
      "e\u0301",
      "😀",
      "日本語",
      "👨‍👩‍👧",
      "counting".repeat(20),
      "\u00a0",
      "don't",
      "1,000",
      "[MASK]",
      "</s>",
      "\u3000",
      "مرحبا"
    };
    StringBuilder text = new StringBuilder("x");
    int length = 1 + random.nextInt(120);
    for (int i = 0; i < length; i++) {
      text.append(parts[random.nextInt(parts.length)]);
    }
    return text.toString();
  }

  private static String withoutSpace(String text) {
    return text.codePoints()
        .filter(c -> !UCharacter.isUWhiteSpace(c))
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static List<String> texts(SequenceCutter cutter, String document) {
    return cutter.cut(document).sequences().stream().map(Sequence::text).toList();
  }

  private static SequenceCutter cutter(String family, Unit unit, OverLong overLong)
      throws Exception {
    ModelTokenizer tokenizer = ModelTokenizer.open(Fixtures.ofFamily(family));
    return new SequenceCutter(tokenizer, unit, overLong, "en", CONTEXT);
  }
}
