package io.github.ffncensus.jobs.intervene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.FactRows;
import io.github.ffncensus.jobs.knowledge.KnowledgeFixture;
import io.github.ffncensus.jobs.knowledge.PlainAnswers;
import io.github.ffncensus.jobs.knowledge.SqlViews;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.RandomNeurons;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.model.PlainTransformer.Change;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stage against a forward pass, in plain double arithmetic, per row of its tables. */
class InterveneJobTest {
  @TempDir static Path folder;
  private static KnowledgeFixture fixture;

  @BeforeAll
  static void start() {
    fixture = new KnowledgeFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-gelu-new", "llama-silu"})
  void everyRow_isAPassWithHandEditedCoefficients(String model) throws IOException {
    KnowledgeFixture.Run run =
        fixture.run("oracle-" + model, model, 2, "intervene.factors=[0,2,-0.5]");
    Map<String, List<Map<String, Object>>> tables = intervene(run);
    PlainTransformer plain = new PlainTransformer(run.model.path());
    ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path());
    Map<String, Integer> counts = new HashMap<>();
    Map<EncodedPrompt, PlainAnswers> clean = new HashMap<>();
    int number = 0;
    for (Map<String, Object> row : tables.get("fact_interventions")) {
      // Every other row, of targets and factors in turn: an oracle in plain arithmetic takes time.
      if (number++ % 7 < 3) {
        checkRow(run, plain, clean, tokenizer, row);
      }
      counts.merge((String) row.get("target"), 1, Integer::sum);
    }
    int prompts = run.prompts.values().stream().mapToInt(List::size).sum();
    assertThat(counts).containsOnlyKeys("own", "other", "same_relation", "random_neurons");
    assertThat(counts.get("own")).isEqualTo(prompts * 2 * 3);
    assertThat(counts.get("random_neurons")).isEqualTo(prompts * 2 * 3);
    checkInteractions(run, plain, tables.get("neuron_interactions"));
    checkCurves(run, plain, tables.get("suppression_curves"));
    checkDraws(run, tables.get("fact_interventions"));
  }

  private static void checkRow(
      KnowledgeFixture.Run run,
      PlainTransformer plain,
      Map<EncodedPrompt, PlainAnswers> clean,
      ModelTokenizer tokenizer,
      Map<String, Object> row) {
    FactKey fact = new FactKey((String) row.get("relation"), (String) row.get("fact_id"));
    FactKey prompted =
        new FactKey((String) row.get("prompt_relation"), (String) row.get("prompt_fact_id"));
    String method = (String) row.get("method");
    List<Neuron> neurons = run.neurons(method, fact);
    assertThat(row.get("neurons")).isEqualTo(neurons.size());
    if (row.get("target").equals("random_neurons")) {
      List<Neuron> random =
          RandomNeurons.like(
              neurons, run.model.architecture().intermediate(), 1, fact.hash(method));
      assertThat(random.stream().filter(neurons::contains)).isEmpty();
      neurons = random;
    }
    double factor = (Double) row.get("factor");
    assertThat(row.get("operation")).isEqualTo(factor < 1 ? "suppress" : "amplify");
    EncodedPrompt prompt = prompt(run, prompted, row);
    PlainAnswers before =
        clean.computeIfAbsent(prompt, p -> PlainAnswers.of(plain, p, Change.NONE));
    PlainAnswers after = PlainAnswers.of(plain, prompt, scaling(neurons, factor));
    assertClose(row, "probability_before", before.probability());
    assertClose(row, "probability_after", after.probability());
    assertThat(row.get("answer_rank_before")).isEqualTo(before.rank());
    assertThat(row.get("answer_rank_after")).isEqualTo(after.rank());
    assertThat(row.get("predicted_before")).isEqualTo(tokenizer.decode(before.predicted()));
    assertThat(row.get("predicted_after")).isEqualTo(tokenizer.decode(after.predicted()));
    assertThat(row.get("flipped"))
        .isEqualTo(!java.util.Arrays.equals(before.predicted(), after.predicted()));
    if (neurons.isEmpty()) {
      assertThat(row.get("probability_after")).isEqualTo(row.get("probability_before"));
    }
  }

