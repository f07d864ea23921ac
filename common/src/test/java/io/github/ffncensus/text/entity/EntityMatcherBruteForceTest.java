package io.github.ffncensus.text.entity;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.icu.lang.UCharacter;
import io.github.ffncensus.text.entity.MatchRules.Boundary;
import io.github.ffncensus.text.entity.MatchRules.LetterCase;
import io.github.ffncensus.text.entity.MatchRules.Overlaps;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against a search that compares every stretch of a text with every name. */
class EntityMatcherBruteForceTest {
  private static final int[] SPACED = "aAbBsSßéд1२ 𐐀𐐨ﬁ".replace(" ", "").codePoints().toArray();
  private static final int[] UNSPACED = "東京あーก𠮷".codePoints().toArray();
  private static final int[] KOREAN = "한은".codePoints().toArray();
  private static final int[] MARKS = {0x301, 0x302, 0x345, 0xE34, 0x93F};
  private static final int[] OTHERS = " \u00A0\n-.'_😀".codePoints().toArray();

  private enum Kind {
    SPACED,
    UNSPACED,
    KOREAN,
    MARK,
    OTHER
  }

  private static final Map<Integer, Kind> KINDS = new HashMap<>();

  static {
    for (Kind kind : Kind.values()) {
      for (int c : alphabet(kind)) {
        KINDS.put(c, kind);
      }
    }
  }

  private static int[] alphabet(Kind kind) {
    return switch (kind) {
      case SPACED -> SPACED;
      case UNSPACED -> UNSPACED;
      case KOREAN -> KOREAN;
      case MARK -> MARKS;
      case OTHER -> OTHERS;
    };
  }

  @Test
  void matches_equalThoseOfASearchThroughAllStretches() {
    Random random = new Random(4);
    int matches = 0;
    for (int round = 0; round < 1500; round++) {
      MatchRules rules =
          new MatchRules(
              pick(random, LetterCase.values()),
              pick(random, Boundary.values()),
              pick(random, Overlaps.values()));
      // Rounds differ in which few letters they use, so that names are found often.
      int[] letters = letters(random);
      List<String> names = new ArrayList<>();
      for (int i = random.nextInt(8); i >= 0; i--) {
        names.add(string(random, letters, 1 + random.nextInt(4)));
      }
      EntityMatcher matcher = new EntityMatcher(names, rules);
      for (int i = 0; i < 4; i++) {
        String text = string(random, letters, random.nextInt(30));
        List<EntityMatch> expected = search(matcher, names, rules, text);
        assertThat(matcher.find(text)).as("%s in %s by %s", names, text, rules).isEqualTo(expected);
        matches += expected.size();
      }
    }
    assertThat(matches).isGreaterThan(5000);
  }

  private static int[] letters(Random random) {
    int[] letters = new int[5];
    for (int i = 0; i < letters.length; i++) {
      int[] alphabet = alphabet(pick(random, Kind.values()));
      letters[i] = alphabet[random.nextInt(alphabet.length)];
    }
    return letters;
  }

  private static String string(Random random, int[] letters, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.appendCodePoint(letters[random.nextInt(letters.length)]);
    }
    return text.toString();
  }

  private static <T> T pick(Random random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  private static List<EntityMatch> search(
      EntityMatcher matcher, List<String> names, MatchRules rules, String text) {
    Map<String, Integer> byForm = new HashMap<>();
    for (String name : names) {
      String form = form(name, rules).strip();
      if (!form.isEmpty()) {
        byForm.put(form, matcher.name(name));
      }
    }
    int[] points = text.codePoints().toArray();
    List<EntityMatch> found = new ArrayList<>();
    for (int start = 0; start < points.length; start++) {
      for (int end = start + 1; end <= points.length; end++) {
        Integer name = byForm.get(form(new String(points, start, end - start), rules));
        if (name != null && isAllowed(points, start, end, rules)) {
          found.add(new EntityMatch(name, start, end));
        }
      }
    }
    found.sort(
        Comparator.comparingInt(EntityMatch::start)
            .thenComparing(Comparator.comparingInt(EntityMatch::end).reversed()));
    return rules.overlaps() == Overlaps.ALL ? found : leftmostLongest(found);
  }

  private static List<EntityMatch> leftmostLongest(List<EntityMatch> all) {
    List<EntityMatch> kept = new ArrayList<>();
    for (EntityMatch match : all) {
      if (kept.isEmpty() || match.start() >= kept.get(kept.size() - 1).end()) {
        kept.add(match);
      }
    }
    return kept;
  }

  private static String form(String text, MatchRules rules) {
    String spaced = text.replaceAll("[ \u00A0\n]+", " ");
    if (rules.letterCase() == LetterCase.SENSITIVE) {
      return Normalizer.normalize(spaced, Normalizer.Form.NFC);
    }
    return Normalizer.normalize(
        UCharacter.foldCase(Normalizer.normalize(spaced, Normalizer.Form.NFD), true),
        Normalizer.Form.NFC);
  }

  private static boolean isAllowed(int[] text, int start, int end, MatchRules rules) {
    // No stretch begins or ends inside of what is compared as a whole.
    if (isComposing(text, start) || isComposing(text, end)) {
      return false;
    }
    if (rules.boundary() == Boundary.ASCII_LETTERS) {
      return !(start > 0 && isAscii(text[start - 1])) && !(end < text.length && isAscii(text[end]));
    }
    return separates(text, start) && (separates(text, end) || KINDS.get(text[end]) == Kind.KOREAN);
  }

  /** Two of the marks compose with no letter, and stand by themselves. */
  private static boolean isComposing(int[] text, int at) {
    return at > 0
        && at < text.length
        && (text[at] == 0x301 || text[at] == 0x302 || text[at] == 0x345)
        && !(" \u00A0\n".indexOf(text[at - 1]) >= 0);
  }

  private static boolean isAscii(int c) {
    return "aAbBsS".indexOf(c) >= 0;
  }

  private static boolean separates(int[] text, int at) {
    if (at == 0 || at == text.length) {
      return true;
    }
    Kind after = KINDS.get(text[at]);
    int last = at - 1;
    while (last >= 0 && KINDS.get(text[last]) == Kind.MARK) {
      last--;
    }
    Kind before = last < 0 ? Kind.OTHER : KINDS.get(text[last]);
    return switch (after) {
      case MARK -> false;
      case OTHER, UNSPACED -> true;
      case SPACED, KOREAN -> before == Kind.OTHER || before == Kind.UNSPACED;
    };
  }
}
