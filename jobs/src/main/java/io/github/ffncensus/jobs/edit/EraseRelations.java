package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.attribute.PromptReading;
import io.github.ffncensus.jobs.config.EditConfig;
import io.github.ffncensus.jobs.edit.EditRow.Damage;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.PromptRows;
import io.github.ffncensus.jobs.task.GroupFiles;
import io.github.ffncensus.jobs.task.GroupTask;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.RandomNeurons;
import io.github.ffncensus.knowledge.edit.ValueEditor;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.ValueVector;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/** Task: erases a relation and reads its prompts, and others, again. */
final class EraseRelations implements GroupTask, ModelTask {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final PromptReading reading;
  private final ArrayList<String> relations;
  private final ArrayList<ArrayList<Neuron>> neurons;
  private final ArrayList<EncodedPrompt> text;

  /**
   * @param neurons of each relation, by its place in the list
   * @param text what the damage to open text is measured on
   */
  EraseRelations(
      TaskSetup setup,
      PromptReading reading,
      Map<String, ArrayList<Neuron>> neurons,
      ArrayList<EncodedPrompt> text) {
    this.setup = setup;
    this.reading = reading;
    this.relations = new ArrayList<>(neurons.keySet());
    this.neurons = new ArrayList<>(neurons.values());
    this.text = text;
  }

  @Override
  public GroupFiles call(int group, List<Row> rows) throws IOException {
    EditConfig config = setup.config().edit();
    Transformer model = setup.model();
    EditFiles files = new EditFiles(setup);
    Erasing erasing = new Erasing(model, relations.get(group), rows, files);
    erasing.run(EditKind.ERASE, neurons.get(group));
    if (config.controls()) {
      long key = SeededHash.text(relations.get(group));
      erasing.run(
          EditKind.ERASE_RANDOM_NEURONS,
          RandomNeurons.like(
              neurons.get(group), model.architecture().intermediate(), config.seed(), key));
    }
    return files.write(group);
  }

  /** Rows of prompts, of the erased relation or of others, in one order. */
  private static List<Row> prompts(List<Row> rows, boolean own) {
    return rows.stream()
        .filter(row -> row.<Boolean>getAs("own") == own)
        .sorted(
            Comparator.comparing((Row row) -> row.<String>getAs("relation"))
                .thenComparing(row -> row.<String>getAs("fact_id"))
                .thenComparing(row -> row.<Integer>getAs("prompt_id")))
        .toList();
  }

  /** The erasure of a relation, by one set of neurons after another. */
  private final class Erasing {
    private final EditConfig config = setup.config().edit();
    private final PromptEncoder encoder = reading.encoder(setup);
    private final Transformer model;
    private final String relation;
    private final List<Row> own;
    private final List<Row> others;
    private final EditFiles files;
    private final Perplexity textBefore;

    Erasing(Transformer model, String relation, List<Row> rows, EditFiles files) {
      this.model = model;
      this.relation = relation;
      this.own = prompts(rows, true);
      this.others = prompts(rows, false);
      this.files = files;
      this.textBefore = Perplexity.ofText(Reader.read(setup, model, List.of(text)).get(0));
    }

    void run(EditKind kind, List<Neuron> neurons) {
      int unknown = setup.tokenizer().unknownToken().orElse(0);
      List<ValueVector> vectors =
          new ValueEditor(model).erase(neurons, config.erase().value(), unknown);
      if (kind == EditKind.ERASE) {
        vectors.forEach(vector -> files.add(new DeltaRow(kind, relation, null, null, vector)));
      }
      try (Transformer edited = model.withValues(vectors)) {
        Damage intra = damage(edited, own);
        Perplexity textAfter = Perplexity.ofText(Reader.read(setup, edited, List.of(text)).get(0));
        files.add(
            new EditRow(
                kind,
                config.method().key(),
                relation,
                null,
                vectors.size(),
                null,
                new BeforeAfter(intra.before().meanProbability(), intra.after().meanProbability()),
                intra,
                damage(edited, others),
                Damage.NONE,
                new BeforeAfter(textBefore.value(), textAfter.value())));
      }
    }

    private Damage damage(Transformer edited, List<Row> prompts) {
      return PromptDamage.of(
          prompts, chunk -> Reader.read(setup, edited, List.of(encoded(chunk))).get(0));
    }

    private List<EncodedPrompt> encoded(List<Row> chunk) {
      Map<FactKey, List<Row>> byFact = new LinkedHashMap<>();
      for (Row row : chunk) {
        FactKey key = new FactKey(row.getAs("relation"), row.getAs("fact_id"));
        byFact.computeIfAbsent(key, k -> new ArrayList<>()).add(row);
      }
      List<Fact> facts = new ArrayList<>();
      byFact.forEach((key, rows) -> facts.add(PromptRows.ofRows(key, rows)));
      return PromptRows.encode(encoder, facts).values().stream().flatMap(List::stream).toList();
    }
  }
}