  private static EncodedPrompt prompt(
      KnowledgeFixture.Run run, FactKey fact, Map<String, Object> row) {
    return run.prompts.get(fact).stream()
        .filter(prompt -> row.get("prompt_id").equals(prompt.promptId()))
        .findFirst()
        .orElseThrow();
  }

  private static Change scaling(List<Neuron> neurons, double factor) {
    Set<Neuron> set = new HashSet<>(neurons);
    return (layer, position, neuron, c) -> set.contains(new Neuron(layer, neuron)) ? c * factor : c;
  }

  private static void assertClose(Map<String, Object> row, String column, double expected) {
    assertThat((Double) row.get(column)).as(column).isCloseTo(expected, within(1e-4 * expected));
  }

  /** D in plain arithmetic, of every pair of the sampled prompt. */
  private static void checkInteractions(
      KnowledgeFixture.Run run, PlainTransformer plain, List<Map<String, Object>> rows) {
    Map<List<Object>, Set<Object>> prompts = new HashMap<>();
    for (Map<String, Object> row : rows) {
      FactKey fact = new FactKey((String) row.get("relation"), (String) row.get("fact_id"));
      Neuron a = new Neuron((Integer) row.get("layer_a"), (Integer) row.get("neuron_a"));
      Neuron b = new Neuron((Integer) row.get("layer_b"), (Integer) row.get("neuron_b"));
      assertThat(a).isLessThan(b);
      EncodedPrompt prompt = prompt(run, fact, row);
      double before = PlainAnswers.of(plain, prompt, Change.NONE).probability();
      double dropA = before - without(plain, prompt, List.of(a));
      double dropB = before - without(plain, prompt, List.of(b));
      double dropBoth = before - without(plain, prompt, List.of(a, b));
      double tolerance = 2e-5 * before;
      assertThat((Double) row.get("probability_before")).isCloseTo(before, within(tolerance));
      assertThat((Double) row.get("drop_a")).isCloseTo(dropA, within(tolerance));
      assertThat((Double) row.get("drop_b")).isCloseTo(dropB, within(tolerance));
      assertThat((Double) row.get("drop_both")).isCloseTo(dropBoth, within(tolerance));
      assertThat((Double) row.get("interaction"))
          .isCloseTo(dropBoth - dropA - dropB, within(2 * tolerance));
      prompts
          .computeIfAbsent(
              List.of(row.get("method"), row.get("relation"), row.get("fact_id")),
              key -> new HashSet<>())
          .add(row.get("prompt_id"));
    }
    assertThat(prompts.values()).isNotEmpty().allSatisfy(ids -> assertThat(ids).hasSize(1));
    long expected = 0;
    for (String method : FactRows.METHODS) {
      for (FactKey fact : run.facts.keySet()) {
        int n = run.neurons(method, fact).size();
        expected += (long) n * (n - 1) / 2;
      }
    }
    assertThat(rows).hasSize((int) expected);
  }

  /** Each set is the one before and one more, down to the weakest. */
  private static void checkCurves(
      KnowledgeFixture.Run run, PlainTransformer plain, List<Map<String, Object>> rows) {
    List<Neuron> set = new ArrayList<>();
    double last = 0;
    for (Map<String, Object> row : rows) {
      if (row.get("suppressed").equals(1)) {
        set.clear();
      } else {
        assertThat(attribution(run, row)).isLessThanOrEqualTo(last);
      }
      last = attribution(run, row);
      set.add(new Neuron((Integer) row.get("layer"), (Integer) row.get("neuron")));
      assertThat(row.get("suppressed")).isEqualTo(set.size());
      FactKey fact = new FactKey((String) row.get("relation"), (String) row.get("fact_id"));
      EncodedPrompt prompt = prompt(run, fact, row);
      double before = PlainAnswers.of(plain, prompt, Change.NONE).probability();
      assertThat((Double) row.get("probability_drop"))
          .isCloseTo(before - without(plain, prompt, set), within(2e-5 * before));
    }
    long expected =
        FactRows.METHODS.stream()
            .flatMap(method -> run.facts.keySet().stream().map(f -> run.neurons(method, f)))
            .mapToLong(List::size)
            .sum();
    assertThat(rows).hasSize((int) expected);
  }

