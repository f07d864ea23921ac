package io.github.ffncensus.knowledge.opendomain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.knowledge.opendomain.FactMentions.Found;
import io.github.ffncensus.text.entity.EntityMatch;
import io.github.ffncensus.text.entity.MatchRules;
import io.github.ffncensus.text.entity.MatchRules.Boundary;
import io.github.ffncensus.text.entity.MatchRules.LetterCase;
import io.github.ffncensus.text.entity.MatchRules.Overlaps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which facts a text mentions, against a search word by word. */
class FactMentionsTest {
  private static final String[] WORDS = {"Ada", "Bo", "Cy", "Di"};

  @Test
  void aTailThatTouchesItsHead_isNone() {
    List<FactNames> facts =
        List.of(
            fact("Oxford", "University of Oxford"),
            fact("University of Oxford", "Oxford"),
            fact("Rome", "Rome", "Roma"));
    FactMentions longest = mentions(facts, Overlaps.LONGEST);
    assertThat(classes(longest.in("The University of Oxford is old."))).containsExactly("1 h");
    assertThat(classes(longest.in("University of Oxford, Oxford"))).containsExactly("0 ht", "1 ht");
    assertThat(classes(longest.in("Rome is Rome"))).containsExactly("2 h");
    assertThat(classes(longest.in("Rome is Roma"))).containsExactly("2 ht");
    assertThat(classes(longest.in("Roma"))).isEmpty();
    assertThat(longest.in("Roma").names()).hasSize(1);
    FactMentions all = mentions(facts, Overlaps.ALL);
    assertThat(classes(all.in("The University of Oxford is old."))).containsExactly("0 h", "1 h");
    assertThat(classes(all.in("University of Oxford, Oxford"))).containsExactly("0 h", "1 ht");
  }

  @ParameterizedTest
  @EnumSource(Overlaps.class)
  void mentions_equalThoseOfASearchWordByWord(Overlaps overlaps) {
    Random random = new Random(6);
    int both = 0;
    for (int round = 0; round < 400; round++) {
      List<FactNames> facts = new ArrayList<>();
      for (int f = random.nextInt(5); f >= 0; f--) {
        String[] tails = new String[1 + random.nextInt(2)];
        Arrays.setAll(tails, tail -> words(random, 1 + random.nextInt(3)));
        facts.add(fact(words(random, 1 + random.nextInt(3)), tails));
      }
      FactMentions mentions = mentions(facts, overlaps);
      for (int i = 0; i < 5; i++) {
        String text = words(random, random.nextInt(12));
        Found found = mentions.in(text);
        List<FactMention> expected = search(facts, text, overlaps);
        assertThat(places(found.mentions())).as(text).isEqualTo(places(expected));
        for (int f = 0; f < facts.size(); f++) {
          assertThat(mentions.isNamed(f, found.names()))
              .as("%s in %s", facts.get(f), text)
              .isEqualTo(isNamed(facts, f, text, overlaps));
        }
        both += (int) expected.stream().filter(mention -> !mention.tails().isEmpty()).count();
      }
    }
    assertThat(both).isGreaterThan(300);
  }

  private static FactNames fact(String head, String... tails) {
    return new FactNames("r", "f", head, List.of(tails));
  }

  private static FactMentions mentions(List<FactNames> facts, Overlaps overlaps) {
    return new FactMentions(
        facts, new MatchRules(LetterCase.SENSITIVE, Boundary.UNICODE, overlaps));
  }

  private static List<String> classes(Found found) {
    return found.mentions().stream()
        .map(mention -> mention.fact() + (mention.tails().isEmpty() ? " h" : " ht"))
        .toList();
  }

  private static String words(Random random, int count) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      words.add(WORDS[random.nextInt(WORDS.length)]);
    }
    return String.join(" ", words);
  }

  /** Numbers of names are the matcher's own business. */
  private static String places(List<FactMention> mentions) {
    StringBuilder places = new StringBuilder();
    for (FactMention mention : mentions) {
      places.append(mention.fact());
      mention
          .heads()
          .forEach(head -> places.append(" h").append(head.start()).append('-').append(head.end()));
      mention
          .tails()
          .forEach(tail -> places.append(" t").append(tail.start()).append('-').append(tail.end()));
      places.append('\n');
    }
    return places.toString();
  }

  private static List<FactMention> search(List<FactNames> facts, String text, Overlaps overlaps) {
    List<Named> named = named(facts, text, overlaps);
    List<FactMention> mentions = new ArrayList<>();
    for (int f = 0; f < facts.size(); f++) {
      FactNames fact = facts.get(f);
      List<EntityMatch> heads =
          named.stream().filter(n -> n.name().equals(fact.head())).map(Named::place).toList();
      List<EntityMatch> tails =
          named.stream()
              .filter(n -> fact.tails().contains(n.name()))
              .map(Named::place)
              .filter(
                  tail ->
                      heads.stream()
                          .allMatch(h -> tail.end() <= h.start() || h.end() <= tail.start()))
              .toList();
      if (!heads.isEmpty()) {
        mentions.add(new FactMention(f, heads, tails));
      }
    }
    return mentions;
  }

  private static boolean isNamed(List<FactNames> facts, int f, String text, Overlaps overlaps) {
    Set<String> own = new HashSet<>(facts.get(f).tails());
    own.add(facts.get(f).head());
    return named(facts, text, overlaps).stream().anyMatch(n -> own.contains(n.name()));
  }

  private record Named(String name, EntityMatch place) {}

  /** All of ours are words of a few letters with single spaces between them. */
  private static List<Named> named(List<FactNames> facts, String text, Overlaps overlaps) {
    Set<String> names = new HashSet<>();
    facts.forEach(
        fact -> {
          names.add(fact.head());
          names.addAll(fact.tails());
        });
    List<Named> found = new ArrayList<>();
    for (int start = 0; start < text.length(); start++) {
      if (start > 0 && text.charAt(start - 1) != ' ') {
        continue;
      }
      int from = start;
      List<Named> here =
          names.stream()
              .filter(name -> (text + " ").startsWith(name + " ", from))
              .map(name -> new Named(name, new EntityMatch(0, from, from + name.length())))
              .sorted(Comparator.comparingInt((Named n) -> n.place().end()).reversed())
              .toList();
      if (overlaps == Overlaps.ALL) {
        found.addAll(here);
      } else if (!here.isEmpty()) {
        found.add(here.get(0));
        start = here.get(0).place().end();
      }
    }
    return found;
  }
}
