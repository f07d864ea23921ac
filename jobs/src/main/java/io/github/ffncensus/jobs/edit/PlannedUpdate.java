package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.PromptRows;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;

/**
 * An update with everything that is read for it.
 *
 * @param judged id of the prompt that it is judged by
 * @param neurons that are edited
 * @param own the fact's prompts, as they are and with the new answer instead
 * @param damage prompts that the edit should leave alone, by role
 */
record PlannedUpdate(
    FactKey fact,
    int judged,
    String target,
    String targetFactId,
    List<Neuron> neurons,
    List<OwnPrompt> own,
    Map<String, OtherPrompts> damage) {

  /**
   * A prompt of the fact.
   *
   * @param localising whether it had a part in finding the neurons
   */
  record OwnPrompt(EncodedPrompt gold, EncodedPrompt target, String answer, boolean localising) {}

  /**
   * Prompts of other facts.
   *
   * @param before what {@code attribute} read
   */
  record OtherPrompts(List<EncodedPrompt> prompts, Perplexity before) {}

  /** The place of the prompt that the update is judged by among the fact's own. */
  int judgedPrompt() {
    return IntStream.range(0, own.size())
        .filter(i -> own.get(i).gold().promptId() == judged)
        .findFirst()
        .orElseThrow();
  }

  /**
   * @param row of the plan: an update with what was drawn for it
   */
  static PlannedUpdate of(Row row, PromptEncoder encoder) {
    FactKey key = new FactKey(row.getAs("relation"), row.getAs("fact_id"));
    String target = row.getAs("target");
    List<OwnPrompt> own = new ArrayList<>();
    Map<String, OtherPrompts> damage = new TreeMap<>();
    for (String role : List.of(DrawDamage.INTRA, DrawDamage.INTER, DrawDamage.SUBJECT)) {
      damage.put(role, new OtherPrompts(new ArrayList<>(), new Perplexity()));
    }
    for (Row drawn : row.<Row>getList(row.fieldIndex("drawn"))) {
      List<Row> prompts = drawn.getList(drawn.fieldIndex("drawn_prompts"));
      FactKey read = new FactKey(drawn.getAs("drawn_relation"), drawn.getAs("drawn_fact_id"));
      String role = drawn.getAs("role");
      if (role.equals(DrawDamage.OWN)) {
        own.addAll(own(key, prompts, target, encoder));
      } else {
        OtherPrompts others = damage.get(role);
        others.prompts().addAll(encoded(read, prompts, encoder));
        prompts.forEach(
            prompt ->
                others
                    .before()
                    .add(prompt.getAs("answer_probability"), prompt.getAs("answer_rank")));
      }
    }
    List<Neuron> neurons =
        row.<Row>getList(row.fieldIndex("neurons")).stream()
            .map(neuron -> new Neuron(neuron.getAs("layer"), neuron.getAs("neuron")))
            .toList();
    return new PlannedUpdate(
        key, row.getAs("judged"), target, row.getAs("target_fact_id"), neurons, own, damage);
  }

  private static List<EncodedPrompt> encoded(
      FactKey key, List<Row> prompts, PromptEncoder encoder) {
    return PromptRows.encode(encoder, List.of(PromptRows.ofRows(key, prompts))).get(key);
  }

  /** Prompts in which the new answer cannot stand, for want of room, are left out. */
  private static List<OwnPrompt> own(
      FactKey key, List<Row> rows, String target, PromptEncoder encoder) {
    Fact fact = PromptRows.ofRows(key, rows);
    List<Prompt> changed =
        fact.prompts().stream()
            .map(prompt -> Prompt.of(prompt.id(), prompt.text(), target))
            .toList();
    Map<Integer, EncodedPrompt> targets = new TreeMap<>();
    for (PromptEncoder.Result result : encoder.encodeAll(List.of(fact.with(changed)))) {
      if (result.encoded() != null) {
        targets.put(result.prompt().id(), result.encoded());
      }
    }
    Set<Integer> localising =
        rows.stream()
            .filter(row -> row.<Boolean>getAs("votes"))
            .map(row -> row.<Integer>getAs("prompt_id"))
            .collect(Collectors.toSet());
    List<EncodedPrompt> gold = encoded(key, rows, encoder);
    List<OwnPrompt> own = new ArrayList<>();
    for (int i = 0; i < gold.size(); i++) {
      Prompt prompt = fact.prompts().get(i);
      if (targets.containsKey(prompt.id())) {
        own.add(
            new OwnPrompt(
                gold.get(i),
                targets.get(prompt.id()),
                prompt.answer(),
                localising.contains(prompt.id())));
      }
    }
    return own;
  }
}
