package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import java.io.Serializable;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;

/**
 * The work of a part of a stage, in pieces whose numbers are a function of the run.
 *
 * @param part name of the part and of its records
 * @param ofCorpus whether the pieces are shards of the corpus
 * @param holds says what is in a piece
 */
public record PartWork<W extends Serializable>(
    String part, boolean ofCorpus, TreeMap<Integer, W> pieces, Function<W, String> holds) {

  /** Pieces that know their numbers. */
  public static <W extends Serializable> PartWork<W> of(
      String part, List<W> work, ToIntFunction<W> number, Function<W, String> holds) {
    TreeMap<Integer, W> pieces = new TreeMap<>();
    work.forEach(piece -> pieces.put(number.applyAsInt(piece), piece));
    return new PartWork<>(part, false, pieces, holds);
  }

  /** Pieces that are known by their numbers alone, from 0 to {@code count} - 1. */
  public static PartWork<Integer> numbered(String part, int count, IntFunction<String> holds) {
    TreeMap<Integer, Integer> pieces = new TreeMap<>();
    for (int number = 0; number < count; number++) {
      pieces.put(number, number);
    }
    return new PartWork<>(part, false, pieces, number -> holds.apply(number));
  }

  /** Shards of the corpus, under their own numbers whatever is left out. */
  public static PartWork<Shard> ofCorpus(
      String part, List<Shard> shards, Function<Shard, String> holds) {
    TreeMap<Integer, Shard> pieces = new TreeMap<>();
    shards.forEach(shard -> pieces.put(shard.index(), shard));
    return new PartWork<>(part, true, pieces, holds);
  }

  /** How {@code --skip-shards} names a piece. */
  String option(int number) {
    return ofCorpus ? Integer.toString(number) : part + ":" + number;
  }
}