  private static double attribution(KnowledgeFixture.Run run, Map<String, Object> row) {
    return run.attribution(
        (String) row.get("method"),
        new FactKey((String) row.get("relation"), (String) row.get("fact_id")),
        new Neuron((Integer) row.get("layer"), (Integer) row.get("neuron")));
  }

  private static double without(
      PlainTransformer plain, EncodedPrompt prompt, List<Neuron> neurons) {
    return PlainAnswers.of(plain, prompt, scaling(neurons, 0)).probability();
  }

  /** One other fact for each, the same for all methods and factors. */
  private static void checkDraws(KnowledgeFixture.Run run, List<Map<String, Object>> rows) {
    Map<FactKey, Set<FactKey>> others = new HashMap<>();
    Map<FactKey, Set<FactKey>> siblings = new HashMap<>();
    for (Map<String, Object> row : rows) {
      FactKey fact = new FactKey((String) row.get("relation"), (String) row.get("fact_id"));
      FactKey read =
          new FactKey((String) row.get("prompt_relation"), (String) row.get("prompt_fact_id"));
      switch ((String) row.get("target")) {
        case "other" -> {
          assertThat(read.relation()).isNotEqualTo(fact.relation());
          others.computeIfAbsent(fact, key -> new HashSet<>()).add(read);
        }
        case "same_relation" -> {
          assertThat(read.relation()).isEqualTo(fact.relation());
          assertThat(read).isNotEqualTo(fact);
          siblings.computeIfAbsent(fact, key -> new HashSet<>()).add(read);
        }
        default -> assertThat(read).isEqualTo(fact);
      }
    }
    assertThat(others.keySet()).isEqualTo(run.facts.keySet());
    assertThat(others.values()).allSatisfy(drawn -> assertThat(drawn).hasSize(1));
    assertThat(siblings.keySet()).isEqualTo(run.facts.keySet());
    assertThat(siblings.values()).allSatisfy(drawn -> assertThat(drawn).hasSize(1));
    assertThat(new HashSet<>(others.values())).as("not all the same").hasSizeGreaterThan(5);
  }

  @Test
  void partitionings_giveTheSameRows() throws IOException {
    Map<String, List<Map<String, Object>>> expected = intervene(fixture.run("one", "bert-gelu", 1));
    fixture.spark().conf().set("spark.sql.shuffle.partitions", 7);
    Map<String, List<Map<String, Object>>> actual = intervene(fixture.run("many", "bert-gelu", 5));
    fixture.spark().conf().set("spark.sql.shuffle.partitions", 3);
    assertThat(actual).isEqualTo(expected);
    assertThat(expected.get("fact_interventions")).isNotEmpty();
  }

  @Test
  void aSecondAttempt_computesNothingAgain() throws IOException {
    KnowledgeFixture.Run run = fixture.run("twice", "gpt2-gelu-new", 1);
    Map<String, List<TableFile>> first = InterveneJob.run(run.stage(Stage.INTERVENE));
    // Names of files tell attempts of the driver apart.
    assertThat(InterveneJob.run(run.stage(Stage.INTERVENE))).isEqualTo(first);
  }

