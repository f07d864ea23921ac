package io.github.ffncensus.analysis;

import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.TokenSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Sequences of random tokens, of all lengths that a model takes. */
public final class RandomSequences {
  private RandomSequences() {}

  /** About every fifth repeats an earlier one; some start or end with a special token, or both. */
  public static List<TokenSequence> of(Architecture architecture, int count, long seed) {
    Random random = new Random(seed);
    List<TokenSequence> sequences = new ArrayList<>();
    for (int id = 0; id < count; id++) {
      if (id > 0 && random.nextInt(5) == 0) {
        TokenSequence earlier = sequences.get(random.nextInt(id));
        sequences.add(new TokenSequence(id, earlier.tokens(), earlier.special()));
      } else {
        sequences.add(random(architecture, id, random));
      }
    }
    return sequences;
  }

  private static TokenSequence random(Architecture architecture, int id, Random random) {
    int length = 1 + random.nextInt(architecture.maxSequenceTokens());
    boolean[] special = new boolean[length];
    special[0] = random.nextBoolean();
    special[length - 1] |= random.nextBoolean();
    int[] tokens = random.ints(length, 0, architecture.vocabulary()).toArray();
    return new TokenSequence(id, tokens, special);
  }
}
