package io.github.ffncensus.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WordSplitterTest {
  private final WordSplitter english = new WordSplitter("en");

  @Test
  void wordsAndMarks_areWords_andWhiteSpaceIsNot() {
    assertThat(english.split(" The cat's 3.14 (of 10,000)\u00a0isn't\n\tU.S. \u200b"))
        .containsExactly("The", "cat's", "3.14", "(", "of", "10,000", ")", "isn't", "U.S", ".");
    assertThat(english.split("12:30, \"yes\"!"))
        .containsExactly("12", ":", "30", ",", "\"", "yes", "\"", "!");
    assertThat(english.split(" \n")).isEmpty();
    assertThat(english.split("")).isEmpty();
  }

  @Test
  void otherScripts_areSplitIntoWordsToo() {
    assertThat(new WordSplitter("ja").split("日本語を話す人")).contains("日本語", "人");
    assertThat(new WordSplitter("th").split("ภาษาไทย")).containsExactly("ภาษา", "ไทย");
    assertThat(new WordSplitter("ru").split("Это дом.")).containsExactly("Это", "дом", ".");
    assertThat(english.split("a \uD83D\uDE00 b")).containsExactly("a", "\uD83D\uDE00", "b");
  }
}
