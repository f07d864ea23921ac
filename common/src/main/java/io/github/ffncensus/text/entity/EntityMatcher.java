package io.github.ffncensus.text.entity;

import com.hankcs.algorithm.AhoCorasickDoubleArrayTrie;
import com.hankcs.algorithm.AhoCorasickDoubleArrayTrie.IHit;
import io.github.ffncensus.text.entity.MatchRules.Boundary;
import io.github.ffncensus.text.entity.MatchRules.LetterCase;
import io.github.ffncensus.text.entity.MatchRules.Overlaps;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * Finds any number of names in a text in one pass (Aho-Corasick). Names are compared in the form of
 * {@link NormalizedText}; those with the same form are one name. Safe for use by several threads.
 */
public final class EntityMatcher {
  private static final Comparator<Hit> LEFTMOST_LONGEST =
      Comparator.comparingInt(Hit::begin)
          .thenComparing(Comparator.comparingInt(Hit::end).reversed());

  private final MatchRules rules;
  private final TreeMap<String, Integer> numbers = new TreeMap<>();
  private final AhoCorasickDoubleArrayTrie<Integer> automaton = new AhoCorasickDoubleArrayTrie<>();

  /** Indexes of the text. */
  private record Hit(int begin, int end, int name) {}

  public EntityMatcher(Collection<String> names, MatchRules rules) {
    this.rules = rules;
    for (String name : names) {
      String form = form(name);
      if (!form.isEmpty()) {
        numbers.putIfAbsent(form, numbers.size());
      }
    }
    if (!numbers.isEmpty()) {
      automaton.build(numbers);
    }
  }

  /** How many different names there are; they are numbered from 0. */
  public int names() {
    return numbers.size();
  }

  /** The number of one of the names that the matcher was made with; -1 for a blank one. */
  public int name(String name) {
    String form = form(name);
    if (form.isEmpty()) {
      return -1;
    }
    Integer number = numbers.get(form);
    if (number == null) {
      throw new IllegalArgumentException("not among the names: " + name);
    }
    return number;
  }

  /** The names in a text, by place and then from long to short. */
  public List<EntityMatch> find(String text) {
    if (numbers.isEmpty()) {
      return List.of();
    }
    NormalizedText normal = NormalizedText.of(text, foldsCase());
    List<Hit> hits = new ArrayList<>();
    IHit<Integer> collect =
        (begin, end, name) -> {
          if (normal.isUnitStart(begin) && normal.isUnitStart(end)) {
            Hit hit = new Hit(normal.inText(begin), normal.inText(end), name);
            if (isWhole(text, hit)) {
              hits.add(hit);
            }
          }
        };
    automaton.parseText(normal.form(), collect);
    hits.sort(LEFTMOST_LONGEST);
    return matches(text, hits);
  }

  private List<EntityMatch> matches(String text, List<Hit> hits) {
    List<EntityMatch> found = new ArrayList<>(hits.size());
    int covered = 0;
    int begin = 0;
    int point = 0;
    for (Hit hit : hits) {
      if (rules.overlaps() == Overlaps.ALL || hit.begin() >= covered) {
        point += text.codePointCount(begin, hit.begin());
        begin = hit.begin();
        covered = hit.end();
        found.add(new EntityMatch(hit.name(), point, point + text.codePointCount(begin, covered)));
      }
    }
    return found;
  }

  private boolean isWhole(String text, Hit hit) {
    if (rules.boundary() == Boundary.ASCII_LETTERS) {
      return !(hit.begin() > 0 && isAsciiLetter(text.charAt(hit.begin() - 1)))
          && !(hit.end() < text.length() && isAsciiLetter(text.charAt(hit.end())));
    }
    return WordBoundary.canBegin(text, hit.begin()) && WordBoundary.canEnd(text, hit.end());
  }

  private static boolean isAsciiLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private boolean foldsCase() {
    return rules.letterCase() == LetterCase.INSENSITIVE;
  }

  private String form(String name) {
    return NormalizedText.of(name, foldsCase()).form().strip();
  }
}