  @Test
  void views_haveTheRatios() throws IOException {
    KnowledgeFixture.Run run = fixture.run("views", "bert-gelu", 1);
    Map<String, List<TableFile>> made = InterveneJob.run(run.stage(Stage.INTERVENE));
    List<Map<String, Object>> rows = run.rows(Stage.INTERVENE, made).get("fact_interventions");
    SqlViews.table(
        fixture.spark(),
        "fact_interventions",
        run.staged(Stage.INTERVENE, "fact_interventions", made));
    Dataset<Row> ratios = SqlViews.view(fixture.spark(), "intervention_ratios");
    double sum = 0;
    for (String relation : List.of("P0", "P1", "P2")) {
      List<Map<String, Object>> own =
          rows.stream()
              .filter(
                  row -> row.get("relation").equals(relation) && row.get("target").equals("own"))
              .filter(row -> row.get("operation").equals("suppress"))
              .filter(row -> row.get("method").equals("activation"))
              .toList();
      double before = own.stream().mapToDouble(r -> (Double) r.get("probability_before")).sum();
      double after = own.stream().mapToDouble(r -> (Double) r.get("probability_after")).sum();
      Row view =
          ratios
              .filter("relation = '" + relation + "' AND target = 'own'")
              .filter("operation = 'suppress' AND method = 'activation'")
              .collectAsList()
              .get(0);
      assertThat(view.<Double>getAs("ratio_of_means"))
          .isCloseTo((after - before) / before, within(1e-9));
      assertThat(view.<Double>getAs("mean_log_ratio"))
          .isCloseTo(
              own.stream()
                  .mapToDouble(
                      r ->
                          Math.log(
                              (Double) r.get("probability_after")
                                  / (Double) r.get("probability_before")))
                  .average()
                  .orElseThrow(),
              within(1e-9));
      assertThat(view.<Double>getAs("flipped"))
          .isCloseTo(
              own.stream().filter(r -> (Boolean) r.get("flipped")).count() / (double) own.size(),
              within(1e-9));
      assertThat(view.<Long>getAs("prompts")).isEqualTo(own.size());
      sum += (after - before) / before;
    }
    Dataset<Row> summary = SqlViews.view(fixture.spark(), "intervention_summary");
    assertThat(
            summary
                .filter("target = 'own' AND operation = 'suppress' AND method = 'activation'")
                .collectAsList()
                .get(0)
                .<Double>getAs("ratio_of_means"))
        .isCloseTo(sum / 3, within(1e-9));
    assertThat(summary.count()).isEqualTo(2 * 4 * 2);
    checkMinimalSets(run, made);
  }

  private static void checkMinimalSets(
      KnowledgeFixture.Run run, Map<String, List<TableFile>> made) {
    SqlViews.table(
        fixture.spark(),
        "suppression_curves",
        run.staged(Stage.INTERVENE, "suppression_curves", made));
    Map<List<Object>, List<Double>> curves = new HashMap<>();
    for (Map<String, Object> row : run.rows(Stage.INTERVENE, made).get("suppression_curves")) {
      curves
          .computeIfAbsent(List.of(row.get("method"), row.get("fact_id")), key -> new ArrayList<>())
          .add((Double) row.get("probability_drop"));
    }
    List<Row> sets = SqlViews.view(fixture.spark(), "minimal_sets").collectAsList();
    assertThat(sets).isNotEmpty();
    for (Row set : sets) {
      List<Double> drops = curves.get(List.of(set.getAs("method"), set.getAs("fact_id")));
      double all = drops.get(drops.size() - 1);
      int expected = 1;
      while (drops.get(expected - 1) < 0.9 * all) {
        expected++;
      }
      assertThat(set.<Integer>getAs("minimal_neurons")).isEqualTo(expected);
      assertThat(set.<Double>getAs("drop_of_all")).isEqualTo(all).isPositive();
    }
  }

  @Test
  void whatIsNotAskedFor_isNotThere() throws IOException {
    Map<String, List<Map<String, Object>>> tables =
        intervene(
            fixture.run(
                "few",
                "bert-gelu",
                1,
                "intervene.targets=[other]",
                "intervene.factors=[3]",
                "intervene.interactions.prompts-per-fact=0"));
    assertThat(tables.get("neuron_interactions")).isEmpty();
    assertThat(tables.get("suppression_curves")).isEmpty();
    assertThat(tables.get("fact_interventions"))
        .isNotEmpty()
        .allSatisfy(
            row -> {
              assertThat(row.get("target")).isEqualTo("other");
              assertThat(row.get("operation")).isEqualTo("amplify");
            });
  }

  private static Map<String, List<Map<String, Object>>> intervene(KnowledgeFixture.Run run) {
    return run.rows(Stage.INTERVENE, InterveneJob.run(run.stage(Stage.INTERVENE)));
  }
}
