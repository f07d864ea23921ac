package io.github.ffncensus.bench;

import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Prompts of random tokens, with the answer's place anywhere. */
record RandomPrompts(TextLengths lengths, int vocabulary) implements BenchmarkPrompts {
  @Override
  public List<EncodedPrompt> draw(int count, long seed) {
    Random random = new Random(seed);
    List<EncodedPrompt> prompts = new ArrayList<>();
    for (int length : lengths.spread(count)) {
      int[] tokens = random.ints(length, 0, vocabulary).toArray();
      int[] position = {random.nextInt(length)};
      int[] answer = {random.nextInt(vocabulary)};
      AnswerContext context = new AnswerContext(tokens, position, answer);
      prompts.add(new EncodedPrompt("", "", prompts.size(), List.of(context)));
    }
    Collections.shuffle(prompts, random);
    return prompts;
  }

  @Override
  public String description() {
    return "prompts of random tokens, as long as those of ParaRel are for BERT; real ones: --facts";
  }
}
