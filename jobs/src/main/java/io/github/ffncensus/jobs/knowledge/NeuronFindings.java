package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.aggregate;
import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftleft;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.knowledge.JaccardSums.NeuronSet;
import io.github.ffncensus.jobs.knowledge.RelationOverlap.Relation;
import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.knowledge.refinement.RatioSearch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** How many neurons facts have, where these lie, and which facts share them (section 5 of Dai). */
final class NeuronFindings {
  /** Published numbers of BERT-base-cased, by method. */
  private enum Method {
    INTEGRATED_GRADIENTS(
        "integrated_gradients",
        "",
        Published.verified(4.13),
        Published.verified(1.23),
        Published.verified(0.09)),
    ACTIVATION(
        "activation",
        "_by_activation",
        Published.remembered(3.96),
        Published.remembered(2.85),
        Published.remembered(1.92));

    private final String key;
    private final String suffix;
    private final Published neurons;
    private final Published intra;
    private final Published inter;

    Method(String key, String suffix, Published neurons, Published intra, Published inter) {
      this.key = key;
      this.suffix = suffix;
      this.neurons = neurons;
      this.intra = intra;
      this.inter = inter;
    }
  }

  private NeuronFindings() {}

  /** The published numbers beside nothing. */
  static List<Finding> missing(String why) {
    List<Finding> findings = new ArrayList<>();
    for (Method method : Method.values()) {
      Counts counts = new Counts(method, findings);
      counts.add("neurons_per_fact", "", null, method.neurons, why);
      counts.add("intra_relation_intersection", "", null, method.intra, why);
      counts.add("inter_relation_intersection", "", null, method.inter, why);
    }
    return findings;
  }

  /**
   * @param prompts of relations, as {@link PromptFindings#byRelation} has them
   * @param shared rows of {@code relation_neurons}
   * @param neurons rows of {@code knowledge_neurons}
   */
  static List<Finding> of(
      List<Row> prompts, Dataset<Row> shared, Dataset<Row> neurons, int layers) {
    TreeMap<String, Long> facts = new TreeMap<>();
    prompts.forEach(row -> facts.put(row.getString(0), row.getLong(1)));
    Map<String, long[]> byLayer = new HashMap<>();
    for (Row row : shared.groupBy("method", "layer").agg(sum("facts_sharing")).collectAsList()) {
      byLayer.computeIfAbsent(row.getString(0), method -> new long[layers])[row.getInt(1)] =
          row.getLong(2);
    }
    Map<String, Map<String, Relation>> intersections = intersections(facts, shared);
    Map<String, List<NeuronSet>> sets = sets(neurons);
    List<Finding> findings = new ArrayList<>();
    for (Method method : Method.values()) {
      Counts counts = new Counts(method, findings);
      long[] ofLayers = byLayer.getOrDefault(method.key, new long[layers]);
      List<NeuronSet> ofMethod = sets.getOrDefault(method.key, List.of());
      counts.perFact(facts, sizes(ofMethod));
      counts.layers(ofLayers);
      Map<String, Relation> found = intersections.getOrDefault(method.key, Map.of());
      List<Relation> all = new ArrayList<>();
      facts.forEach(
          (relation, size) -> all.add(found.getOrDefault(relation, new Relation(size, 0, 0))));
      counts.intersections(new RelationOverlap(all));
      counts.jaccard(new JaccardSums(facts, ofMethod));
    }
    return findings;
  }

  /**
   * In how many relations the sharing ratio gives the number of neurons that is aimed at.
   *
   * @param ratios rows of {@code refinement_ratios}
   */
  static List<Finding> ofRatios(Dataset<Row> ratios, RatioSearch search) {
    Map<String, Double> shares = new HashMap<>();
    for (Row row :
        ratios
            .groupBy("method")
            .agg(avg(when(col("in_band"), 1.0).otherwise(0.0)))
            .collectAsList()) {
      shares.put(row.getString(0), row.getDouble(1));
    }
    return Arrays.stream(Method.values())
        .map(
            method ->
                Finding.of(
                    "relations_in_band" + method.suffix,
                    shares.get(method.key),
                    null,
                    "share of relations whose facts have %s to %s neurons on average, as attribute.sharing aims at; refinement_ratios has what the others have"
                        .formatted(search.fewest(), search.most())))
        .toList();
  }

