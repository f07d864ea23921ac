package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.attribute.PromptReading;
import io.github.ffncensus.jobs.config.EditConfig;
import io.github.ffncensus.jobs.edit.EditRow.Damage;
import io.github.ffncensus.jobs.edit.EditRow.Judged;
import io.github.ffncensus.jobs.edit.PlannedUpdate.OwnPrompt;
import io.github.ffncensus.jobs.task.GroupFiles;
import io.github.ffncensus.jobs.task.GroupTask;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.RandomNeurons;
import io.github.ffncensus.knowledge.edit.ValueEditor;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.ValueVector;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.sql.Row;

/** Task: updates some facts, one after the other, each on a model of its own. */
final class UpdateFacts implements GroupTask, ModelTask {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final PromptReading reading;
  private final ArrayList<EncodedPrompt> text;

  /**
   * @param text what the damage to open text is measured on
   */
  UpdateFacts(TaskSetup setup, PromptReading reading, ArrayList<EncodedPrompt> text) {
    this.setup = setup;
    this.reading = reading;
    this.text = text;
  }

  @Override
  public GroupFiles call(int group, List<Row> rows) throws IOException {
    EditFiles files = new EditFiles(setup);
    if (!rows.isEmpty()) {
      Transformer model = setup.model();
      PromptEncoder encoder = reading.encoder(setup);
      List<AnswerReading> textBefore = Reader.read(setup, model, List.of(text)).get(0);
      rows.stream()
          .sorted(
              Comparator.comparing((Row row) -> row.<String>getAs("relation"))
                  .thenComparing(row -> row.<String>getAs("fact_id")))
          .map(row -> PlannedUpdate.of(row, encoder))
          .filter(update -> update.judgedPrompt() != null)
          .forEach(update -> new Update(model, update, textBefore, files).run());
    }
    return files.write(group);
  }

  /** One update, and its control. */
  private final class Update {
    private final EditConfig config = setup.config().edit();
    private final ModelTokenizer tokenizer = setup.tokenizer();
    private final Transformer model;
    private final PlannedUpdate plan;
    private final List<EncodedPrompt> gold;
    private final List<EncodedPrompt> target;
    private final List<AnswerReading> textBefore;
    private final EditFiles files;

    Update(Transformer model, PlannedUpdate plan, List<AnswerReading> textBefore, EditFiles files) {
      this.model = model;
      this.plan = plan;
      this.gold = plan.own().stream().map(OwnPrompt::gold).toList();
      this.target = plan.own().stream().map(OwnPrompt::target).toList();
      this.textBefore = textBefore;
      this.files = files;
    }

    void run() {
      List<List<AnswerReading>> before = Reader.read(setup, model, List.of(gold, target));
      int judged = plan.own().indexOf(plan.judgedPrompt());
      int oldToken = before.get(0).get(judged).predicted()[0];
      int newToken = target.get(judged).contexts().get(0).answers()[0];
      List<ValueVector> vectors = vectors(plan.neurons(), oldToken, newToken);
      vectors.forEach(
          vector ->
              files.add(
                  new DeltaRow(
                      EditKind.UPDATE, plan.fact().relation(), plan.fact().factId(), vector)));
      evaluate(EditKind.UPDATE, vectors, before);
      if (config.controls()) {
        List<Neuron> random =
            RandomNeurons.like(
                plan.neurons(),
                model.architecture().intermediate(),
                config.seed(),
                plan.fact().hash("random neurons"));
        evaluate(EditKind.UPDATE_RANDOM_NEURONS, vectors(random, oldToken, newToken), before);
      }
    }

    private List<ValueVector> vectors(List<Neuron> neurons, int oldToken, int newToken) {
      return new ValueEditor(model).update(neurons, oldToken, newToken, config.update().rule());
    }

    private void evaluate(
        EditKind kind, List<ValueVector> vectors, List<List<AnswerReading>> before) {
      List<List<AnswerReading>> after;
      try (Transformer edited = model.withValues(vectors)) {
        after =
            Reader.read(
                setup,
                edited,
                List.of(
                    gold,
                    target,
                    prompts(DrawDamage.INTRA),
                    prompts(DrawDamage.INTER),
                    prompts(DrawDamage.SUBJECT),
                    text));
      }
      int judged = plan.own().indexOf(plan.judgedPrompt());
      for (int i = 0; i < gold.size(); i++) {
        files.add(promptRow(kind, i, i == judged, before, after));
      }
      AnswerReading goldBefore = before.get(0).get(judged);
      AnswerReading goldAfter = after.get(0).get(judged);
      files.add(
          new EditRow(
              kind,
              config.method().key(),
              plan.fact().relation(),
              plan.fact().factId(),
              vectors.size(),
              new Judged(
                  plan.judged(),
                  plan.judgedPrompt().answer(),
                  plan.target(),
                  plan.targetFactId(),
                  tokenizer.decode(goldBefore.predicted()),
                  tokenizer.decode(goldAfter.predicted()),
                  goldBefore,
                  goldAfter,
                  before.get(1).get(judged),
                  after.get(1).get(judged)),
              new BeforeAfter(goldBefore.probability(), goldAfter.probability()),
              damage(DrawDamage.INTRA, after.get(2)),
              damage(DrawDamage.INTER, after.get(3)),
              damage(DrawDamage.SUBJECT, after.get(4)),
              new BeforeAfter(
                  Perplexity.ofText(textBefore).value(), Perplexity.ofText(after.get(5)).value())));
    }

    private List<EncodedPrompt> prompts(String role) {
      return plan.damage().get(role).prompts();
    }

    private Damage damage(String role, List<AnswerReading> after) {
      return new Damage(plan.damage().get(role).before(), Perplexity.of(after));
    }

    private EditPromptRow promptRow(
        EditKind kind,
        int i,
        boolean judged,
        List<List<AnswerReading>> before,
        List<List<AnswerReading>> after) {
      OwnPrompt prompt = plan.own().get(i);
      return new EditPromptRow(
          kind,
          config.method().key(),
          plan.fact(),
          prompt.gold().promptId(),
          judged,
          prompt.localising(),
          prompt.answer(),
          plan.target(),
          before.get(0).get(i),
          after.get(0).get(i),
          before.get(1).get(i),
          after.get(1).get(i));
    }
  }
}
