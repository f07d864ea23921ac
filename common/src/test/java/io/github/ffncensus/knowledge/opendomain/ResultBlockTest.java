package io.github.ffncensus.knowledge.opendomain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.knowledge.opendomain.FactNeurons.Neuron;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Direction;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Sums and lists over shards, against all readings at once. */
class ResultBlockTest {
  private static final int SHARDS = 7;
  private static final int PER_LIST = 4;
  private static final TriggerRules RULES = new TriggerRules(2, List.of(Scope.values()), PER_LIST);
  private static final List<FactNeurons> NEURONS =
      List.of(
          neurons(List.of(new Neuron(1, 5), new Neuron(0, 3)), List.of(new Neuron(1, 5))),
          neurons(List.of(), List.of(new Neuron(2, 2), new Neuron(2, 1))),
          neurons(List.of(new Neuron(0, 0)), List.of()));

  private record Read(long sequenceId, Reading reading, double[] values) {}

  @Test
  void neurons_areEachOnce_inOrder() {
    FactNeurons both = NEURONS.get(0);
    assertThat(both.size()).isEqualTo(2);
    assertThat(both.get(0)).isEqualTo(new Neuron(0, 3));
    assertThat(both.of(0)).containsExactly(0, 1);
    assertThat(both.of(1)).containsExactly(1);
    assertThat(both.first(0)).isZero();
    assertThat(both.first(1)).isEqualTo(1);
    assertThat(both.first(2)).isEqualTo(2);
    assertThat(both.mean(new double[] {1, 4}, 0)).isEqualTo(2.5);
    assertThat(NEURONS.get(1).has(0)).isFalse();
  }

  @Test
  void results_equalThoseOfAllReadingsAtOnce() {
    List<Read> all = new ArrayList<>();
    List<Map<Integer, byte[]>> shards = shards(all);
    Map<Integer, byte[]> merged = merge(shards);
    assertThat(merged.keySet()).containsExactly(0);
    boolean[] seen = new boolean[NEURONS.size()];
    ResultBlock.unpack(merged.get(0), RULES)
        .forEach(
            (result, fact) -> {
              seen[fact] = true;
              checkSums(result, all.stream().filter(r -> r.reading().fact() == fact).toList());
              checkLists(result, fact, all);
            });
    assertThat(seen).containsOnly(true);
  }