  /**
   * By method, the relations that have neurons, with sums of intersections. With n_j facts that
   * have neuron j, n_j (n_j - 1) / 2 pairs share it: no pair is looked at.
   */
  private static Map<String, Map<String, Relation>> intersections(
      Map<String, Long> facts, Dataset<Row> shared) {
    Column share = col("facts_sharing").cast("double").divide(col("facts"));
    // Sums of floating-point numbers in a fixed order: the result must not depend on the cluster.
    Dataset<Row> everywhere =
        shared
            .groupBy("method", "layer", "neuron")
            .agg(sort_array(collect_list(struct(col("relation"), share.as("share")))).as("shares"))
            .withColumn("everywhere", total("shares", "share"))
            .select("method", "layer", "neuron", "everywhere");
    Map<String, Map<String, Relation>> found = new HashMap<>();
    Column elsewhere = col("facts_sharing").multiply(col("everywhere").minus(share));
    Column n = col("facts_sharing").cast("long");
    for (Row row :
        shared
            .join(everywhere, new String[] {"method", "layer", "neuron"})
            .groupBy("method", "relation")
            .agg(
                sum(n.multiply(n.minus(1)).divide(2).cast("long")),
                sort_array(
                        collect_list(
                            struct(col("layer"), col("neuron"), elsewhere.as("elsewhere"))))
                    .as("elsewhere"))
            .withColumn("elsewhere", total("elsewhere", "elsewhere"))
            .collectAsList()) {
      String relation = row.getString(1);
      found
          .computeIfAbsent(row.getString(0), method -> new HashMap<>())
          .put(relation, new Relation(facts.get(relation), row.getLong(2), row.getDouble(3)));
    }
    return found;
  }

  /** By method, the sets of neurons that facts have, in a fixed order. */
  private static Map<String, List<NeuronSet>> sets(Dataset<Row> neurons) {
    Column number = shiftleft(col("layer").cast("long"), 32).plus(col("neuron"));
    Map<String, List<NeuronSet>> sets = new HashMap<>();
    for (Row row :
        neurons
            .groupBy("method", "relation", "fact_id")
            .agg(sort_array(collect_list(number)).as("neurons"))
            .groupBy("method", "relation", "neurons")
            .agg(count(lit(1)))
            .orderBy("method", "relation", "neurons")
            .collectAsList()) {
      long[] ofSet = row.<Long>getList(2).stream().mapToLong(Long::longValue).toArray();
      sets.computeIfAbsent(row.getString(0), method -> new ArrayList<>())
          .add(new NeuronSet(row.getString(1), ofSet, row.getLong(3)));
    }
    return sets;
  }

  /** How many facts have how many neurons, those without any left out. */
  private static TreeMap<Long, Long> sizes(List<NeuronSet> sets) {
    TreeMap<Long, Long> sizes = new TreeMap<>();
    sets.forEach(set -> sizes.merge((long) set.neurons().length, set.facts(), Long::sum));
    return sizes;
  }

  private static Column total(String list, String field) {
    return aggregate(col(list), lit(0.0), (total, element) -> total.plus(element.getField(field)));
  }

  /** The findings of one method. */
  private record Counts(Method method, List<Finding> findings) {

    private void add(
        String name, String variant, Double value, Published published, String detail) {
      String full = name + variant + method.suffix;
      findings.add(
          published == null
              ? Finding.of(full, value, null, detail)
              : published.finding(full, value, detail));
    }

