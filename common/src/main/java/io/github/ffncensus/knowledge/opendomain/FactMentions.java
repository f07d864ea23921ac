package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.text.entity.EntityMatch;
import io.github.ffncensus.text.entity.EntityMatcher;
import io.github.ffncensus.text.entity.MatchRules;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds which of many facts a text mentions, in one pass over the text for the names of all of
 * them. Facts are numbered from 0 as given. Safe for use by several threads.
 */
public final class FactMentions {
  private final EntityMatcher matcher;
  private final int[] headOfFact;
  private final int[][] tailsOfFact;

  /** By name, the facts whose head it is. */
  private final int[][] factsOfHead;

  public FactMentions(List<FactNames> facts, MatchRules rules) {
    Set<String> names = new TreeSet<>();
    for (FactNames fact : facts) {
      names.add(fact.head());
      names.addAll(fact.tails());
    }
    matcher = new EntityMatcher(names, rules);
    headOfFact = facts.stream().mapToInt(fact -> matcher.name(fact.head())).toArray();
    tailsOfFact = new int[facts.size()][];
    List<List<Integer>> byHead = new ArrayList<>();
    for (int name = 0; name < matcher.names(); name++) {
      byHead.add(new ArrayList<>());
    }
    for (int f = 0; f < headOfFact.length; f++) {
      tailsOfFact[f] =
          facts.get(f).tails().stream()
              .mapToInt(matcher::name)
              .filter(name -> name >= 0)
              .distinct()
              .toArray();
      if (headOfFact[f] >= 0) {
        byHead.get(headOfFact[f]).add(f);
      }
    }
    factsOfHead =
        byHead.stream()
            .map(of -> of.stream().mapToInt(Integer::intValue).toArray())
            .toArray(int[][]::new);
  }

  /** Number of facts. */
  public int facts() {
    return headOfFact.length;
  }

  /** What a text mentions. */
  public Found in(String text) {
    Map<Integer, List<EntityMatch>> places = new LinkedHashMap<>();
    for (EntityMatch match : matcher.find(text)) {
      places.computeIfAbsent(match.name(), name -> new ArrayList<>()).add(match);
    }
    List<FactMention> mentions = new ArrayList<>();
    places.forEach(
        (name, heads) -> {
          for (int fact : factsOfHead[name]) {
            mentions.add(new FactMention(fact, heads, tails(fact, heads, places)));
          }
        });
    mentions.sort(Comparator.comparingInt(FactMention::fact));
    return new Found(mentions, places.keySet());
  }

  private List<EntityMatch> tails(
      int fact, List<EntityMatch> heads, Map<Integer, List<EntityMatch>> places) {
    List<EntityMatch> tails = new ArrayList<>();
    for (int tail : tailsOfFact[fact]) {
      for (EntityMatch place : places.getOrDefault(tail, List.of())) {
        if (heads.stream().noneMatch(place::overlaps)) {
          tails.add(place);
        }
      }
    }
    tails.sort(
        Comparator.comparingInt(EntityMatch::start)
            .thenComparing(Comparator.comparingInt(EntityMatch::end).reversed()));
    return tails;
  }

  /** Whether a fact's head or tail is among names. */
  boolean isNamed(int fact, Set<Integer> names) {
    if (names.contains(headOfFact[fact])) {
      return true;
    }
    for (int tail : tailsOfFact[fact]) {
      if (names.contains(tail)) {
        return true;
      }
    }
    return false;
  }

  /**
   * What a text mentions.
   *
   * @param mentions of facts whose head is there, by number
   * @param names numbers of all names of facts that are there, tails without a head as well
   */
  public record Found(List<FactMention> mentions, Set<Integer> names) {}
}
