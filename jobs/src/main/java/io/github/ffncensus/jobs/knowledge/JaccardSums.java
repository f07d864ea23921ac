package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.jobs.knowledge.RelationOverlap.Relation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Sums over all pairs of facts of the Jaccard index of their neurons, |A and B| / |A or B|. Unlike
 * those of intersections they have no closed form. But only pairs that share a neuron have an index
 * above 0, and these are found by the neurons, sets that several facts have counted once. Two facts
 * without neurons share nothing: their index is 0, as is their intersection.
 */
final class JaccardSums {
  /** A guard for the driver, not a measured limit. */
  private static final long MOST_STEPS = 100_000_000_000L;

  /** Sets that are compared with all others in one go. */
  private static final int BLOCK = 512;

  /**
   * Neurons that some facts of a relation have, and no others beside them.
   *
   * @param neurons different ones, at least one, each as one number
   * @param facts how many have exactly these
   */
  record NeuronSet(String relation, long[] neurons, long facts) {}

  private final TreeMap<String, Long> relationFacts;
  private final List<NeuronSet> sets;
  private final int[][] neurons;
  private final int[][] having;

  /**
   * @param facts of each relation, those without neurons included
   * @param sets all sets of a relation differ
   */
  JaccardSums(Map<String, Long> facts, List<NeuronSet> sets) {
    this.relationFacts = new TreeMap<>(facts);
    this.sets = List.copyOf(sets);
    Map<Long, Integer> numbers = new HashMap<>();
    this.neurons =
        sets.stream()
            .map(
                set ->
                    IntStream.range(0, set.neurons().length)
                        .map(i -> numbers.computeIfAbsent(set.neurons()[i], key -> numbers.size()))
                        .toArray())
            .toArray(int[][]::new);
    this.having = having(numbers.size());
  }

  /** Of every neuron the sets that have it. */
  private int[][] having(int count) {
    int[] sizes = new int[count];
    for (int[] set : neurons) {
      for (int neuron : set) {
        sizes[neuron]++;
      }
    }
    int[][] lists = IntStream.of(sizes).mapToObj(int[]::new).toArray(int[][]::new);
    for (int set = neurons.length - 1; set >= 0; set--) {
      for (int neuron : neurons[set]) {
        lists[neuron][--sizes[neuron]] = set;
      }
    }
    return lists;
  }

  /** How often two sets are found to have the same neuron: what {@link #relations} takes. */
  long steps() {
    long steps = 0;
    for (int[] list : having) {
      steps += (long) list.length * list.length;
    }
    return steps;
  }

  /** Whether there are few enough steps for the driver. */
  boolean feasible() {
    return steps() <= MOST_STEPS;
  }

  /** Every relation with its sums, in order of names; the same to the bit each time. */
  List<Relation> relations() {
    List<List<double[]>> blocks =
        IntStream.range(0, (sets.size() + BLOCK - 1) / BLOCK)
            .parallel()
            .mapToObj(this::block)
            .toList();
    Map<String, double[]> sums = new HashMap<>();
    int next = 0;
    for (List<double[]> block : blocks) {
      for (double[] ofSet : block) {
        double[] sum = sums.computeIfAbsent(sets.get(next++).relation(), r -> new double[2]);
        sum[0] += ofSet[0];
        sum[1] += ofSet[1];
      }
    }
    List<Relation> relations = new ArrayList<>();
    relationFacts.forEach(
        (relation, facts) -> {
          double[] sum = sums.getOrDefault(relation, new double[2]);
          // Each pair of the relation's facts was met from both sides.
          relations.add(new Relation(facts, sum[0] / 2, sum[1]));
        });
    return relations;
  }

  /** Of each set of a block, the sums over pairs of its facts with others here and elsewhere. */
  private List<double[]> block(int block) {
    int[] shared = new int[sets.size()];
    int[] met = new int[sets.size()];
    List<double[]> sums = new ArrayList<>();
    for (int set = block * BLOCK; set < Math.min(sets.size(), (block + 1) * BLOCK); set++) {
      int count = 0;
      for (int neuron : neurons[set]) {
        for (int other : having[neuron]) {
          if (shared[other]++ == 0) {
            met[count++] = other;
          }
        }
      }
      double here = 0;
      double elsewhere = 0;
      for (int i = 0; i < count; i++) {
        int other = met[i];
        double both = shared[other];
        double jaccard = both / (neurons[set].length + neurons[other].length - both);
        long facts = sets.get(other).facts();
        if (!sets.get(other).relation().equals(sets.get(set).relation())) {
          elsewhere += jaccard * facts / relationFacts.get(sets.get(other).relation());
        } else {
          here += jaccard * (other == set ? facts - 1 : facts);
        }
        shared[other] = 0;
      }
      long facts = sets.get(set).facts();
      sums.add(new double[] {facts * here, facts * elsewhere});
    }
    return sums;
  }
}
