package io.github.ffncensus.jobs.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.EditConfig.WriteModel;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.KnowledgeFixture;
import io.github.ffncensus.jobs.knowledge.PlainAnswers;
import io.github.ffncensus.jobs.knowledge.SqlViews;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.model.PlainTransformer.Change;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stage against edited models in plain double arithmetic. */
class EditJobTest {
  private static final String[] SHARED = {
    "edit.update.facts-per-relation=2", "edit.update.directions=[head,embedding]"
  };

  @TempDir static Path folder;
  private static KnowledgeFixture fixture;

  /** A run that several tests look at. */
  private static KnowledgeFixture.Run shared;

  private static Map<String, List<TableFile>> made;

  @BeforeAll
  static void start() throws IOException {
    fixture = new KnowledgeFixture("local[2]", folder);
    shared = fixture.run("shared", "bert-gelu", 1, SHARED);
    made = EditJob.run(shared.stage(Stage.EDIT));
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-relu-untied", "llama-silu"})
  void edits_areThoseOfAModelThatWasEditedByHand(String model) throws IOException {
    KnowledgeFixture.Run run =
        fixture.run(
            "edit-" + model,
            model,
            2,
            "edit.update.facts-per-relation=2",
            "edit.update.max-share=0.4",
            "edit.update.directions=[embedding,head]",
            "edit.update.other-facts=2",
            "edit.erase.neurons=3",
            "edit.erase.other-prompts=all");
    Map<String, List<Map<String, Object>>> tables = edit(run);
    checkErasures(run, edits(tables, "erase"));
    List<Map<String, Object>> updates = edits(tables, "update");
    assertThat(updates).hasSizeBetween(6, 12);
    assertThat(updates.stream().filter(row -> row.get("direction").equals("head")).count())
        .as("each fact in both directions")
        .isEqualTo(updates.size() / 2);
    assertThat(tables.get("knowledge_neuron_findings"))
        .extracting(row -> row.get("finding"))
        .contains(
            "update_success_rate",
            "update_success_rate_by_head",
            "update_of_random_neurons_change_rate",
            "erasure_perplexity_P19");
    for (Map<String, Object> row : updates) {
      checkUpdate(run, tables, row);
    }
    assertThat(edits(tables, "erase_random_neurons")).hasSize(3);
    assertThat(edits(tables, "update_random_neurons"))
        .hasSameSizeAs(updates)
        .allSatisfy(row -> assertThat(row.get("target_probability_before")).isNotNull());
  }

  private static List<Map<String, Object>> edits(
      Map<String, List<Map<String, Object>>> tables, String kind) {
    return tables.get("fact_edits").stream().filter(row -> row.get("kind").equals(kind)).toList();
  }

  private static void checkUpdate(
      KnowledgeFixture.Run run,
      Map<String, List<Map<String, Object>>> tables,
      Map<String, Object> row) {
    FactKey fact = fact(row);
    ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path());
    List<Neuron> neurons = editable(run, fact, 0.4);
    assertThat(row.get("edited_neurons")).isEqualTo(neurons.size());
    Fact before = run.facts.get(fact);
    FactKey source = new FactKey(fact.relation(), (String) row.get("target_fact_id"));
    String target = run.facts.get(source).answer();
    assertThat(row.get("target")).isEqualTo(target).isNotEqualTo(before.answer());
    assertThat(row.get("answer")).isEqualTo(before.answer());
    List<EncodedPrompt> gold = run.prompts.get(fact);
    List<EncodedPrompt> wanted = encode(run, before, target);
    PlainTransformer plain = new PlainTransformer(run.model.path());
    int judged = index(gold, (Integer) row.get("judged_prompt_id"));
    PlainAnswers judgedBefore = PlainAnswers.of(plain, gold.get(judged), Change.NONE);
    PlainAnswers targetBefore = PlainAnswers.of(plain, wanted.get(judged), Change.NONE);
    assertThat(row.get("answer_before")).isEqualTo(tokenizer.decode(judgedBefore.predicted()));
    assertClose(row, "probability_before", judgedBefore.probability());
    assertClose(row, "target_probability_before", targetBefore.probability());
    int newToken = wanted.get(judged).contexts().get(0).answers()[0];
    assertThat(newToken).isNotEqualTo(gold.get(judged).contexts().get(0).answers()[0]);
    assertThat(row.get("answer_tokens")).isEqualTo(gold.get(judged).answerTokens());
    assertThat(row.get("target_tokens")).isEqualTo(wanted.get(judged).answerTokens());
    Map<Neuron, double[]> vectors = deltas(run, tables, row);
    assertThat(vectors).containsOnlyKeys(neurons);
    if (row.get("direction").equals("embedding")) {
      // The other direction's own test is beside it.
      assertAreClose(vectors, updated(plain, neurons, judgedBefore.predicted()[0], newToken));
    }
    vectors.forEach((neuron, v) -> plain.replaceValue(neuron.layer(), neuron.index(), v));
    PlainAnswers judgedAfter = PlainAnswers.of(plain, gold.get(judged), Change.NONE);
    PlainAnswers targetAfter = PlainAnswers.of(plain, wanted.get(judged), Change.NONE);
    assertClose(row, "probability_after", judgedAfter.probability());
    assertClose(row, "target_probability_after", targetAfter.probability());
    assertThat(row.get("answer_after")).isEqualTo(tokenizer.decode(judgedAfter.predicted()));
    assertThat(row.get("changed"))
        .isEqualTo(!Arrays.equals(judgedBefore.predicted(), judgedAfter.predicted()));
    assertThat(row.get("answer_rank_after")).isEqualTo(judgedAfter.rank());
    assertThat(row.get("target_rank_after")).isEqualTo(targetAfter.rank());
    assertThat(row.get("target_first_token_predicted"))
        .isEqualTo(targetAfter.predicted()[0] == newToken);
    checkPrompts(run, tables, row, plain, gold, wanted);
    checkSubject(run, row, plain);
    assertThat((Integer) row.get("intra_relation_prompts")).isBetween(4, 6);
    assertThat((Integer) row.get("inter_relation_prompts")).isBetween(4, 6);
    assertThat((Double) row.get("intra_relation_perplexity_after")).isPositive();
    assertThat(row.get("text_perplexity_before")).isNull();
  }

