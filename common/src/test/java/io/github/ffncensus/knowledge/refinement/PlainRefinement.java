package io.github.ffncensus.knowledge.refinement;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/**
 * Refinement as the two code bases write it down: every round goes through all prompts of all facts
 * again. Scores of a prompt are one array, layer after layer.
 */
public final class PlainRefinement {
  /** A fact's prompts, and those whose neurons are to be removed. */
  public record PlainFact(String name, List<float[]> prompts, List<float[]> negatives) {}

  /** Neurons by fact with the number of prompts that share them, and the ratio in use. */
  public record Outcome(Map<String, Map<Integer, Integer>> neurons, double ratio, double mean) {}

  private PlainRefinement() {}

  /** The authors' code: at least t times the maximum, max(p n, 3), six rounds, drifting doubles. */
  public static Outcome authors(List<PlainFact> relation, double t) {
    double ratio = 0.7;
    for (int round = 1; ; round++) {
      double p = ratio;
      Outcome outcome =
          refine(
              relation,
              scores -> at(scores, t * max(scores), (score, threshold) -> score >= threshold),
              (s, n) -> s >= Math.max(p * n, 3.0),
              ratio);
      if (round == 6 || outcome.mean() >= 2 && outcome.mean() <= 5) {
        return outcome;
      }
      if (outcome.mean() < 2) {
        ratio -= 0.05;
      }
      if (outcome.mean() > 5) {
        ratio += 0.05;
      }
    }
  }

  /** EleutherAI's code: more than 0.3 times the maximum, more than half of the prompts. */
  public static Outcome eleuther(List<PlainFact> relation) {
    return refine(
        relation,
        scores -> at(scores, 0.3 * max(scores), (score, threshold) -> score > threshold),
        (s, n) -> s > 0.5 * n,
        0.5);
  }

  /** Ours: twentieths from 9 to 19, the nearest to 14 in the band, else the nearest to the band. */
  public static Outcome ours(List<PlainFact> relation, double t) {
    Outcome best = null;
    BigDecimal bestDistance = null;
    for (int k : new int[] {14, 15, 13, 16, 12, 17, 11, 18, 10, 19, 9}) {
      Outcome outcome =
          refine(
              relation,
              scores -> at(scores, t * max(scores), (score, threshold) -> score >= threshold),
              (s, n) -> 20 * s >= k * n && s >= 3,
              k / 20.0);
      double outside = Math.max(0, Math.max(2 - outcome.mean(), outcome.mean() - 5));
      BigDecimal distance = new BigDecimal(outside);
      if (best == null || distance.compareTo(bestDistance) < 0) {
        best = outcome;
        bestDistance = distance;
      }
    }
    return best;
  }

  private interface Coarse {
    List<Integer> of(float[] scores);
  }

  private static Outcome refine(
      List<PlainFact> relation, Coarse coarse, BiPredicate<Integer, Integer> shared, double ratio) {
    Map<String, Map<Integer, Integer>> neurons = new TreeMap<>();
    int kept = 0;
    for (PlainFact fact : relation) {
      Map<Integer, Integer> counts = count(fact.prompts(), coarse);
      Map<Integer, Integer> removed = count(fact.negatives(), coarse);
      Map<Integer, Integer> own = new TreeMap<>();
      counts.forEach(
          (neuron, s) -> {
            if (shared.test(s, fact.prompts().size())) {
              own.put(neuron, s);
            }
          });
      removed.forEach(
          (neuron, s) -> {
            if (shared.test(s, fact.negatives().size())) {
              own.remove(neuron);
            }
          });
      kept += own.size();
      neurons.put(fact.name(), own);
    }
    return new Outcome(neurons, ratio, (double) kept / relation.size());
  }

  private static Map<Integer, Integer> count(List<float[]> prompts, Coarse coarse) {
    Map<Integer, Integer> counts = new HashMap<>();
    for (float[] scores : prompts) {
      for (int neuron : coarse.of(scores)) {
        counts.merge(neuron, 1, Integer::sum);
      }
    }
    return counts;
  }

  private static double max(float[] scores) {
    float max = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      max = Math.max(max, score);
    }
    return max;
  }

  private static List<Integer> at(
      float[] scores, double threshold, BiPredicate<Double, Double> reaches) {
    List<Integer> neurons = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      if (reaches.test((double) scores[i], threshold)) {
        neurons.add(i);
      }
    }
    return neurons;
  }
}
