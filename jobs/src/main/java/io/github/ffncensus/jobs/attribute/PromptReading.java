package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.jobs.config.FactsConfig;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.AttributionTarget;
import io.github.ffncensus.knowledge.attribution.TargetTokens;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.model.ModelFolder;
import java.io.Serializable;

/**
 * How this run's model reads prompts, for every task that has to encode them: the same prompts give
 * the same tokens wherever they are encoded.
 *
 * @param maxTokens that the model takes
 */
public record PromptReading(boolean causal, int maxTokens) implements Serializable {

  public static PromptReading of(ModelFolder model) {
    return new PromptReading(model.causal(), model.maxSequenceTokens());
  }

  /** As {@link #encoder}, of prompts that are attributed as the configuration says. */
  PromptEncoder attributed(TaskSetup setup) {
    FactsConfig facts = setup.config().facts();
    AttributionOptions options = setup.config().attribute().gradients();
    boolean needsOther =
        options.target() == AttributionTarget.CONTRAST || options.tokens() == TargetTokens.GIVEN;
    return new PromptEncoder(
        setup.tokenizer(), causal, facts.fill(), facts.marker(), maxTokens, needsOther);
  }

  /** To be called in a task. */
  public PromptEncoder encoder(TaskSetup setup) {
    FactsConfig facts = setup.config().facts();
    return new PromptEncoder(setup.tokenizer(), causal, facts.fill(), facts.marker(), maxTokens);
  }
}
