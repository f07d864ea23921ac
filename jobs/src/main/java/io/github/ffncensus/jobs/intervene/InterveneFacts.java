package io.github.ffncensus.jobs.intervene;

import io.github.ffncensus.jobs.attribute.PromptReading;
import io.github.ffncensus.jobs.config.InterveneConfig;
import io.github.ffncensus.jobs.config.InterveneConfig.Target;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.FactRows;
import io.github.ffncensus.jobs.knowledge.PromptRows;
import io.github.ffncensus.jobs.task.GroupFiles;
import io.github.ffncensus.jobs.task.GroupTask;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.RandomNeurons;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.intervention.InterventionRun;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;

/** Task: the interventions of some facts. */
final class InterveneFacts implements GroupTask, ModelTask {
  static final String INTERVENTIONS = "fact_interventions";
  static final String INTERACTIONS = "neuron_interactions";
  static final String CURVES = "suppression_curves";

  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final PromptReading reading;

  InterveneFacts(TaskSetup setup, PromptReading reading) {
    this.setup = setup;
    this.reading = reading;
  }

  @Override
  public GroupFiles call(int group, List<Row> rows) throws IOException {
    Transformer model = setup.model();
    Work work = new Work(setup.config().intervene(), model.architecture().intermediate());
    List<Row> facts =
        rows.stream()
            .sorted(
                Comparator.comparing((Row row) -> row.<String>getAs("relation"))
                    .thenComparing(row -> row.<String>getAs("fact_id")))
            .toList();
    work.add(facts, PromptRows.encode(reading.encoder(setup), read(facts)));
    work.trials.run(
        new InterventionRun(
            model,
            setup.config().scan().batchTokens(),
            tokens -> TaskContext.get().killTaskIfInterrupted()));
    GroupFiles files = new GroupFiles();
    write(
        files,
        INTERVENTIONS,
        group,
        work.interventions,
        InterventionRow.encoder(setup.tokenizer()));
    write(files, INTERACTIONS, group, work.sets.interactions(), InteractionRow::encode);
    write(files, CURVES, group, work.sets.curves(), CurveRow::encode);
    return files;
  }

  /** All facts whose prompts are read, each once. */
  private static List<Fact> read(List<Row> facts) {
    Map<FactKey, Fact> read = new LinkedHashMap<>();
    for (Row fact : facts) {
      for (Row drawn : fact.<Row>getList(fact.fieldIndex("drawn"))) {
        FactKey key = drawn(drawn);
        read.computeIfAbsent(
            key, k -> PromptRows.ofRows(k, drawn.getList(drawn.fieldIndex("drawn_prompts"))));
      }
    }
    return List.copyOf(read.values());
  }

  private static FactKey drawn(Row drawn) {
    return new FactKey(drawn.getAs("drawn_relation"), drawn.getAs("drawn_fact_id"));
  }

  private <T> void write(
      GroupFiles files, String table, int group, List<Supplier<T>> rows, RowEncoder<T> encoder)
      throws IOException {
    if (rows.isEmpty()) {
      return;
    }
    try (ParquetTableWriter<T> writer = setup.create(table, group, encoder)) {
      for (Supplier<T> row : rows) {
        writer.write(row.get());
      }
      files.add(table, writer.finish());
    }
  }

  /** The trials of the task, and the rows that are made of them once they have run. */
  private static final class Work {
    private final InterveneConfig config;
    private final int perLayer;
    private final TrialList trials = new TrialList();
    private final List<Supplier<InterventionRow>> interventions = new ArrayList<>();
    private final NeuronSets sets;

    Work(InterveneConfig config, int perLayer) {
      this.config = config;
      this.perLayer = perLayer;
      this.sets = new NeuronSets(config, trials);
    }

    void add(List<Row> facts, Map<FactKey, List<EncodedPrompt>> prompts) {
      for (Row row : facts) {
        FactKey fact = new FactKey(row.getAs("relation"), row.getAs("fact_id"));
        for (String method : FactRows.METHODS) {
          List<Neuron> neurons = neurons(row, method);
          List<Neuron> random =
              RandomNeurons.like(neurons, perLayer, config.seed(), fact.hash(method));
          for (Row drawn : row.<Row>getList(row.fieldIndex("drawn"))) {
            FactKey prompted = drawn(drawn);
            Target role = target(drawn.getAs("role"));
            if (config.targets().contains(role)) {
              intervene(method, fact, prompted, role, neurons, prompts.get(prompted));
            }
            if (role == Target.OWN && config.targets().contains(Target.RANDOM_NEURONS)) {
              intervene(
                  method, fact, prompted, Target.RANDOM_NEURONS, random, prompts.get(prompted));
            }
          }
          sets.add(method, fact, neurons, strongest(row, method), prompts.get(fact));
        }
      }
    }

    private static Target target(String key) {
      for (Target target : Target.values()) {
        if (target.key().equals(key)) {
          return target;
        }
      }
      throw new IllegalArgumentException("no target " + key);
    }

    /** In order. */
    private static List<Neuron> neurons(Row fact, String method) {
      return ofMethod(fact, method).map(Work::neuron).toList();
    }

    /** The largest mean attribution first. */
    private static List<Neuron> strongest(Row fact, String method) {
      return ofMethod(fact, method)
          .sorted(
              Comparator.comparingDouble((Row row) -> -row.<Double>getAs("mean_attribution"))
                  .thenComparing(Work::neuron))
          .map(Work::neuron)
          .toList();
    }

    private static Stream<Row> ofMethod(Row fact, String method) {
      int column = fact.fieldIndex("neurons");
      return fact.isNullAt(column)
          ? Stream.empty()
          : fact.<Row>getList(column).stream()
              .filter(neuron -> neuron.getAs("method").equals(method));
    }

    private static Neuron neuron(Row row) {
      return new Neuron(row.getAs("layer"), row.getAs("neuron"));
    }

    private void intervene(
        String method,
        FactKey fact,
        FactKey prompted,
        Target target,
        List<Neuron> neurons,
        List<EncodedPrompt> prompts) {
      for (EncodedPrompt prompt : prompts) {
        int before = trials.clean(prompt);
        for (double factor : config.factors()) {
          int after = trials.scaled(prompt, neurons, factor);
          interventions.add(
              () ->
                  new InterventionRow(
                      method,
                      fact,
                      prompted,
                      prompt.promptId(),
                      target,
                      factor,
                      neurons.size(),
                      trials.reading(before),
                      trials.reading(after)));
        }
      }
    }
  }
}