  private static void checkSums(FactResult result, List<Read> reads) {
    for (TextClass textClass : TextClass.values()) {
      List<Read> own = reads.stream().filter(r -> r.reading().textClass() == textClass).toList();
      assertThat(result.sums(textClass).isPresent()).isEqualTo(!own.isEmpty());
      result
          .sums(textClass)
          .ifPresent(
              sums -> {
                assertThat(sums.count()).isEqualTo(own.size());
                for (int i = 0; i < own.get(0).values().length; i++) {
                  int neuron = i;
                  double[] x = own.stream().mapToDouble(r -> r.values()[neuron]).toArray();
                  double mean = DoubleStream.of(x).average().orElseThrow();
                  double variance =
                      DoubleStream.of(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
                  assertThat(sums.mean(i)).isCloseTo(mean, within(1e-12));
                  assertThat(sums.stddev(i)).isCloseTo(Math.sqrt(variance), within(1e-9));
                  assertThat(sums.min(i)).isEqualTo(DoubleStream.of(x).min().orElseThrow());
                  assertThat(sums.max(i)).isEqualTo(DoubleStream.of(x).max().orElseThrow());
                }
              });
    }
  }

  private static void checkLists(FactResult result, int fact, List<Read> all) {
    for (int method = 0; method < RULES.methods(); method++) {
      int[] of = NEURONS.get(fact).of(method);
      for (int scope = 0; scope < Scope.values().length; scope++) {
        for (Direction direction : Direction.values()) {
          Scope competing = Scope.values()[scope];
          int sign = direction == Direction.TOP ? -1 : 1;
          List<TriggerText> expected =
              all.stream()
                  .filter(r -> r.reading().fact() == fact && of.length > 0)
                  .filter(r -> isIn(competing, r.reading().textClass()))
                  .map(
                      r ->
                          new TriggerText(
                              Arrays.stream(of).mapToDouble(i -> r.values()[i]).sum() / of.length,
                              r.sequenceId(),
                              r.reading().textClass()))
                  .sorted(
                      Comparator.comparingDouble((TriggerText t) -> sign * t.mean())
                          .thenComparingLong(TriggerText::sequenceId)
                          .thenComparing(TriggerText::textClass))
                  .limit(PER_LIST)
                  .toList();
          assertThat(result.triggers(method, scope, direction)).isEqualTo(expected);
        }
      }
    }
  }

  private static boolean isIn(Scope scope, TextClass textClass) {
    return scope == Scope.ALL
        || textClass == TextClass.HEAD_AND_TAIL
        || (scope == Scope.HEAD && textClass == TextClass.HEAD_ONLY);
  }

  @Test
  void everyOrderOfMerging_givesTheSameBytes() {
    List<Map<Integer, byte[]>> shards = shards(new ArrayList<>());
    Map<Integer, byte[]> expected = merge(shards);
    Random random = new Random(2);
    for (int round = 0; round < 100; round++) {
      List<Map<Integer, byte[]>> left = new ArrayList<>(shards);
      Collections.shuffle(left, random);
      while (left.size() > 1) {
        Map<Integer, byte[]> one = left.remove(random.nextInt(left.size()));
        Map<Integer, byte[]> other = left.remove(random.nextInt(left.size()));
        left.add(merge(List.of(one, other)));
      }
      assertThat(left.get(0)).containsOnlyKeys(0);
      assertThat(Arrays.equals(left.get(0).get(0), expected.get(0))).as("same bytes").isTrue();
    }
  }

  @Test
  void blocks_holdConsecutiveFacts() {
    assertThat(ResultBlock.blocks(0)).isZero();
    assertThat(ResultBlock.blocks(64)).isEqualTo(1);
    assertThat(ResultBlock.blocks(65)).isEqualTo(2);
    List<FactNeurons> many = Collections.nCopies(200, NEURONS.get(2));
    ShardResults results = new ShardResults(0, many, RULES);
    for (int fact : new int[] {199, 0, 63, 64}) {
      results.take(
          1, new Reading(fact, TextClass.RANDOM, new TokenRange(0, 1)), new double[] {fact});
    }
    Map<Integer, List<Integer>> facts = new HashMap<>();
    results.finish(
        (packed, block) ->
            ResultBlock.unpack(packed, RULES)
                .forEach(
                    (result, fact) ->
                        facts.computeIfAbsent(block, b -> new ArrayList<>()).add(fact)));
    assertThat(facts).isEqualTo(Map.of(0, List.of(0, 63), 1, List.of(64), 3, List.of(199)));
  }

  /** Few different values, so that there are ties; the last shard is of one fact alone. */
  private static List<Map<Integer, byte[]>> shards(List<Read> all) {
    Random random = new Random(11);
    List<Map<Integer, byte[]>> shards = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      ShardResults results = new ShardResults(shard, NEURONS, RULES);
      for (int i = 0; i < 60; i++) {
        int fact = shard == SHARDS - 1 ? 1 : random.nextInt(NEURONS.size());
        TextClass textClass = TextClass.values()[random.nextInt(fact == 2 ? 2 : 3)];
        double[] values =
            random.ints(NEURONS.get(fact).size(), -3, 4).mapToDouble(v -> v / 3.0).toArray();
        Read read =
            new Read(
                100L * shard + i / 2, new Reading(fact, textClass, new TokenRange(0, 1)), values);
        if (all.stream()
            .noneMatch(
                r -> r.sequenceId() == read.sequenceId() && r.reading().equals(read.reading()))) {
          all.add(read);
          results.take(read.sequenceId(), read.reading(), read.values());
        }
      }
      Map<Integer, byte[]> packed = new HashMap<>();
      results.finish((bytes, block) -> packed.put(block, bytes));
      shards.add(packed);
    }
    return shards;
  }

  private static Map<Integer, byte[]> merge(List<Map<Integer, byte[]>> shards) {
    Map<Integer, byte[]> merged = new HashMap<>();
    shards.forEach(
        shard ->
            shard.forEach(
                (block, bytes) ->
                    merged.merge(block, bytes, (a, b) -> ResultBlock.merge(a, b, RULES))));
    return merged;
  }

  private static FactNeurons neurons(List<Neuron> first, List<Neuron> second) {
    return FactNeurons.of(List.of(first, second));
  }
}
