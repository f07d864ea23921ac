package io.github.ffncensus.jobs.attribute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;

/** Relation neurons and overlaps of facts, pair by pair. */
final class PlainOverlap {
  private static final Comparator<Map<String, Object>> RANKING =
      Comparator.<Map<String, Object>>comparingInt(row -> -(Integer) row.get("facts_sharing"))
          .thenComparingDouble(row -> -(Double) row.get("mean_attribution"))
          .thenComparingInt(row -> (Integer) row.get("layer"))
          .thenComparingInt(row -> (Integer) row.get("neuron"));

  private PlainOverlap() {}

  static void check(Map<String, List<Map<String, Object>>> tables) {
    for (String method : List.of("integrated_gradients", "activation")) {
      String suffix = method.equals("activation") ? "_by_activation" : "";
      Map<String, Map<String, Set<String>>> relations = new TreeMap<>();
      tables
          .get("fact_prompts")
          .forEach(
              row ->
                  relations
                      .computeIfAbsent((String) row.get("relation"), r -> new TreeMap<>())
                      .putIfAbsent((String) row.get("fact_id"), new HashSet<>()));
      Map<String, List<Double>> means = new TreeMap<>();
      tables.get("knowledge_neurons").stream()
          .filter(row -> row.get("method").equals(method))
          .forEach(
              row -> {
                String neuron = row.get("layer") + ":" + row.get("neuron");
                relations.get(row.get("relation")).get(row.get("fact_id")).add(neuron);
                means
                    .computeIfAbsent(row.get("relation") + " " + neuron, key -> new ArrayList<>())
                    .add((Double) row.get("mean_attribution"));
              });
      checkRelations(tables.get("relation_neurons"), method, relations, means);
      checkOverlaps(tables.get("knowledge_neuron_findings"), suffix, relations);
    }
    checkPrompts(tables.get("knowledge_neuron_findings"), tables.get("fact_prompts"));
  }

  private static void checkPrompts(
      List<Map<String, Object>> findings, List<Map<String, Object>> prompts) {
    Map<List<Object>, Set<Object>> answers = new HashMap<>();
    Set<Object> relations = new HashSet<>();
    Map<List<Object>, Boolean> leaks = new HashMap<>();
    int count = 0;
    for (Map<String, Object> row : prompts) {
      if (row.get("negative").equals(false)) {
        count++;
        Object relation = row.get("relation");
        relations.add(relation);
        answers
            .computeIfAbsent(List.of(relation, row.get("head")), head -> new HashSet<>())
            .add(row.get("answer"));
        leaks.merge(
            List.of(relation, row.get("fact_id")),
            lower(row.get("head")).contains(lower(row.get("answer"))),
            Boolean::logicalOr);
      }
    }
    double facts = leaks.size();
    long leaking = leaks.values().stream().filter(leak -> leak).count();
    check(findings, "relations", relations.size());
    check(findings, "prompts_per_fact", count / facts);
    check(findings, "facts_with_answer_in_head", leaking / facts);
    check(
        findings,
        "heads_with_several_answers",
        answers.values().stream().filter(several -> several.size() > 1).count());
  }

  private static void checkRelations(
      List<Map<String, Object>> rows,
      String method,
      Map<String, Map<String, Set<String>>> relations,
      Map<String, List<Double>> means) {
    relations.forEach(
        (relation, facts) -> {
          Map<String, Integer> sharing = new TreeMap<>();
          facts.values().forEach(set -> set.forEach(n -> sharing.merge(n, 1, Integer::sum)));
          List<Map<String, Object>> own =
              rows.stream()
                  .filter(r -> r.get("method").equals(method) && r.get("relation").equals(relation))
                  .toList();
          assertThat(own).hasSameSizeAs(sharing.keySet());
          for (int i = 0; i < own.size(); i++) {
            Map<String, Object> row = own.get(i);
            String neuron = row.get("layer") + ":" + row.get("neuron");
            assertThat(row)
                .containsEntry("rank", i + 1)
                .containsEntry("facts", facts.size())
                .containsEntry("facts_sharing", sharing.get(neuron))
                .containsEntry("in_relation_set", 10 * sharing.get(neuron) >= facts.size());
            assertThat((Double) row.get("mean_attribution"))
                .isCloseTo(mean(means.get(relation + " " + neuron)), within(1e-12));
            if (i > 0) {
              assertThat(RANKING.compare(own.get(i - 1), row)).as(neuron).isNegative();
            }
          }
        });
  }

