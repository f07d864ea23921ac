package io.github.ffncensus.jobs.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.attribute.AttributeFixture.Run;
import io.github.ffncensus.knowledge.refinement.CoarseRule;
import io.github.ffncensus.knowledge.refinement.PlainRefinement;
import io.github.ffncensus.knowledge.refinement.PlainRefinement.Outcome;
import io.github.ffncensus.knowledge.refinement.PlainRefinement.PlainFact;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Refined neurons against plain loops over the scores as stored, so that ties fall the same way.
 */
final class PlainNeurons {
  private final Run run;
  private final Map<String, List<Map<String, Object>>> tables;
  private final boolean gradients;
  private final int neurons;

  /** By relation and fact: voting prompts' scores, all layers in a row, then negative ones. */
  private final TreeMap<String, TreeMap<String, PlainFact>> relations = new TreeMap<>();

  private PlainNeurons(Run run, Map<String, List<Map<String, Object>>> tables, boolean gradients) {
    this.run = run;
    this.tables = tables;
    this.gradients = gradients;
    this.neurons = run.model.architecture().intermediate();
    Map<String, float[]> scores = new HashMap<>();
    for (Map<String, Object> row : tables.get("fact_prompts")) {
      PlainFact fact =
          relations
              .computeIfAbsent((String) row.get("relation"), r -> new TreeMap<>())
              .computeIfAbsent(
                  (String) row.get("fact_id"),
                  id -> new PlainFact(id, new ArrayList<>(), new ArrayList<>()));
      float[] ofPrompt = new float[neurons * run.model.architecture().layers()];
      scores.put(key(row), ofPrompt);
      if ((Boolean) row.get("votes")) {
        ((Boolean) row.get("negative") ? fact.negatives() : fact.prompts()).add(ofPrompt);
      }
    }
    for (Map<String, Object> row :
        tables.get(gradients ? "fact_attributions" : "fact_activations")) {
      scores.get(key(row))[index(row)] = (Float) row.get(gradients ? "attribution" : "activation");
    }
  }

  /** Both methods, by the rules of the run's profile. */
  static void check(Run run, Map<String, List<Map<String, Object>>> tables) {
    new PlainNeurons(run, tables, true).check();
    new PlainNeurons(run, tables, false).check();
  }

  private String method() {
    return gradients ? "integrated_gradients" : "activation";
  }

  private void check() {
    List<String> expected = new ArrayList<>();
    List<String> expectedRatios = new ArrayList<>();
    relations.forEach(
        (relation, facts) -> {
          Outcome outcome = plain(List.copyOf(facts.values()));
          expectedRatios.add(relation + " " + outcome.ratio() + " " + outcome.mean());
          outcome
              .neurons()
              .forEach(
                  (fact, kept) ->
                      kept.forEach(
                          (neuron, s) ->
                              expected.add(
                                  "%s %s %d:%d %d of %d"
                                      .formatted(
                                          relation,
                                          fact,
                                          neuron / neurons,
                                          neuron % neurons,
                                          s,
                                          facts.get(fact).prompts().size()))));
        });
    List<Map<String, Object>> rows =
        tables.get("knowledge_neurons").stream()
            .filter(row -> row.get("method").equals(method()))
            .toList();
    assertThat(
            rows.stream()
                .map(
                    row ->
                        "%s %s %s:%s %s of %s"
                            .formatted(
                                row.get("relation"),
                                row.get("fact_id"),
                                row.get("layer"),
                                row.get("neuron"),
                                row.get("prompts_sharing"),
                                row.get("prompts"))))
        .containsExactlyElementsOf(expected);
    assertThat(expected).isNotEmpty();
    assertThat(
            tables.get("refinement_ratios").stream()
                .filter(row -> row.get("method").equals(method()))
                .map(
                    row ->
                        row.get("relation")
                            + " "
                            + row.get("ratio")
                            + " "
                            + row.get("mean_neurons")))
        .containsExactlyElementsOf(expectedRatios);
    rows.forEach(this::checkMean);
  }

  private Outcome plain(List<PlainFact> relation) {
    return switch (run.config.profile()) {
      case "dai2022" -> PlainRefinement.authors(relation, gradients ? 0.2 : 0.5);
      case "eleuther2022" -> PlainRefinement.eleuther(relation);
      default -> PlainRefinement.ours(relation, gradients ? 0.2 : 0.5);
    };
  }

  private void checkMean(Map<String, Object> row) {
    CoarseRule rule =
        gradients
            ? run.config.attribute().integratedGradients()
            : run.config.attribute().activation();
    double sum = 0;
    int sharing = 0;
    for (float[] scores : relations.get(row.get("relation")).get(row.get("fact_id")).prompts()) {
      double max = Double.NEGATIVE_INFINITY;
      for (float score : scores) {
        max = Math.max(max, score);
      }
      if (rule.reaches(scores[index(row)], rule.value() * max)) {
        sum += scores[index(row)];
        sharing++;
      }
    }
    assertThat(row.get("prompts_sharing")).isEqualTo(sharing);
    assertThat((Double) row.get("mean_attribution")).isEqualTo(sum / sharing);
  }

  private int index(Map<String, Object> row) {
    return (Integer) row.get("layer") * neurons + (Integer) row.get("neuron");
  }

  private static String key(Map<String, Object> row) {
    return row.get("relation") + " " + row.get("fact_id") + " " + row.get("prompt_id");
  }
}
