package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;

import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.knowledge.opendomain.TextClass;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Whether text that states a fact activates its neurons more than text that mentions its head, and
 * that more than random text (section 4.3 of Dai).
 */
final class OpenDomainFindings {
  private static final String GRADIENTS = "integrated_gradients";
  private static final String ACTIVATION = "activation";

  private static final Map<TextClass, Published> PUBLISHED =
      new EnumMap<>(
          Map.of(
              TextClass.HEAD_AND_TAIL, Published.verified(0.485),
              TextClass.HEAD_ONLY, Published.verified(0.019),
              TextClass.RANDOM, Published.verified(-0.018)));

  /** Of one fact and class: means of its neurons. */
  private record FactMeans(double sum, int neurons) {
    double mean() {
      return sum / neurons;
    }
  }

  private static final class Sum {
    private double sum;
    private long count;

    void add(double value, long times) {
      sum += value;
      count += times;
    }

    Double mean() {
      return count == 0 ? null : sum / count;
    }
  }

  /** One method's sums over its facts, which come one after the other, relation by relation. */
  private static final class OfMethod {
    private final Map<TextClass, Sum> all = new EnumMap<>(TextClass.class);
    private final Map<TextClass, Map<String, Sum>> byRelation = new EnumMap<>(TextClass.class);
    private long compared;
    private long facts;
    private long ordered;
    private long aboveHead;
    private long aboveRandom;

    OfMethod() {
      for (TextClass textClass : TextClass.values()) {
        all.put(textClass, new Sum());
        byRelation.put(textClass, new TreeMap<>());
      }
    }

    /** A fact counts if there are texts of both classes that mention it. */
    void add(String relation, Map<TextClass, FactMeans> fact) {
      FactMeans both = fact.get(TextClass.HEAD_AND_TAIL);
      FactMeans head = fact.get(TextClass.HEAD_ONLY);
      if (both == null || head == null) {
        return;
      }
      facts++;
      fact.forEach(
          (textClass, means) -> {
            all.get(textClass).add(means.sum(), means.neurons());
            byRelation
                .get(textClass)
                .computeIfAbsent(relation, name -> new Sum())
                .add(means.sum(), means.neurons());
          });
      FactMeans random = fact.get(TextClass.RANDOM);
      if (random != null) {
        compared++;
        aboveHead += both.mean() > head.mean() ? 1 : 0;
        aboveRandom += both.mean() > random.mean() ? 1 : 0;
        ordered += both.mean() > head.mean() && head.mean() > random.mean() ? 1 : 0;
      }
    }

    List<Finding> findings(String suffix, boolean published, String place) {
      List<Finding> findings = new ArrayList<>();
      for (TextClass textClass : TextClass.values()) {
        String name = name(textClass) + suffix;
        Sum macro = new Sum();
        byRelation.get(textClass).values().forEach(relation -> macro.add(relation.mean(), 1));
        String detail =
            "mean over %,d relations of the mean over their (fact, neuron), of %,d facts with text of both classes that mention them, %s"
                .formatted(macro.count, facts, place);
        findings.add(
            published
                ? PUBLISHED.get(textClass).finding(name, macro.mean(), detail)
                : Finding.of(name, macro.mean(), null, detail));
        Sum micro = all.get(textClass);
        findings.add(
            Finding.of(
                name + "_micro",
                micro.mean(),
                null,
                "mean over %,d (fact, neuron) of the same facts".formatted(micro.count)));
      }
      findings.add(
          share(
              "facts_ordered_by_text_class" + suffix,
              ordered,
              "whose neurons are on average more active in head_and_tail than in head_only, and there more than in random"));
      findings.add(
          share(
              "facts_more_active_with_tail_than_head_only" + suffix,
              aboveHead,
              "whose neurons are on average more active in head_and_tail than in head_only"));
      findings.add(
          share(
              "facts_more_active_with_tail_than_random" + suffix,
              aboveRandom,
              "whose neurons are on average more active in head_and_tail than in random"));
      return findings;
    }

    private Finding share(String name, long count, String what) {
      return Finding.of(
          name,
          compared == 0 ? null : (double) count / compared,
          null,
          "share of %,d facts with text of all classes %s".formatted(compared, what));
    }
  }

  private OpenDomainFindings() {}

  private static String name(TextClass textClass) {
    return "average_activation_" + textClass.label();
  }

  /** The published numbers beside nothing. */
  static List<Finding> missing(String why) {
    List<Finding> findings = new ArrayList<>();
    PUBLISHED.forEach(
        (textClass, published) -> findings.add(published.finding(name(textClass), null, why)));
    return findings;
  }

  /**
   * @param activations rows of {@code knowledge_neuron_activations}
   * @param place where they were read, in words
   */
  static List<Finding> of(Dataset<Row> activations, String place) {
    // Added up in a fixed order: the result must not depend on the cluster.
    Iterator<Row> rows =
        activations
            .groupBy("method", "relation", "fact_id", "text_class")
            .agg(sort_array(collect_list(struct("layer", "neuron", "mean"))))
            .orderBy("method", "relation", "fact_id", "text_class")
            .toLocalIterator();
    Map<String, OfMethod> methods = new TreeMap<>();
    methods.put(GRADIENTS, new OfMethod());
    methods.put(ACTIVATION, new OfMethod());
    Row row = rows.hasNext() ? rows.next() : null;
    while (row != null) {
      Row first = row;
      Map<TextClass, FactMeans> fact = new EnumMap<>(TextClass.class);
      while (row != null && isSameFact(row, first)) {
        fact.put(TextClass.of(row.getString(3)), means(row.getList(4)));
        row = rows.hasNext() ? rows.next() : null;
      }
      methods
          .computeIfAbsent(first.getString(0), name -> new OfMethod())
          .add(first.getString(1), fact);
    }
    List<Finding> findings = new ArrayList<>(methods.get(GRADIENTS).findings("", true, place));
    findings.addAll(methods.get(ACTIVATION).findings("_by_activation", false, place));
    return findings;
  }

  private static boolean isSameFact(Row row, Row other) {
    return row.getString(0).equals(other.getString(0))
        && row.getString(1).equals(other.getString(1))
        && row.getString(2).equals(other.getString(2));
  }

  private static FactMeans means(List<Row> neurons) {
    double sum = 0;
    for (Row neuron : neurons) {
      sum += neuron.getDouble(2);
    }
    return new FactMeans(sum, neurons.size());
  }
}
