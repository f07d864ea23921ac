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
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.RandomNeurons;
import io.github.ffncensus.knowledge.edit.AnswerDirections;
import io.github.ffncensus.knowledge.edit.Direction;
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
      try (AnswerDirections directions = new AnswerDirections(model)) {
        rows.stream()
            .sorted(
                Comparator.comparing((Row row) -> row.<String>getAs("relation"))
                    .thenComparing(row -> row.<String>getAs("fact_id")))
            .map(row -> PlannedUpdate.of(row, encoder))
            .forEach(update -> new Update(model, directions, update, textBefore, files).run());
      }
    }
    return files.write(group);
  }

  /** One update, in each direction, and its controls. */
  private final class Update {
    private final EditConfig config = setup.config().edit();
    private final ModelTokenizer tokenizer = setup.tokenizer();
    private final Transformer model;
    private final AnswerDirections directions;
    private final PlannedUpdate plan;
    private final int judged;
    private final List<EncodedPrompt> gold;
    private final List<EncodedPrompt> target;
    private final List<AnswerReading> goldBefore;
    private final List<AnswerReading> targetBefore;
    private final List<AnswerReading> textBefore;
    private final EditFiles files;

    Update(
        Transformer model,
        AnswerDirections directions,
        PlannedUpdate plan,
        List<AnswerReading> textBefore,
        EditFiles files) {
      this.model = model;
      this.directions = directions;
      this.plan = plan;
      this.judged = plan.judgedPrompt();
      this.gold = plan.own().stream().map(OwnPrompt::gold).toList();
      this.target = plan.own().stream().map(OwnPrompt::target).toList();
      List<List<AnswerReading>> before = Reader.read(setup, model, List.of(gold, target));
      this.goldBefore = before.get(0);
      this.targetBefore = before.get(1);
      this.textBefore = textBefore;
      this.files = files;
    }

    void run() {
      config.update().directions().forEach(this::run);
    }

    private void run(Direction direction) {
      AnswerContext context = gold.get(judged).contexts().get(0);
      int oldToken = goldBefore.get(judged).predicted()[0];
      float[][] of = directions.of(direction, context, oldToken, targetToken());
      int rank = directions.rank(of[1], targetToken());
      List<ValueVector> vectors = vectors(plan.neurons(), of);
      vectors.forEach(
          vector ->
              files.add(
                  new DeltaRow(
                      EditKind.UPDATE,
                      plan.fact().relation(),
                      plan.fact().factId(),
                      direction,
                      vector)));
      evaluate(EditKind.UPDATE, direction, rank, vectors);
      if (config.controls()) {
        List<Neuron> random =
            RandomNeurons.like(
                plan.neurons(),
                model.architecture().intermediate(),
                config.seed(),
                plan.fact().hash("random neurons"));
        evaluate(EditKind.UPDATE_RANDOM_NEURONS, direction, rank, vectors(random, of));
      }
    }

    private int targetToken() {
      return target.get(judged).contexts().get(0).answers()[0];
    }

    private List<ValueVector> vectors(List<Neuron> neurons, float[][] oldAndNew) {
      return new ValueEditor(model)
          .update(neurons, oldAndNew[0], oldAndNew[1], config.update().rule());
    }

    private void evaluate(EditKind kind, Direction direction, int rank, List<ValueVector> vectors) {
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
      for (int i = 0; i < gold.size(); i++) {
        files.add(promptRow(kind, direction, i, after.get(0).get(i), after.get(1).get(i)));
      }
      AnswerReading before = goldBefore.get(judged);
      AnswerReading goldAfter = after.get(0).get(judged);
      files.add(
          new EditRow(
              kind,
              config.method().key(),
              plan.fact().relation(),
              plan.fact().factId(),
              vectors.size(),
              new Judged(
                  direction,
                  rank,
                  plan.judged(),
                  plan.own().get(judged).answer(),
                  plan.target(),
                  plan.targetFactId(),
                  targetToken(),
                  tokenizer.decode(before.predicted()),
                  tokenizer.decode(goldAfter.predicted()),
                  before,
                  goldAfter,
                  targetBefore.get(judged),
                  after.get(1).get(judged)),
              new BeforeAfter(before.probability(), goldAfter.probability()),
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
        Direction direction,
        int i,
        AnswerReading goldAfter,
        AnswerReading targetAfter) {
      OwnPrompt prompt = plan.own().get(i);
      return new EditPromptRow(
          kind,
          direction,
          config.method().key(),
          plan.fact(),
          prompt.gold().promptId(),
          i == judged,
          prompt.localising(),
          prompt.answer(),
          plan.target(),
          goldBefore.get(i),
          goldAfter,
          targetBefore.get(i),
          targetAfter);
    }
  }
}
