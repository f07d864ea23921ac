package io.github.ffncensus.knowledge;

import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.Architecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Prompts of random tokens, with answers of one to three tokens, in the forms that models read. */
public final class RandomPrompts {
  private RandomPrompts() {}

  /** Prompt i is the i-th of fact {@code f}i. */
  public static List<EncodedPrompt> of(Architecture architecture, int count, long seed) {
    Random random = new Random(seed);
    List<EncodedPrompt> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = 4 + random.nextInt(9);
      int[] tokens = random.ints(length, 5, architecture.vocabulary()).toArray();
      int[] answers = random.ints(1 + i % 3, 5, architecture.vocabulary()).toArray();
      prompts.add(
          new EncodedPrompt(
              "r" + i % 2,
              "f" + i,
              i,
              architecture.causal() ? List.of(causal(tokens, answers)) : masked(tokens, answers)));
    }
    return prompts;
  }

  /** One context: each answer token is predicted at the position before it. */
  private static AnswerContext causal(int[] tokens, int[] answers) {
    int[] all = Arrays.copyOf(tokens, tokens.length + answers.length - 1);
    int[] positions = new int[answers.length];
    for (int j = 0; j < answers.length; j++) {
      positions[j] = tokens.length - 1 + j;
      if (j > 0) {
        all[tokens.length - 1 + j] = answers[j - 1];
      }
    }
    return new AnswerContext(all, positions, answers);
  }

  /** A context per answer token, at positions 1, 2, .., those before it filled in. */
  private static List<AnswerContext> masked(int[] tokens, int[] answers) {
    List<AnswerContext> contexts = new ArrayList<>();
    for (int j = 0; j < answers.length; j++) {
      int[] filled = tokens.clone();
      System.arraycopy(answers, 0, filled, 1, j);
      contexts.add(new AnswerContext(filled, new int[] {1 + j}, new int[] {answers[j]}));
    }
    return contexts;
  }
}
