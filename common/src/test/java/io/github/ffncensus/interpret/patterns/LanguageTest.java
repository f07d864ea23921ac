package io.github.ffncensus.interpret.patterns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LanguageTest {
  @ParameterizedTest
  @CsvSource({
    "en, bases, base, base",
    "en-GB, playing, played, play",
    "de, Häuser, Hauses, haus",
    "fr, maisons, maison, maison",
    "ru, книги, книга, книг",
    "es, libros, libro, libr",
  })
  void formsOfAWord_haveOneStem(String tag, String form, String other, String stem) {
    Language language = new Language(tag, null);
    assertThat(language.stem(language.lowerCase(form))).isEqualTo(stem);
    assertThat(language.stem(language.lowerCase(other))).isEqualTo(stem);
  }

  @ParameterizedTest
  @CsvSource({
    "en, the, house",
    "en, herself, her own",
    "de, und, haus",
    "fr, les, maison",
    "tr, ve, ev",
    "nb, og, hus",
    "pt-BR, não, casa",
    "id, yang, rumah",
    "hi, है, किताब"
  })
  void stopWords_areTheLanguages(String tag, String stopWord, String contentWord) {
    Language language = new Language(tag, null);
    assertThat(language.isStopWord(stopWord)).isTrue();
    assertThat(language.isStopWord(contentWord)).isFalse();
  }

  @Test
  void ownStopWords_replaceTheLanguages() {
    Language language = new Language("en", List.of("River"));
    assertThat(language.isStopWord("river")).isTrue();
    assertThat(language.isStopWord("the")).isFalse();
    assertThat(new Language("en", List.of()).isStopWord("the")).isFalse();
  }

  @Test
  void languageWithoutAStemmer_keepsWordsWhole() {
    Language language = new Language("zh", null);
    assertThat(language.stem("语言")).isEqualTo("语言");
    assertThat(language.isStopWord("的")).isFalse();
    assertThat(new Language("tlh", null).stem("playing")).isEqualTo("playing");
  }

  @Test
  void names_ofMonthsAndWeekdays_asTheLanguageWritesThem() {
    Language english = new Language("en", null);
    assertThat(List.of("May", "Monday", "Dec")).allMatch(english::isMonthOrWeekday);
    assertThat(List.of("may", "monday", "Christmas")).noneMatch(english::isMonthOrWeekday);
    assertThat(english.isMonth("Monday")).isFalse();
    Language french = new Language("fr", null);
    assertThat(List.of("mai", "Mai", "lundi", "janv")).allMatch(french::isMonthOrWeekday);
  }

  @Test
  void lowerCase_isTheLanguages() {
    assertThat(new Language("tr", null).lowerCase("ISI")).isEqualTo("ısı");
    assertThat(new Language("en", null).lowerCase("ISI")).isEqualTo("isi");
  }
}
