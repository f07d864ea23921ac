package io.github.ffncensus.jobs.knstats;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.struct;

import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.knowledge.opendomain.FactNames;
import io.github.ffncensus.knowledge.opendomain.FactNeurons;
import io.github.ffncensus.knowledge.opendomain.FactNeurons.Neuron;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The facts of a run and their neurons, from the tables of the stage attribute. */
final class LoadFacts {
  private static final String PROMPTS = "fact_prompts";
  private static final String NEURONS = "knowledge_neurons";

  private LoadFacts() {}

  private record FactKey(String relation, String factId) {}

  /** All facts that the model was asked for, by relation and id, with neurons or without. */
  static FactBook load(StageContext context) {
    List<String> methods = methods(context.rows(NEURONS));
    Map<FactKey, FactNeurons> neurons = neurons(context.rows(NEURONS), methods);
    FactNeurons none = FactNeurons.of(methods.stream().map(method -> List.<Neuron>of()).toList());
    List<FactNames> names = new ArrayList<>();
    List<FactNeurons> ofFacts = new ArrayList<>();
    Iterator<Row> facts =
        context
            .rows(PROMPTS)
            .groupBy("relation", "fact_id")
            .agg(first("head"), first("tails"))
            .orderBy("relation", "fact_id")
            .toLocalIterator();
    while (facts.hasNext()) {
      Row fact = facts.next();
      FactKey key = new FactKey(fact.getString(0), fact.getString(1));
      names.add(new FactNames(key.relation(), key.factId(), fact.getString(2), fact.getList(3)));
      ofFacts.add(neurons.getOrDefault(key, none));
    }
    return new FactBook(names, ofFacts, methods, context.config().knStats().names());
  }

  private static List<String> methods(Dataset<Row> neurons) {
    return neurons.select("method").distinct().orderBy("method").collectAsList().stream()
        .map(row -> row.getString(0))
        .toList();
  }

  private static Map<FactKey, FactNeurons> neurons(Dataset<Row> neurons, List<String> methods) {
    Map<FactKey, FactNeurons> byFact = new HashMap<>();
    Iterator<Row> facts =
        neurons
            .groupBy("relation", "fact_id")
            .agg(collect_list(struct(col("method"), col("layer"), col("neuron"))))
            .toLocalIterator();
    while (facts.hasNext()) {
      Row fact = facts.next();
      List<List<Neuron>> byMethod = new ArrayList<>();
      methods.forEach(method -> byMethod.add(new ArrayList<>()));
      for (Row neuron : fact.<Row>getList(2)) {
        byMethod
            .get(methods.indexOf(neuron.getString(0)))
            .add(new Neuron(neuron.getInt(1), neuron.getInt(2)));
      }
      byFact.put(new FactKey(fact.getString(0), fact.getString(1)), FactNeurons.of(byMethod));
    }
    return byFact;
  }
}