  private static void checkOverlaps(
      List<Map<String, Object>> findings,
      String suffix,
      Map<String, Map<String, Set<String>>> relations) {
    List<Integer> sizes = new ArrayList<>();
    relations.values().forEach(own -> own.values().forEach(set -> sizes.add(set.size())));
    sizes.sort(null);
    int facts = sizes.size();
    double neurons = sizes.stream().mapToInt(Integer::intValue).sum();
    double median = (sizes.get((facts - 1) / 2) + sizes.get(facts / 2)) / 2.0;
    check(findings, "neurons_per_fact" + suffix, neurons / facts);
    check(findings, "neurons_per_fact_median" + suffix, median);
    check(findings, "neurons_per_fact_largest" + suffix, sizes.get(facts - 1));
    checkOverlaps(findings, "intersection", suffix, relations, PlainOverlap::both);
    checkOverlaps(findings, "jaccard", suffix, relations, PlainOverlap::jaccard);
  }

  private static void checkOverlaps(
      List<Map<String, Object>> findings,
      String measure,
      String suffix,
      Map<String, Map<String, Set<String>>> relations,
      ToDoubleBiFunction<Set<String>, Set<String>> overlap) {
    List<Double> intra = new ArrayList<>();
    List<Double> intraOfRelations = new ArrayList<>();
    List<Double> inter = new ArrayList<>();
    List<Double> interOfRelations = new ArrayList<>();
    for (String relation : relations.keySet()) {
      List<Set<String>> own = List.copyOf(relations.get(relation).values());
      List<Double> ofPairs = new ArrayList<>();
      List<Double> ofFacts = new ArrayList<>();
      for (int a = 0; a < own.size(); a++) {
        for (int b = a + 1; b < own.size(); b++) {
          ofPairs.add(overlap.applyAsDouble(own.get(a), own.get(b)));
        }
        double expected = 0;
        for (String other : relations.keySet()) {
          if (!other.equals(relation)) {
            int size = relations.get(other).size();
            for (Set<String> set : relations.get(other).values()) {
              expected += overlap.applyAsDouble(own.get(a), set) / size / (relations.size() - 1);
            }
          }
        }
        ofFacts.add(expected);
      }
      intra.addAll(ofPairs);
      intraOfRelations.add(mean(ofPairs));
      inter.addAll(ofFacts);
      interOfRelations.add(mean(ofFacts));
    }
    check(findings, "intra_relation_" + measure + suffix, mean(intra));
    check(findings, "intra_relation_" + measure + "_macro" + suffix, mean(intraOfRelations));
    check(findings, "inter_relation_" + measure + suffix, mean(inter));
    check(findings, "inter_relation_" + measure + "_macro" + suffix, mean(interOfRelations));
  }

  private static void check(List<Map<String, Object>> findings, String name, double expected) {
    List<Map<String, Object>> found =
        findings.stream().filter(row -> row.get("finding").equals(name)).toList();
    assertThat(found).as(name).hasSize(1);
    assertThat((Double) found.get(0).get("value")).as(name).isCloseTo(expected, within(1e-12));
  }

  private static String lower(Object text) {
    return ((String) text).toLowerCase(Locale.ROOT);
  }

  private static int both(Set<String> left, Set<String> right) {
    Set<String> both = new HashSet<>(left);
    both.retainAll(right);
    return both.size();
  }

  private static double jaccard(Set<String> left, Set<String> right) {
    Set<String> either = new HashSet<>(left);
    either.addAll(right);
    return either.isEmpty() ? 0 : (double) both(left, right) / either.size();
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }
}
