package io.github.ffncensus.knowledge.intervention;

import io.github.ffncensus.knowledge.EncodedPrompt;
import java.util.List;

/**
 * A prompt to be answered while some neurons are scaled at the answer's positions.
 *
 * @param scaled a neuron at most once; none for the model as it is
 */
public record Trial(EncodedPrompt prompt, List<ScaledNeuron> scaled) {

  public Trial {
    scaled = List.copyOf(scaled);
  }

  /** The prompt answered by the model as it is. */
  public static Trial clean(EncodedPrompt prompt) {
    return new Trial(prompt, List.of());
  }
}
