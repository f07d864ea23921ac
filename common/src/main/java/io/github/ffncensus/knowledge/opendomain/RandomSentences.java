package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.knowledge.opendomain.FactMentions.Found;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which sequences of the pool each fact has drawn: of those it may draw, the ones with the smallest
 * hashes of seed, sequence and fact. Only the largest of these hashes is kept per fact.
 */
public final class RandomSentences implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final long NOTHING = -1;

  private final RandomPool pool;
  private final long[] keys;
  private final long[] bounds;

  /**
   * A sequence of the pool in which a word can be read.
   *
   * @param names see {@link Found#names}
   */
  public record PoolText(long sequenceId, int[] names) implements Serializable {}

  private RandomSentences(RandomPool pool, long[] keys, long[] bounds) {
    this.pool = pool;
    this.keys = keys;
    this.bounds = bounds;
  }

  /**
   * Draws for all facts.
   *
   * @param texts all of the pool that some fact may draw, in any order
   * @param facts as they were given to {@code mentions}
   * @param wanted per fact how many sequences; it gets fewer where the pool has fewer
   */
  public static RandomSentences draw(
      RandomPool pool,
      List<PoolText> texts,
      List<FactNames> facts,
      FactMentions mentions,
      int[] wanted) {
    long[] keys = facts.stream().mapToLong(FactNames::key).toArray();
    List<Set<Integer>> names =
        texts.stream()
            .map(text -> Arrays.stream(text.names()).boxed().collect(Collectors.toSet()))
            .toList();
    long[] bounds =
        IntStream.range(0, wanted.length)
            .parallel()
            .mapToLong(
                fact -> {
                  PriorityQueue<Long> least = new PriorityQueue<>(Collections.reverseOrder());
                  for (int t = 0; t < texts.size() && wanted[fact] > 0; t++) {
                    long order = pool.order(texts.get(t).sequenceId(), keys[fact]);
                    boolean fits = least.size() < wanted[fact];
                    if ((fits || order < least.peek())
                        && admits(pool, mentions, fact, names.get(t))) {
                      least.add(order);
                      if (!fits) {
                        least.remove();
                      }
                    }
                  }
                  return least.isEmpty() ? NOTHING : least.peek();
                })
            .toArray();
    return new RandomSentences(pool, keys, bounds);
  }

  private static boolean admits(
      RandomPool pool, FactMentions mentions, int fact, Set<Integer> names) {
    return pool.source() == RandomPool.Source.MENTIONS || !mentions.isNamed(fact, names);
  }

  /**
   * Whether a fact has drawn a sequence of the pool.
   *
   * @param found what the sequence mentions
   */
  boolean isDrawn(int fact, long sequenceId, FactMentions mentions, Found found) {
    return pool.order(sequenceId, keys[fact]) <= bounds[fact]
        && admits(pool, mentions, fact, found.names());
  }
}
