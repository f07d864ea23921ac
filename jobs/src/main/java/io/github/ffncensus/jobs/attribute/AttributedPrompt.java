package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.attribute.NeuronScores.Stored;
import io.github.ffncensus.jobs.config.AttributeConfig;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.text.ModelTokenizer;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What is kept of a prompt's attribution: its rows in all four tables. */
final class AttributedPrompt {
  private final StagedFact fact;
  private final Prompt prompt;
  private final EncodedPrompt encoded;
  private final double probability;
  private final int rank;
  private final int[] predicted;
  private final double full;
  private final double[] zeroed;
  private final double[] sums;
  private final double[] residuals;
  private final NeuronScores attributions;
  private final NeuronScores activations;

  AttributedPrompt(
      StagedFact fact, Prompt prompt, PromptAttribution result, AttributeConfig config) {
    this.fact = fact;
    this.prompt = prompt;
    this.encoded = result.prompt();
    this.probability = result.answer().probability();
    this.rank = result.answer().rank();
    this.predicted = result.answer().predicted();
    this.full = result.full();
    this.zeroed = result.zeroed();
    this.sums = new double[zeroed.length];
    this.residuals = new double[zeroed.length];
    Arrays.setAll(sums, result::sum);
    Arrays.setAll(residuals, result::residual);
    float[][] attributed = result.attributions();
    float[][] coefficients = result.coefficients();
    this.attributions =
        NeuronScores.of(
            attributed, config.integratedGradients(), config.cut(), attributed, coefficients);
    this.activations =
        NeuronScores.of(coefficients, config.activation(), config.cut(), attributed, coefficients);
  }

  int layers() {
    return zeroed.length;
  }

  List<Stored> attributions() {
    return attributions.stored();
  }

  List<Stored> activations() {
    return activations.stored();
  }

  /** The row of {@code fact_prompts}. */
  void encode(
      String reading, AttributeConfig.Floor floor, ModelTokenizer tokenizer, RowWriter out) {
    Fact of = fact.fact();
    encodeKey(out);
    out.string("prompt", prompt.text());
    out.string("answer", prompt.answer());
    out.intList(
        "answer_token_ids",
        encoded.contexts().stream().flatMapToInt(c -> Arrays.stream(c.answers())).toArray());
    out.doubleValue("answer_probability", probability);
    out.intValue("answer_rank", rank);
    out.string("predicted", tokenizer.decode(predicted));
    out.intList("predicted_token_ids", predicted);
    out.string("head", of.head());
    out.stringList("aliases", of.aliases());
    out.stringList("tails", tails(of));
    if (of.language() != null) {
      out.string("language", of.language());
    }
    out.string("reading", reading);
    out.booleanValue("negative", prompt.negative());
    out.booleanValue("votes", floor.admits(probability, rank, draw()));
    out.booleanValue("answer_in_head", lower(of.head()).contains(lower(prompt.answer())));
    out.intValue("other_answers", fact.otherAnswers());
    out.floatValue("max_attribution", attributions.maximum());
    out.floatValue("max_activation", activations.maximum());
    threshold("attribution_threshold", attributions, out);
    threshold("activation_threshold", activations, out);
    out.string("source", fact.place().source());
    out.longValue("line", fact.place().line());
  }

  /** Uniform from 0 to 1, the same wherever the prompt is read. */
  private double draw() {
    FactKey key = new FactKey(fact.fact().relation(), fact.fact().factId());
    return (SeededHash.of(key.hash("held-out prompts"), prompt.id()) >>> 11) * 0x1.0p-53;
  }

  private static void threshold(String column, NeuronScores scores, RowWriter out) {
    if (!Double.isNaN(scores.threshold())) {
      out.doubleValue(column, scores.threshold());
    }
  }

  private static List<String> tails(Fact fact) {
    if (!fact.tails().isEmpty()) {
      return fact.tails();
    }
    Set<String> names = new LinkedHashSet<>();
    names.add(fact.answer());
    names.addAll(fact.aliases());
    return names.stream().toList();
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** A row of {@code fact_attributions} or {@code fact_activations}. */
  void encode(Stored stored, RowWriter out) {
    encodeKey(out);
    out.intValue("layer", stored.layer());
    out.intValue("neuron", stored.neuron());
    out.floatValue("attribution", stored.attribution());
    out.floatValue("activation", stored.activation());
  }

  /** A row of {@code attribution_layers}. */
  void encode(int layer, RowWriter out) {
    encodeKey(out);
    out.intValue("layer", layer);
    out.doubleValue("probability_full", full);
    out.doubleValue("probability_zeroed", zeroed[layer]);
    out.doubleValue("attribution_sum", sums[layer]);
    out.doubleValue("residual", residuals[layer]);
  }

  private void encodeKey(RowWriter out) {
    out.string("relation", fact.fact().relation());
    out.string("fact_id", fact.fact().factId());
    out.intValue("prompt_id", prompt.id());
  }
}