  /** Neurons that no other fact of the relation has, or few enough. */
  private static List<Neuron> editable(KnowledgeFixture.Run run, FactKey fact, double share) {
    List<FactKey> relation =
        run.facts.keySet().stream()
            .filter(other -> other.relation().equals(fact.relation()))
            .toList();
    return run.neurons("integrated_gradients", fact).stream()
        .filter(
            neuron -> {
              long uses =
                  relation.stream()
                      .filter(f -> run.neurons("integrated_gradients", f).contains(neuron))
                      .count();
              return uses == 1 || uses <= share * relation.size();
            })
        .toList();
  }

  private static List<EncodedPrompt> encode(KnowledgeFixture.Run run, Fact fact, String answer) {
    List<Prompt> prompts =
        fact.prompts().stream()
            .map(prompt -> Prompt.of(prompt.id(), prompt.text(), answer))
            .toList();
    return run.encoder().encodeAll(List.of(fact.with(prompts))).stream()
        .map(PromptEncoder.Result::encoded)
        .toList();
  }

  private static int index(List<EncodedPrompt> prompts, int id) {
    for (int i = 0; i < prompts.size(); i++) {
      if (prompts.get(i).promptId() == id) {
        return i;
      }
    }
    throw new AssertionError("no prompt " + id);
  }

  /** The formula of section 6: lambda 1 and 8, in units of norms. */
  private static Map<Neuron, double[]> updated(
      PlainTransformer plain, List<Neuron> neurons, int oldToken, int newToken) {
    Map<Neuron, double[]> vectors = new HashMap<>();
    double[] old = plain.outputEmbedding(oldToken);
    double[] replacement = plain.outputEmbedding(newToken);
    for (Neuron neuron : neurons) {
      double[] value = plain.value(neuron.layer(), neuron.index()).clone();
      double norm = norm(value);
      for (int j = 0; j < value.length; j++) {
        value[j] += 8 * norm / norm(replacement) * replacement[j] - norm / norm(old) * old[j];
      }
      vectors.put(neuron, value);
    }
    return vectors;
  }

