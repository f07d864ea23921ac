package io.github.ffncensus.bench;

import io.github.ffncensus.knowledge.EncodedPrompt;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Prompts of facts, drawn with replacement.
 *
 * @param usable those with answers of one token
 * @param prompts of all facts
 */
record FactPrompts(Path facts, List<EncodedPrompt> usable, int prompts)
    implements BenchmarkPrompts {
  @Override
  public List<EncodedPrompt> draw(int count, long seed) {
    return new Random(seed).ints(count, 0, usable.size()).mapToObj(usable::get).toList();
  }

  @Override
  public String description() {
    return "prompts of %s: drawn from the %,d of %,d whose answer is one token"
        .formatted(facts, usable.size(), prompts);
  }
}
