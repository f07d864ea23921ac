package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.TableRows;
import io.github.ffncensus.knowledge.opendomain.FactNames;
import io.github.ffncensus.knowledge.opendomain.FactNeurons.Neuron;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** An ingested run with made-up facts and neurons, and what the stage makes of them. */
final class FactTables {
  static final List<String> METHODS = List.of("activation", "integrated_gradients");

  /** Of the words that the fixture's corpus is made of, by relation and id. */
  static final List<FactNames> FACTS =
      List.of(
          new FactNames("flows", "f0", "river", List.of("city")),
          new FactNames("flows", "f1", "caf\u00e9", List.of("1987", "runs")),
          new FactNames("knows", "f0", "\u65e5\u672c", List.of("river", "The")),
          new FactNames("knows", "f1", "city", List.of("city", "by")),
          new FactNames("knows", "f2", "nowhere", List.of("city")),
          new FactNames("knows", "f3", "1987", List.of("runs")));

  private FactTables() {}

  /** Neurons of a fact by one of the methods; the last fact has none. */
  static List<Neuron> neurons(ScanFixture.Run run, int fact, int method) {
    Random random = new Random(31L * fact + method);
    List<Neuron> neurons = new ArrayList<>();
    for (int i = 0; i < (fact == FACTS.size() - 1 ? 0 : fact + method); i++) {
      Neuron neuron =
          new Neuron(
              random.nextInt(run.model.architecture().layers()),
              random.nextInt(run.model.architecture().intermediate()));
      if (!neurons.contains(neuron)) {
        neurons.add(neuron);
      }
    }
    return neurons;
  }

  /**
   * Publishes what the stage reads besides the sequences.
   *
   * @param methods that have found neurons
   */
  static Map<String, List<TableFile>> publish(ScanFixture.Run run, List<String> methods)
      throws IOException {
    List<int[]> prompts = new ArrayList<>();
    List<int[]> neurons = new ArrayList<>();
    for (int fact = FACTS.size() - 1; fact >= 0; fact--) {
      prompts.add(new int[] {fact, 0});
      prompts.add(new int[] {fact, 1});
      for (int method = 0; method < methods.size(); method++) {
        for (Neuron neuron : neurons(run, fact, method)) {
          neurons.add(new int[] {fact, method, neuron.layer(), neuron.index()});
        }
      }
    }
    Map<String, List<TableFile>> published = new LinkedHashMap<>();
    published.put("fact_prompts", write(run, "fact_prompts", FactTables::encodePrompt, prompts));
    published.put(
        "knowledge_neurons", write(run, "knowledge_neurons", FactTables::encodeNeuron, neurons));
    for (String table : List.of("fact_rejects", "relation_neurons")) {
      published.put(table, write(run, table, (row, out) -> {}, List.of()));
    }
    return published;
  }

  private static <T> List<TableFile> write(
      ScanFixture.Run run, String table, RowEncoder<T> encoder, List<T> rows) throws IOException {
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(
            new Configuration(),
            new Path(run.folder.table(table), "part-00000.parquet"),
            table,
            run.folder.runId(),
            encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      return List.of(writer.finish());
    }
  }

  private static void encodePrompt(int[] prompt, RowWriter out) {
    FactNames fact = FACTS.get(prompt[0]);
    out.string("relation", fact.relation());
    out.string("fact_id", fact.factId());
    out.intValue("prompt_id", prompt[1]);
    out.string("prompt", "[MASK]");
    out.string("answer", fact.tails().get(0));
    out.intList("answer_token_ids", new int[] {1});
    out.doubleValue("answer_probability", 0.5);
    out.intValue("answer_rank", 1);
    out.string("predicted", "x");
    out.intList("predicted_token_ids", new int[] {1});
    out.string("head", fact.head());
    out.stringList("aliases", List.of());
    out.stringList("tails", fact.tails());
    out.string("reading", "causal");
    out.booleanValue("negative", false);
    out.booleanValue("votes", true);
    out.booleanValue("answer_in_head", false);
    out.intValue("other_answers", 0);
    out.floatValue("max_attribution", 1);
    out.floatValue("max_activation", 1);
    out.string("source", "facts.jsonl");
    out.longValue("line", 1);
  }

  private static void encodeNeuron(int[] neuron, RowWriter out) {
    out.string("method", METHODS.get(neuron[1]));
    out.string("relation", FACTS.get(neuron[0]).relation());
    out.string("fact_id", FACTS.get(neuron[0]).factId());
    out.intValue("layer", neuron[2]);
    out.intValue("neuron", neuron[3]);
    out.intValue("prompts_sharing", 3);
    out.intValue("prompts", 3);
    out.doubleValue("mean_attribution", 0.5);
  }

  /** Runs the stage; rows of its tables by name. */
  static Map<String, List<Map<String, Object>>> tables(ScanFixture.Run run, Progress progress)
      throws IOException {
    Map<String, List<TableFile>> made =
        KnStatsJob.run(run.context(Stage.KN_STATS, publish(run, METHODS), progress));
    Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
    for (String table : List.of(WriteActivations.TABLE, TriggerTexts.TABLE, ReadFacts.REJECTS)) {
      Path staged = new Path(run.folder.staging(Stage.KN_STATS.word()), table);
      tables.put(
          table,
          TableRows.read(
              table, made.get(table).stream().map(file -> new Path(staged, file.name())).toList()));
    }
    return tables;
  }
}
