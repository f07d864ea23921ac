package io.github.ffncensus.jobs.knowledge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.knowledge.JaccardSums.NeuronSet;
import io.github.ffncensus.jobs.knowledge.RelationOverlap.Relation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Sums over pairs of facts, beside a loop over all pairs. */
class JaccardSumsTest {
  @Test
  void sums_areThoseOfAllPairs() {
    // More different sets than are compared in one go; some of several facts, some of none.
    Map<String, List<Set<Long>>> relations = new TreeMap<>();
    Random random = new Random(5);
    int[] facts = {900, 7, 1, 300};
    for (int r = 0; r < facts.length; r++) {
      List<Set<Long>> sets = new ArrayList<>();
      for (int f = 0; f < facts[r]; f++) {
        Set<Long> set = new TreeSet<>();
        for (int n = random.nextInt(6); n > 0; n--) {
          set.add(((long) random.nextInt(2) << 32) + random.nextInt(12));
        }
        sets.add(set);
      }
      relations.put("P" + r, sets);
    }
    relations.put("none", List.of(Set.of(), Set.of()));
    JaccardSums sums = sums(relations);
    List<Relation> found = sums.relations();
    assertThat(found).hasSameSizeAs(relations.keySet());
    int next = 0;
    for (String relation : relations.keySet()) {
      Relation sum = found.get(next++);
      List<Set<Long>> own = relations.get(relation);
      double pairs = 0;
      double elsewhere = 0;
      for (int a = 0; a < own.size(); a++) {
        for (int b = a + 1; b < own.size(); b++) {
          pairs += jaccard(own.get(a), own.get(b));
        }
        for (String other : relations.keySet()) {
          for (Set<Long> set :
              other.equals(relation) ? List.<Set<Long>>of() : relations.get(other)) {
            elsewhere += jaccard(own.get(a), set) / relations.get(other).size();
          }
        }
      }
      assertThat(sum.facts()).isEqualTo(own.size());
      assertThat(sum.pairs()).as(relation).isCloseTo(pairs, within(1e-8));
      assertThat(sum.elsewhere()).as(relation).isCloseTo(elsewhere, within(1e-8));
    }
    assertThat(sums.relations()).isEqualTo(found);
  }

  /** Means of indices are not the ratio of the mean intersection to the mean union. */
  @Test
  void means_areThoseOfPairs() {
    RelationOverlap overlap =
        new RelationOverlap(
            sums(Map.of(
                    "a", List.of(Set.of(1L), Set.of(1L), Set.of(1L, 2L, 3L, 4L), Set.of()),
                    "b", List.of(Set.of(4L), Set.of(4L, 5L))))
                .relations());
    assertThat(overlap.intraMicro()).isCloseTo((1 + 0.25 + 0.25 + 0.5) / 7, within(1e-15));
    assertThat(overlap.intraMacro()).isCloseTo((1.5 / 6 + 0.5) / 2, within(1e-15));
    double between = 0.25 + 0.2;
    assertThat(overlap.interMicro()).isCloseTo((between / 2 + between / 4) / 6, within(1e-15));
    assertThat(overlap.interMacro())
        .isCloseTo((between / 2 / 4 + between / 4 / 2) / 2, within(1e-15));
  }

  @Test
  void withoutNeurons_nothingIsShared() {
    RelationOverlap overlap =
        new RelationOverlap(sums(Map.of("a", List.of(Set.of(), Set.of()))).relations());
    assertThat(overlap.intraMicro()).isZero();
    assertThat(overlap.interMicro()).isNull();
    assertThat(overlap.interMacro()).isNull();
    RelationOverlap none = new RelationOverlap(List.of());
    assertThat(none.intraMicro()).isNull();
    assertThat(none.intraMacro()).isNull();
    assertThat(none.interMicro()).isNull();
    assertThat(none.interMacro()).isNull();
  }

  private static JaccardSums sums(Map<String, List<Set<Long>>> relations) {
    Map<String, Long> facts = new TreeMap<>();
    List<NeuronSet> sets = new ArrayList<>();
    new TreeMap<>(relations)
        .forEach(
            (relation, ofFacts) -> {
              facts.put(relation, (long) ofFacts.size());
              for (Set<Long> set : new HashSet<>(ofFacts)) {
                if (!set.isEmpty()) {
                  sets.add(
                      new NeuronSet(
                          relation,
                          set.stream().mapToLong(Long::longValue).toArray(),
                          ofFacts.stream().filter(set::equals).count()));
                }
              }
            });
    return new JaccardSums(facts, sets);
  }

  private static double jaccard(Set<Long> left, Set<Long> right) {
    Set<Long> both = new HashSet<>(left);
    both.retainAll(right);
    Set<Long> either = new HashSet<>(left);
    either.addAll(right);
    return either.isEmpty() ? 0 : (double) both.size() / either.size();
  }
}