    /**
     * @param sizes how many facts have how many neurons, those without any left out
     */
    void perFact(Map<String, Long> facts, TreeMap<Long, Long> sizes) {
      long all = facts.values().stream().mapToLong(Long::longValue).sum();
      long withNeurons = sizes.values().stream().mapToLong(Long::longValue).sum();
      long neurons = sizes.entrySet().stream().mapToLong(e -> e.getKey() * e.getValue()).sum();
      add(
          "neurons_per_fact",
          "",
          (double) neurons / all,
          method.neurons,
          "mean over %,d facts, those without neurons included".formatted(all)
              + reimplementation("11.04"));
      add(
          "neurons_per_fact_with_any",
          "",
          withNeurons == 0 ? null : (double) neurons / withNeurons,
          null,
          "mean over the %,d facts that have any".formatted(withNeurons));
      add(
          "facts_without_neurons",
          "",
          (double) (all - withNeurons) / all,
          null,
          "share of %,d facts".formatted(all) + reimplementation("none"));
      TreeMap<Long, Long> withAll = new TreeMap<>(sizes);
      withAll.merge(0L, all - withNeurons, Long::sum);
      add(
          "neurons_per_fact_median",
          "",
          median(withAll, all),
          null,
          "of %,d facts".formatted(all) + reimplementation("8"));
      add(
          "neurons_per_fact_largest",
          "",
          sizes.isEmpty() ? 0.0 : sizes.lastKey(),
          null,
          "of %,d facts".formatted(all) + reimplementation("98"));
    }

    /** What was counted on the neurons that EleutherAI published, by integrated gradients alone. */
    private String reimplementation(String number) {
      return method == Method.INTEGRATED_GRADIENTS
          ? "; EleutherAI's re-implementation, BERT-base-uncased and 27,610 facts: " + number
          : "";
    }

    private static double median(TreeMap<Long, Long> counts, long all) {
      return (at(counts, (all - 1) / 2) + at(counts, all / 2)) / 2.0;
    }

    /** The number at a place in ascending order, from 0. */
    private static long at(TreeMap<Long, Long> counts, long place) {
      long seen = 0;
      for (Map.Entry<Long, Long> entry : counts.entrySet()) {
        seen += entry.getValue();
        if (place < seen) {
          return entry.getKey();
        }
      }
      throw new IllegalArgumentException("there are " + seen + " numbers, none at " + place);
    }

    void layers(long[] byLayer) {
      long all = Arrays.stream(byLayer).sum();
      long top = 0;
      for (int layer = 0; layer < byLayer.length; layer++) {
        top += 3 * layer >= 2 * byLayer.length ? byLayer[layer] : 0;
        findings.add(
            new Finding(
                "neurons_in_layer" + method.suffix,
                layer,
                all == 0 ? null : (double) byLayer[layer] / all,
                null,
                "share of %,d neurons of facts, a neuron of ten facts counting ten times; the paper,"
                        .formatted(all)
                    + " in a figure: most of them in the topmost layers"
                    + reimplementation(
                        "layers 0 to 11 in percent 0.5 0.3 0.4 1.0 0.9 1.5 1.3 10.1 13.7 20.6 25.7 24.0")));
      }
      add(
          "neurons_in_top_third",
          "",
          all == 0 ? null : (double) top / all,
          null,
          "share of the same in the upper third of the layers");
    }

    void intersections(RelationOverlap overlap) {
      overlaps("intersection", overlap, method.intra, method.inter, "number of neurons shared");
    }

    void jaccard(JaccardSums sums) {
      String what =
          "neurons that both facts have over those that either has, 0 for two facts without any";
      boolean feasible = sums.feasible();
      overlaps(
          "jaccard",
          new RelationOverlap(feasible ? sums.relations() : List.of()),
          null,
          null,
          feasible
              ? what
              : what + "; not computed: it takes %,d comparisons".formatted(sums.steps()));
    }

    private void overlaps(
        String measure, RelationOverlap overlap, Published intra, Published inter, String what) {
      String pairs = "all pairs of facts of a relation";
      String others = "a fact with a random fact of a random other relation, exactly";
      add(
          "intra_relation_" + measure,
          "",
          overlap.intraMicro(),
          intra,
          "%s: mean over %s, the relations' pairs pooled".formatted(what, pairs));
      add(
          "intra_relation_" + measure,
          "_macro",
          overlap.intraMacro(),
          null,
          "%s: mean over relations of the mean over %s".formatted(what, pairs));
      add(
          "inter_relation_" + measure,
          "",
          overlap.interMicro(),
          inter,
          "%s: %s, mean over all facts".formatted(what, others));
      add(
          "inter_relation_" + measure,
          "_macro",
          overlap.interMacro(),
          null,
          "%s: %s, mean over relations of the mean over their facts".formatted(what, others));
    }
  }
}
