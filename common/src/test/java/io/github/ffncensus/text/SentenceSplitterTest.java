package io.github.ffncensus.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SentenceSplitterTest {
  private final SentenceSplitter english = new SentenceSplitter("en");

  @Test
  void abbreviationsDoNotEndASentence() {
    assertThat(english.split("Mr. Smith met Dr. Jones. They talked, e.g. about Prof. Lee!  Why?"))
        .containsExactly("Mr. Smith met Dr. Jones.", "They talked, e.g. about Prof. Lee!", "Why?");
  }

  @Test
  void linesEndSentencesAndBlanksDisappear() {
    assertThat(english.split("\u00a0A heading\r\n\r\n  One. Two\u3000\n\n"))
        .containsExactly("A heading", "One.", "Two");
    assertThat(english.split(" \n\t\u00a0")).isEmpty();
    assertThat(english.split("")).isEmpty();
  }

  @Test
  void otherScriptsAndUnknownLocales() {
    assertThat(english.split("日本語です。中文。")).containsExactly("日本語です。", "中文。");
    assertThat(new SentenceSplitter("zz").split("One. Two.")).containsExactly("One.", "Two.");
    assertThat(new SentenceSplitter("de").split("Das ist z.B. gut. Ja.")).hasSize(2);
  }
}