  private static double norm(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  private static Map<Neuron, double[]> deltas(
      KnowledgeFixture.Run run,
      Map<String, List<Map<String, Object>>> tables,
      Map<String, Object> row) {
    Map<Neuron, double[]> vectors = new HashMap<>();
    for (Map<String, Object> delta : tables.get("edit_deltas")) {
      if (isSameUpdate(delta, row)) {
        assertThat(delta.get("weights_sha256")).isEqualTo(run.model.weightsSha256());
        vectors.put(
            new Neuron((Integer) delta.get("layer"), (Integer) delta.get("neuron")),
            ((List<?>) delta.get("value")).stream().mapToDouble(x -> (Float) x).toArray());
      }
    }
    return vectors;
  }

  private static boolean isSameUpdate(Map<String, Object> row, Map<String, Object> update) {
    return row.get("kind").equals("update")
        && fact(row).equals(fact(update))
        && row.get("direction").equals(update.get("direction"));
  }

  private static void assertAreClose(Map<Neuron, double[]> actual, Map<Neuron, double[]> expected) {
    expected.forEach(
        (neuron, vector) -> assertThat(actual.get(neuron)).containsExactly(vector, within(1e-5)));
  }

  private static void checkPrompts(
      KnowledgeFixture.Run run,
      Map<String, List<Map<String, Object>>> tables,
      Map<String, Object> row,
      PlainTransformer edited,
      List<EncodedPrompt> gold,
      List<EncodedPrompt> wanted) {
    List<Map<String, Object>> prompts =
        tables.get("fact_edit_prompts").stream().filter(p -> isSameUpdate(p, row)).toList();
    assertThat(prompts).hasSameSizeAs(gold);
    PlainTransformer original = new PlainTransformer(run.model.path());
    for (Map<String, Object> prompt : prompts) {
      int i = index(gold, (Integer) prompt.get("prompt_id"));
      PlainAnswers after = PlainAnswers.of(edited, gold.get(i), Change.NONE);
      PlainAnswers targetAfter = PlainAnswers.of(edited, wanted.get(i), Change.NONE);
      assertClose(prompt, "probability_after", after.probability());
      assertClose(prompt, "target_probability_after", targetAfter.probability());
      assertThat(prompt.get("target_rank_after")).isEqualTo(targetAfter.rank());
      assertThat(prompt.get("localising")).isEqualTo(gold.get(i).promptId() != 1);
      assertThat(prompt.get("judged"))
          .isEqualTo(prompt.get("prompt_id").equals(row.get("judged_prompt_id")));
      PlainAnswers before = PlainAnswers.of(original, gold.get(i), Change.NONE);
      assertThat(prompt.get("changed"))
          .isEqualTo(!Arrays.equals(before.predicted(), after.predicted()));
      assertThat(prompt.get("answer_tokens")).isEqualTo(gold.get(i).answerTokens());
      assertThat(prompt.get("target_tokens")).isEqualTo(wanted.get(i).answerTokens());
    }
  }

  private static void checkSubject(
      KnowledgeFixture.Run run, Map<String, Object> row, PlainTransformer edited) {
    FactKey fact = fact(row);
    List<FactKey> same =
        run.facts.keySet().stream()
            .filter(other -> !other.relation().equals(fact.relation()))
            .filter(other -> run.facts.get(other).head().equals(run.facts.get(fact).head()))
            .toList();
    double sum = 0;
    int count = 0;
    for (FactKey other : same) {
      for (EncodedPrompt prompt : run.prompts.get(other)) {
        sum -= Math.log(PlainAnswers.of(edited, prompt, Change.NONE).probability());
        count++;
      }
    }
    assertThat(row.get("subject_prompts")).isEqualTo(count);
    if (count > 0) {
      assertClose(row, "subject_perplexity_after", Math.exp(sum / count));
    }
  }

  private static void checkErasures(KnowledgeFixture.Run run, List<Map<String, Object>> rows) {
    assertThat(rows).hasSize(3);
    PlainTransformer clean = new PlainTransformer(run.model.path());
    for (Map<String, Object> row : rows) {
      String relation = (String) row.get("relation");
      List<Neuron> neurons = mostFrequent(run, relation);
      PlainTransformer plain = new PlainTransformer(run.model.path());
      neurons.forEach(
          n ->
              plain.replaceValue(
                  n.layer(), n.index(), new double[run.model.architecture().hidden()]));
      assertThat(row.get("edited_neurons")).isEqualTo(neurons.size());
      double[] own = perplexity(run, plain, relation, true);
      double[] others = perplexity(run, plain, relation, false);
      assertClose(row, "intra_relation_perplexity_after", own[0]);
      assertClose(row, "probability_after", own[1]);
      assertThat((double) (Integer) row.get("intra_relation_prompts")).isEqualTo(own[2]);
      assertClose(row, "inter_relation_perplexity_after", others[0]);
      assertThat((double) (Integer) row.get("inter_relation_prompts")).isEqualTo(others[2]);
      assertClose(
          row, "intra_relation_perplexity_before", perplexity(run, clean, relation, true)[0]);
      assertThat(row.get("fact_id")).isNull();
      assertThat(row.get("target")).isNull();
    }
  }

  /** Facts sharing, then mean attribution, then layer and neuron: ties do not occur here. */
  private static List<Neuron> mostFrequent(KnowledgeFixture.Run run, String relation) {
    Map<Neuron, Long> counts =
        run.neurons.get("integrated_gradients").entrySet().stream()
            .filter(entry -> entry.getKey().relation().equals(relation))
            .flatMap(entry -> entry.getValue().stream())
            .collect(Collectors.groupingBy(n -> n, Collectors.counting()));
    Map<Neuron, Double> attributions = run.meanAttributions("integrated_gradients", relation);
    return counts.keySet().stream()
        .sorted(
            Comparator.comparing((Neuron n) -> -counts.get(n))
                .thenComparing(n -> -attributions.get(n)))
        .limit(3)
        .toList();
  }

  private static double[] perplexity(
      KnowledgeFixture.Run run, PlainTransformer model, String relation, boolean own) {
    double sum = 0;
    double mean = 0;
    int count = 0;
    for (Map.Entry<FactKey, List<EncodedPrompt>> fact : run.prompts.entrySet()) {
      if (fact.getKey().relation().equals(relation) == own) {
        for (EncodedPrompt prompt : fact.getValue()) {
          double p = PlainAnswers.of(model, prompt, Change.NONE).probability();
          sum -= Math.log(p);
          mean += p;
          count++;
        }
      }
    }
    return new double[] {Math.exp(sum / count), mean / count, count};
  }

  @Test
  void openText_isReadBeforeAndAfter() throws IOException {
    KnowledgeFixture.Run run =
        fixture.run(
            "text",
            "gpt2-gelu-new",
            1,
            "edit.update.facts-per-relation=1",
            "edit.erase.neurons=2",
            "edit.controls=false");
    List<Row> sequences = new ArrayList<>();
    PlainTransformer plain = new PlainTransformer(run.model.path());
    double sum = 0;
    for (int s = 0; s < 4; s++) {
      int[] tokens = {3 + s, 17, 40, 9, 77};
      sequences.add(RowFactory.create((long) s, boxed(tokens), boxed(new int[] {0, 1, 2, 3, 4})));
      for (int t = 1; t < tokens.length; t++) {
        sum -= Math.log(plain.probabilities(tokens, t - 1, Change.NONE)[tokens[t]]);
      }
    }
    run.publish(
        "sequences",
        sequences,
        StructType.fromDDL("sequence_id BIGINT, token_ids ARRAY<INT>, token_starts ARRAY<INT>"),
        1);
    List<Map<String, Object>> rows = edit(run).get("fact_edits");
    double expected = Math.exp(sum / 16);
    assertThat(rows)
        .isNotEmpty()
        .allSatisfy(row -> assertClose(row, "text_perplexity_before", expected));
    assertThat(rows)
        .anySatisfy(
            row ->
                assertThat(row.get("text_perplexity_after"))
                    .isNotEqualTo(row.get("text_perplexity_before")));
  }

  private static Integer[] boxed(int[] values) {
    return java.util.Arrays.stream(values).boxed().toArray(Integer[]::new);
  }

  @Test
  void partitionings_giveTheSameRows() throws IOException {
    Map<String, List<Map<String, Object>>> expected = shared.rows(Stage.EDIT, made);
    fixture.spark().conf().set("spark.sql.shuffle.partitions", 7);
    Map<String, List<Map<String, Object>>> actual =
        edit(fixture.run("many", "bert-gelu", 5, SHARED));
    fixture.spark().conf().set("spark.sql.shuffle.partitions", 3);
    assertThat(actual).isEqualTo(expected);
    assertThat(
            new TreeSet<>(
                expected.get("fact_edits").stream().map(r -> (String) r.get("kind")).toList()))
        .containsExactly("erase", "erase_random_neurons", "update", "update_random_neurons");
  }

  @Test
  void chosenEdits_areWrittenAsAModelFolder() throws IOException {
    List<Map<String, Object>> deltas = shared.rows(Stage.EDIT, made).get("edit_deltas");
    Map<String, Object> update =
        deltas.stream()
            .filter(row -> "head".equals(row.get("direction")))
            .findFirst()
            .orElseThrow();
    Path target = folder.resolve("edited");
    String key = "update-head:" + fact(update).relation() + "/" + fact(update).factId();
    write(target, key);
    try (Transformer model =
            TransformerLoader.load(ModelFolder.open(target), Device.cpu(), Precision.FLOAT32);
        NDManager scope = model.newScope()) {
      for (Map<String, Object> delta : deltas) {
        if (isSameUpdate(delta, update)) {
          int neuron = (Integer) delta.get("neuron");
          float[] value =
              model.values((Integer) delta.get("layer"), neuron, neuron + 1, scope).toFloatArray();
          List<Float> loaded = new ArrayList<>();
          for (float x : value) {
            loaded.add(x);
          }
          assertThat(loaded).isEqualTo(delta.get("value"));
        }
      }
    }
    assertThat(Files.readString(target.resolve("ffn_census_edit.json"))).contains(key);
    // A second attempt.
    write(target, key);
    assertThatThrownBy(() -> write(target, "update:P0/nobody"))
        .hasMessageContaining("no edit update:P0/nobody");
    assertThatThrownBy(() -> write(folder.resolve("never"), "update:P0/nobody"))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("no edit update:P0/nobody");
    assertThat(folder.resolve("never")).doesNotExist();
  }

  private void write(Path target, String edit) {
    EditedModel.write(
        fixture.spark().sparkContext().hadoopConfiguration(),
        Stream.of(shared.staged(Stage.EDIT, EditedModel.TABLE, made))
            .map(org.apache.hadoop.fs.Path::new)
            .toList(),
        shared.model,
        "r1",
        "abc",
        new WriteModel(target.toString(), List.of(edit)));
  }

  @Test
  void views_haveTheRates() throws IOException {
    for (String table : List.of("fact_edits", "fact_edit_prompts")) {
      SqlViews.table(fixture.spark(), table, shared.staged(Stage.EDIT, table, made));
    }
    List<Map<String, Object>> updates =
        edits(shared.rows(Stage.EDIT, made), "update").stream()
            .filter(row -> row.get("direction").equals("head"))
            .toList();
    Row summary =
        SqlViews.view(fixture.spark(), "edit_summary")
            .filter("kind = 'update' AND direction = 'head'")
            .collectAsList()
            .get(0);
    assertThat(summary.<Long>getAs("edits")).isEqualTo(updates.size());
    assertThat(summary.<Double>getAs("success_rate_of_all"))
        .isCloseTo(share(updates, row -> row.get("target_rank_after").equals(1)), within(1e-9));
    List<Map<String, Object>> ofOneToken =
        updates.stream()
            .filter(row -> row.get("answer_tokens").equals(1) && row.get("target_tokens").equals(1))
            .toList();
    if (ofOneToken.isEmpty()) {
      assertThat(summary.isNullAt(summary.fieldIndex("success_rate"))).isTrue();
    } else {
      assertThat(summary.<Double>getAs("success_rate"))
          .isCloseTo(
              share(ofOneToken, row -> row.get("target_rank_after").equals(1)), within(1e-9));
    }
    assertThat(summary.<Double>getAs("change_rate"))
        .isCloseTo(share(updates, row -> row.get("changed").equals(true)), within(1e-9));
    assertThat(summary.<Double>getAs("inter_relation_perplexity_after"))
        .isCloseTo(
            Math.exp(
                updates.stream()
                    .mapToDouble(r -> Math.log((Double) r.get("inter_relation_perplexity_after")))
                    .average()
                    .orElseThrow()),
            within(1e-6));
    List<Row> success = SqlViews.view(fixture.spark(), "update_success").collectAsList();
    assertThat(success).as("both kinds and directions, localising or not").hasSize(8);
    success.forEach(row -> checkSuccess(row, shared.rows(Stage.EDIT, made)));
  }

  /** The view's rates, by a loop over the prompts, and the findings of the same names. */
  private static void checkSuccess(Row view, Map<String, List<Map<String, Object>>> tables) {
    List<Map<String, Object>> prompts =
        tables.get("fact_edit_prompts").stream()
            .filter(row -> row.get("kind").equals(view.getAs("kind")))
            .filter(row -> row.get("direction").equals(view.getAs("direction")))
            .filter(row -> row.get("localising").equals(view.getAs("localising")))
            .toList();
    List<Map<String, Object>> ofOneToken =
        prompts.stream()
            .filter(row -> row.get("answer_tokens").equals(1) && row.get("target_tokens").equals(1))
            .toList();
    assertThat(ofOneToken).isNotEmpty();
    Predicate<Map<String, Object>> succeeds = row -> row.get("target_rank_after").equals(1);
    double change = share(prompts, row -> row.get("changed").equals(true));
    assertThat(view.<Double>getAs("change_rate")).isCloseTo(change, within(1e-9));
    assertThat(view.<Double>getAs("success_rate"))
        .isCloseTo(share(ofOneToken, succeeds), within(1e-9));
    assertThat(view.<Double>getAs("success_rate_of_all"))
        .isCloseTo(share(prompts, succeeds), within(1e-9));
    String kind =
        view.<String>getAs("kind").equals("update") ? "update" : "update_of_random_neurons";
    String variant = view.<Boolean>getAs("localising") ? "_localising" : "_held_out";
    String direction = view.<String>getAs("direction").equals("head") ? "_by_head" : "";
    checkFinding(tables, kind + "_change_rate" + variant + direction, change);
    checkFinding(tables, kind + "_success_rate" + variant + direction, share(ofOneToken, succeeds));
  }

  private static void checkFinding(
      Map<String, List<Map<String, Object>>> tables, String name, double expected) {
    assertThat(tables.get("knowledge_neuron_findings"))
        .filteredOn(row -> row.get("finding").equals(name))
        .singleElement()
        .satisfies(row -> assertThat((Double) row.get("value")).isCloseTo(expected, within(1e-9)));
  }

  private static double share(
      List<Map<String, Object>> rows, Predicate<Map<String, Object>> condition) {
    return rows.stream().filter(condition).count() / (double) rows.size();
  }

  private static FactKey fact(Map<String, Object> row) {
    return new FactKey((String) row.get("relation"), (String) row.get("fact_id"));
  }

  private static void assertClose(Map<String, Object> row, String column, double expected) {
    assertThat((Double) row.get(column)).as(column).isCloseTo(expected, within(2e-4 * expected));
  }

  private static Map<String, List<Map<String, Object>>> edit(KnowledgeFixture.Run run) {
    return run.rows(Stage.EDIT, EditJob.run(run.stage(Stage.EDIT)));
  }
}
