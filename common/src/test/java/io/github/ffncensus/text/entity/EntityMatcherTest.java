package io.github.ffncensus.text.entity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.text.entity.MatchRules.Boundary;
import io.github.ffncensus.text.entity.MatchRules.LetterCase;
import io.github.ffncensus.text.entity.MatchRules.Overlaps;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EntityMatcherTest {
  private static final MatchRules EXACT =
      new MatchRules(LetterCase.SENSITIVE, Boundary.UNICODE, Overlaps.LONGEST);
  private static final MatchRules ANY_CASE =
      new MatchRules(LetterCase.INSENSITIVE, Boundary.UNICODE, Overlaps.LONGEST);
  private static final MatchRules ASCII =
      new MatchRules(LetterCase.SENSITIVE, Boundary.ASCII_LETTERS, Overlaps.ALL);

  @ParameterizedTest(name = "{0} in {1}: {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "Paris|Paris|Paris",
        "Paris|in Paris.|Paris",
        "Paris|Parisian|",
        "Paris|aParis|",
        "Paris|Paris's|Paris",
        "Paris|Paris-Dakar|Paris",
        "Paris|_Paris_|Paris",
        "Paris|Paris2|",
        "Paris|2Paris|",
        "Apollo 11|Apollo 112|",
        "Apollo 11|Apollo 11, then|Apollo 11",
        "Paris|paris|",
        "Yahoo!|Yahoo!s|Yahoo!",
        "C++|C++11|C++",
        "Москва|в Москва, и|Москва",
        "Москва|Москвар|",
        "Москва|xМосква|",
        // Scripts without spaces between words.
        "東京|私は東京都に住む|東京",
        "东京|在东京2020|东京",
        "กรุงเทพ|เมืองกรุงเทพมหานคร|กรุงเทพ",
        "Google|在Google工作|Google",
        "Google|Googleは|Google",
        "Google|xGoogleは|",
        "ラー|ラーメン|ラー",
        // Korean particles.
        "서울|서울은|서울",
        "Google|Google은|Google",
        "서울|북서울은|",
        // A mark belongs to the letter before it.
        "x|x\u0302|",
        "กน|กนุ|",
        "y|x\u0302y|",
        "y|x\u0302 y|y",
        // Beyond the Basic Multilingual Plane: letters of Deseret, an ideograph, and an emoji.
        "𐐀𐐁|𐐀𐐁𐐂|",
        "𐐀𐐁|😀𐐀𐐁😀|𐐀𐐁",
        "𠮷|𠮷野家|𠮷"
      })
  void wholeWords(String name, String text, String found) {
    assertThat(found(EXACT, text, name)).isEqualTo(found == null ? List.of() : List.of(found));
  }

  @Test
  void theLongestNameWins_fromLeftToRight() {
    String[] names = {"New York", "York", "New York Times", "Times Square", "New York City"};
    assertThat(found(EXACT, "the New York Times Square", names)).containsExactly("New York Times");
    assertThat(found(EXACT, "New York Timesy, York", names)).containsExactly("New York", "York");
    assertThat(found(EXACT, "New York Cit, New York City", names))
        .containsExactly("New York", "New York City");
  }

  @Test
  void allNames_whereOverlapsAreAsked() {
    assertThat(found(ASCII, "New York Times", "New York", "York", "York Times", "New York Times"))
        .containsExactly("New York Times", "New York", "York Times", "York");
  }

  @Test
  void asciiBoundaries_askForNoOther() {
    assertThat(found(ASCII, "Paris2", "Paris")).containsExactly("Paris");
    assertThat(found(ASCII, "éParisé", "Paris")).containsExactly("Paris");
    assertThat(found(ASCII, "Parisa aParis", "Paris")).isEmpty();
    assertThat(found(ASCII, "C++x", "C++")).isEmpty();
  }

  @Test
  void formsOfTheSameText_areOneName() {
    EntityMatcher matcher =
        new EntityMatcher(List.of("Zoe\u0308", "Zo\u00EB", " Zo\u00EB\n"), EXACT);
    assertThat(matcher.names()).isEqualTo(1);
    assertThat(matcher.name("Zo\u00EB")).isZero();
    assertThat(matcher.find("a Zoe\u0308, b")).containsExactly(new EntityMatch(0, 2, 6));
    assertThat(matcher.find("a Zo\u00EB, b")).containsExactly(new EntityMatch(0, 2, 5));
    assertThat(found(EXACT, "New \u00A0\n York", "New York")).containsExactly("New \u00A0\n York");
    assertThat(found(EXACT, "\u212Bngstrom", "\u00C5ngstrom")).containsExactly("\u212Bngstrom");
    assertThat(found(EXACT, "\u1112\u1161\u11AB", "\uD55C")).containsExactly("\u1112\u1161\u11AB");
  }

  @Test
  void caseIsFolded_asUnicodeDoes() {
    assertThat(found(ANY_CASE, "in PARIS", "Paris")).containsExactly("PARIS");
    assertThat(found(ANY_CASE, "die STRASSE", "Straße")).containsExactly("STRASSE");
    assertThat(found(ANY_CASE, "die Straße", "strasse")).containsExactly("Straße");
    assertThat(found(ANY_CASE, "ΟΔΟΣ", "οδος")).containsExactly("ΟΔΟΣ");
    assertThat(found(ANY_CASE, "οδος", "ΟΔΟΣ")).containsExactly("οδος");
    assertThat(found(ANY_CASE, "𐐨𐐩", "𐐀𐐁")).containsExactly("𐐨𐐩");
    // Half of a letter is no name.
    assertThat(found(ANY_CASE, "ß", "s")).isEmpty();
  }

  @Test
  void offsets_countCodePoints() {
    EntityMatcher matcher = new EntityMatcher(List.of("Bern", "Ulm"), EXACT);
    assertThat(matcher.find("😀 Bern 𐐀 e\u0301 Ulm"))
        .containsExactly(
            new EntityMatch(matcher.name("Bern"), 2, 6),
            new EntityMatch(matcher.name("Ulm"), 12, 15));
  }

  @Test
  void nothingToSearchFor() {
    EntityMatcher matcher = new EntityMatcher(List.of("", " \n"), EXACT);
    assertThat(matcher.names()).isZero();
    assertThat(matcher.name(" ")).isEqualTo(-1);
    assertThat(matcher.find("any text")).isEmpty();
    assertThat(new EntityMatcher(List.of("a"), EXACT).find("")).isEmpty();
    assertThatThrownBy(() -> matcher.name("b")).hasMessageContaining("b");
  }

  private static List<String> found(MatchRules rules, String text, String... names) {
    return new EntityMatcher(List.of(names), rules)
        .find(text).stream()
            .map(
                match ->
                    text.substring(
                        text.offsetByCodePoints(0, match.start()),
                        text.offsetByCodePoints(0, match.end())))
            .toList();
  }
}
