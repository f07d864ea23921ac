package io.github.ffncensus.interpret.patterns;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.text.WordSplitter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeFinderTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "born in 1987 | YEAR NUMBER",
        "it cost 10,000 | NUMBER",
        "about 3.5 | NUMBER",
        "room 4711 | NUMBER",
        "in 2150 | NUMBER",
        "at 12:30 | NUMBER TIME",
        "at 7:05 | NUMBER TIME",
        "a score of 12:75 | NUMBER",
        "at 5 pm | TIME",
        "at 5pm | TIME",
        "at 7.30 p.m | TIME",
        "in May | DATE NAME",
        "she may | ",
        "next Tuesday | DATE NAME",
        "on June 24 | NUMBER DATE",
        "on June 24, 2011 | YEAR NUMBER DATE",
        "on 24 June 2011 | YEAR NUMBER DATE",
        "June was cold, 12 | NUMBER",
        "on 24.12.2011 | NUMBER DATE",
        "on 2011-12-24 | NUMBER DATE",
        "the city of Paris | NAME",
        "Paris | ",
        "He went. Then | ",
        "and I | ",
        "They met The | ",
        "she said \"we | QUOTE_OPEN",
        "she said \"we\" and | ",
        "she said “we | QUOTE_OPEN",
        "she said “we” and “they” | ",
        "a city (in | BRACKET_OPEN",
        "a city (in [the] north | BRACKET_OPEN",
        "a city (in the north) of | ",
        ") and ( Rome | BRACKET_OPEN NAME",
        "\"See (Paris | QUOTE_OPEN BRACKET_OPEN NAME"
      })
  void english(String text, String expected) {
    List<Shape> shapes =
        expected == null
            ? List.of()
            : Arrays.stream(expected.split(" ")).map(Shape::valueOf).toList();
    assertThat(find("en", text).keySet()).containsExactlyInAnyOrderElementsOf(shapes);
  }

  @Test
  void otherLanguages_haveOtherNamesAndQuotationMarks() {
    assertThat(find("de", "sie sagte „wir")).containsKey(Shape.QUOTE_OPEN);
    assertThat(find("de", "sie sagte „wir“ und")).doesNotContainKey(Shape.QUOTE_OPEN);
    assertThat(find("de", "sie sagte „wir")).doesNotContainKey(Shape.BRACKET_OPEN);
    assertThat(find("fr", "elle dit «nous")).containsKey(Shape.QUOTE_OPEN);
    assertThat(find("fr", "le 24 juin")).containsKey(Shape.DATE);
    assertThat(find("ar", "في ١٩٨٧")).containsKeys(Shape.YEAR, Shape.NUMBER);
  }

  @Test
  void shapes_stand_atTheLastWord_orAtTheDelimiter() {
    assertThat(find("en", "the year (of 1987"))
        .isEqualTo(Map.of(Shape.YEAR, 4, Shape.NUMBER, 4, Shape.BRACKET_OPEN, 2));
    assertThat(find("en", "( [ a")).isEqualTo(Map.of(Shape.BRACKET_OPEN, 0));
    assertThat(find("en", "\"a\" \"b")).isEqualTo(Map.of(Shape.QUOTE_OPEN, 3));
  }

  private static Map<Shape, Integer> find(String tag, String text) {
    Language language = new Language(tag, null);
    List<String> words = new WordSplitter(tag).split(text);
    return new ShapeFinder(language).of(words, words.stream().map(language::lowerCase).toList());
  }
}
