package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.SeededHash;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The relations of a run and how many facts each has: all that is needed to draw facts at random.
 * Draws depend on a seed and on what they are for, not on who makes them.
 *
 * @param names in order
 * @param facts of each
 */
public record Relations(List<String> names, List<Integer> facts) implements Serializable {

  /**
   * A fact.
   *
   * @param ordinal its place among the relation's facts in the order of their ids, from 0
   */
  public record Place(String relation, int ordinal) implements Serializable {}

  public Relations {
    names = List.copyOf(names);
    facts = List.copyOf(facts);
  }

  /**
   * @param facts rows of {@link FactRows#facts}
   */
  public static Relations of(Dataset<Row> facts) {
    Map<String, Integer> counts = new TreeMap<>();
    for (Row row : facts.groupBy("relation").count().collectAsList()) {
      counts.put(row.getString(0), Math.toIntExact(row.getLong(1)));
    }
    return new Relations(List.copyOf(counts.keySet()), List.copyOf(counts.values()));
  }

  public int index(String relation) {
    return names.indexOf(relation);
  }

  public int facts(String relation) {
    return facts.get(index(relation));
  }

  /** A number of the fact among all, from 0. */
  public long number(Place fact) {
    long before = 0;
    for (int r = 0; r < index(fact.relation()); r++) {
      before += facts.get(r);
    }
    return before + fact.ordinal();
  }

  public long totalFacts() {
    return facts.stream().mapToLong(Integer::longValue).sum();
  }

  /**
   * Different facts, each uniform from a relation that is uniform among the others; fewer if there
   * are no more.
   */
  public List<Place> ofOtherRelations(String relation, int count, long seed, long key) {
    long others = totalFacts() - facts(relation);
    List<Place> drawn = new ArrayList<>();
    for (long draw = 0; drawn.size() < Math.min(count, others); draw++) {
      int index = SeededHash.below(names.size() - 1, seed, key, draw, 0);
      int other = index < index(relation) ? index : index + 1;
      int ordinal = SeededHash.below(facts.get(other), seed, key, draw, 1);
      Place place = new Place(names.get(other), ordinal);
      if (!drawn.contains(place)) {
        drawn.add(place);
      }
    }
    return drawn;
  }

  /** Different facts of the same relation, uniform among the others; fewer if there are no more. */
  public List<Place> siblings(Place fact, int count, long seed, long key) {
    int others = facts(fact.relation()) - 1;
    List<Place> drawn = new ArrayList<>();
    for (long draw = 0; drawn.size() < Math.min(count, others); draw++) {
      int index = SeededHash.below(others, seed, key, draw);
      Place place = new Place(fact.relation(), index < fact.ordinal() ? index : index + 1);
      if (!drawn.contains(place)) {
        drawn.add(place);
      }
    }
    return drawn;
  }
}
