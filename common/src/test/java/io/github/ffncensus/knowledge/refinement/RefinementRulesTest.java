package io.github.ffncensus.knowledge.refinement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.knowledge.refinement.CoarseRule.Kind;
import io.github.ffncensus.knowledge.refinement.PlainRefinement.Outcome;
import io.github.ffncensus.knowledge.refinement.PlainRefinement.PlainFact;
import io.github.ffncensus.knowledge.refinement.RatioSearch.Found;
import io.github.ffncensus.knowledge.refinement.RatioSearch.Mode;
import io.github.ffncensus.knowledge.refinement.SharingHistogram.Shares;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules against a plain re-implementation, and the ties of floating-point ratios. */
class RefinementRulesTest {
  private static final RatioSearch AUTHORS =
      new RatioSearch(Mode.ROUNDS, 0.7, 0.05, 0.45, 0.95, 6, 2, 5);
  private static final RatioSearch OURS =
      new RatioSearch(Mode.GRID, 0.7, 0.05, 0.45, 0.95, 6, 2, 5);
  private static final RatioSearch HALF =
      new RatioSearch(Mode.FIXED, 0.5, 0.05, 0.45, 0.95, 6, 2, 5);

  @Test
  void tiesOfDriftingDoubles() {
    SharingRule drifting = new SharingRule(false, false, 3);
    SharingRule exact = new SharingRule(true, false, 3);
    double p = 0.7;
    for (int i = 0; i < 4; i++) {
      p += 0.05;
    }
    assertThat(p).isGreaterThan(0.9);
    assertThat(drifting.keeps(9, 10, p)).isFalse();
    assertThat(drifting.keeps(18, 20, p)).isFalse();
    assertThat(drifting.keeps(19, 20, p + 0.05)).isFalse();
    assertThat(exact.keeps(9, 10, p)).isTrue();
    assertThat(exact.keeps(18, 20, p)).isTrue();
    assertThat(exact.keeps(19, 20, p + 0.05)).isTrue();
    for (double down = 0.7; down > 0.44; down -= 0.05) {
      for (int n = 1; n <= 20; n++) {
        for (int s = 0; s <= n; s++) {
          assertThat(drifting.keeps(s, n, down)).isEqualTo(exact.keeps(s, n, down));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"3,4,true", "2,4,false", "7,10,true", "6,10,false", "3,3,true", "2,2,false"})
  void threePromptsAtLeast(int sharing, int prompts, boolean kept) {
    assertThat(new SharingRule(true, false, 3).keeps(sharing, prompts, 0.7)).isEqualTo(kept);
    assertThat(new SharingRule(false, false, 3).keeps(sharing, prompts, 0.7)).isEqualTo(kept);
  }

  @Test
  void moreThanHalf() {
    SharingRule strict = new SharingRule(false, true, 0);
    assertThat(strict.keeps(5, 10, 0.5)).isFalse();
    assertThat(strict.keeps(6, 10, 0.5)).isTrue();
    assertThat(strict.keeps(0, 0, 0.5)).isFalse();
    assertThat(strict.keeps(1, 1, 0.5)).isTrue();
  }

  @Test
  void fewNegativePromptsRemoveToo() {
    SharingRule rule = new SharingRule(true, false, 3);
    assertThat(rule.removes(1, 1, 0.7)).isTrue();
    assertThat(rule.removes(1, 2, 0.7)).isFalse();
    assertThat(rule.removes(0, 0, 0)).isFalse();
    assertThat(rule.removes(2, 4, 0.4)).isFalse();
  }

  @Test
  void thresholds() {
    float[] scores = {-1, 0.25f, 4, 1, 0};
    CoarseRule fraction = new CoarseRule(Kind.MAX_FRACTION, 0.25, false);
    assertThat(fraction.threshold(4, null)).isEqualTo(1);
    assertThat(fraction.reaches(1, 1)).isTrue();
    assertThat(new CoarseRule(Kind.MAX_FRACTION, 0.25, true).reaches(1, 1)).isFalse();
    assertThat(fraction.threshold(-2, null)).isNaN();
    assertThat(fraction.reaches(0, fraction.threshold(0, null))).isFalse();
    assertThat(new CoarseRule(Kind.ABSOLUTE, 0.3, false).threshold(4, null)).isEqualTo(0.3);
    // numpy.percentile([-1, .25, 4, 1, 0], [0, 60, 99, 100]) = [-1, 0.55, 3.88, 4]
    assertThat(percentile(0, scores)).isEqualTo(-1);
    assertThat(percentile(60, scores)).isCloseTo(0.55, within(1e-12));
    assertThat(percentile(99, scores)).isCloseTo(3.88, within(1e-12));
    assertThat(percentile(100, scores)).isEqualTo(4);
    assertThat(scores[0]).isEqualTo(-1);
  }

  private static double percentile(double value, float[] scores) {
    return new CoarseRule(Kind.PERCENTILE, value, true).threshold(4, scores);
  }

  @Test
  void randomAttributions_equalThePlainImplementation() {
    Map<String, Integer> seen = new TreeMap<>();
    for (int seed = 0; seed < 300; seed++) {
      List<PlainFact> relation = relation(new Random(seed), false);
      Outcome authors = PlainRefinement.authors(relation, 0.2);
      check(relation, new CoarseRule(Kind.MAX_FRACTION, 0.2, false), AUTHORS, false, 3, authors);
      seen.merge("authors " + authors.ratio(), 1, Integer::sum);
      Outcome ours = PlainRefinement.ours(relation, 0.2);
      check(relation, new CoarseRule(Kind.MAX_FRACTION, 0.2, false), OURS, true, 3, ours);
      seen.merge("ours " + ours.ratio(), 1, Integer::sum);
    }
    // The random relations make the search go both ways, and to its ends.
    assertThat(seen).hasSizeGreaterThan(15);
    assertThat(seen.keySet()).contains("authors 0.9000000000000001", "ours 0.9", "ours 0.45");
  }

  @Test
  void randomAttributionsWithNegativePrompts_equalThePlainImplementation() {
    for (int seed = 0; seed < 100; seed++) {
      List<PlainFact> relation = relation(new Random(seed), true);
      CoarseRule rule = new CoarseRule(Kind.MAX_FRACTION, 0.3, true);
      Outcome outcome = PlainRefinement.eleuther(relation);
      Found found = HALF.find(histogram(relation, rule), new SharingRule(false, true, 0));
      assertThat(found.meanNeurons()).isEqualTo(outcome.mean());
      assertThat(found.ratio()).isEqualTo(0.5);
    }
  }

  private static void check(
      List<PlainFact> relation,
      CoarseRule coarse,
      RatioSearch search,
      boolean exact,
      int minimum,
      Outcome expected) {
    SharingRule rule = new SharingRule(exact, false, minimum);
    Found found = search.find(histogram(relation, coarse), rule);
    assertThat(found.ratio()).isEqualTo(expected.ratio());
    assertThat(found.meanNeurons()).isEqualTo(expected.mean());
    assertThat(found.inBand()).isEqualTo(expected.mean() >= 2 && expected.mean() <= 5);
  }

  private static SharingHistogram histogram(List<PlainFact> relation, CoarseRule coarse) {
    SharingHistogram histogram = new SharingHistogram(relation.size());
    Map<Shares, Long> bars = new HashMap<>();
    for (PlainFact fact : relation) {
      int[] shared = counts(fact.prompts(), coarse);
      int[] negative = counts(fact.negatives(), coarse);
      for (int i = 0; i < shared.length; i++) {
        if (shared[i] > 0) {
          Shares shares =
              new Shares(shared[i], fact.prompts().size(), negative[i], fact.negatives().size());
          bars.merge(shares, 1L, Long::sum);
        }
      }
    }
    bars.forEach(histogram::add);
    return histogram;
  }

  private static int[] counts(List<float[]> prompts, CoarseRule coarse) {
    int[] counts = new int[60];
    for (float[] scores : prompts) {
      double max = Double.NEGATIVE_INFINITY;
      for (float score : scores) {
        max = Math.max(max, score);
      }
      double threshold = coarse.threshold(max, scores);
      for (int i = 0; i < counts.length; i++) {
        counts[i] += coarse.reaches(scores[i], threshold) ? 1 : 0;
      }
    }
    return counts;
  }

  /** Facts with neurons of their own, which more or fewer of their prompts show. */
  private static List<PlainFact> relation(Random random, boolean negatives) {
    List<PlainFact> facts = new ArrayList<>();
    int prompts = new int[] {4, 10, 10, 20, 20, 7}[random.nextInt(6)];
    double strength = random.nextDouble();
    for (int f = 0; f < 12; f++) {
      double[] showing = new double[60];
      for (int i = 0; i < 60; i++) {
        showing[i] = random.nextInt(5) == 0 ? Math.pow(random.nextDouble(), 8 * (1 - strength)) : 0;
      }
      List<float[]> own = new ArrayList<>();
      for (int p = 0; p < prompts; p++) {
        own.add(scores(random, showing));
      }
      List<float[]> others = new ArrayList<>();
      for (int p = random.nextInt(4); negatives && p > 0; p--) {
        others.add(scores(random, showing));
      }
      facts.add(new PlainFact("f" + f, own, others));
    }
    return facts;
  }

  /** In eighths, so that scores equal to a threshold occur. */
  private static float[] scores(Random random, double[] showing) {
    float[] scores = new float[showing.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] =
          random.nextDouble() < showing[i] ? 1 + random.nextInt(4) : random.nextInt(3) / -8f;
    }
    scores[random.nextInt(scores.length)] = 5;
    return scores;
  }
}
