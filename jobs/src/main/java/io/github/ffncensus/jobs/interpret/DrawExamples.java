package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.jobs.ingest.ShardPlan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Task: keeps the examples with the smallest keys of each neuron and band, from candidates of all
 * pieces sorted by neuron, band and key.
 */
final class DrawExamples implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final int perBand;
  private final ShardPlan plan;

  DrawExamples(int perBand, ShardPlan plan) {
    this.perBand = perBand;
    this.plan = plan;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> candidates) {
    return new Iterator<>() {
      private Iterator<Row> drawn = Collections.emptyIterator();
      private Row next = candidates.hasNext() ? candidates.next() : null;

      @Override
      public boolean hasNext() {
        return drawn.hasNext() || next != null;
      }

      @Override
      public Row next() {
        if (!drawn.hasNext()) {
          drawn = band().iterator();
        }
        return drawn.next();
      }

      /** All candidates of one neuron and band. */
      private List<Row> band() {
        if (next == null) {
          throw new NoSuchElementException();
        }
        Row first = next;
        List<Row> kept = new ArrayList<>();
        Set<Integer> pieces = new HashSet<>();
        long seen = 0;
        while (next != null && sameBand(first, next)) {
          if (kept.size() < perBand) {
            kept.add(next);
          }
          if (pieces.add(next.getInt(8))) {
            seen += next.getLong(9);
          }
          next = candidates.hasNext() ? candidates.next() : null;
        }
        List<Row> rows = new ArrayList<>();
        for (Row row : kept) {
          rows.add(row(row, rows.size() + 1, seen));
        }
        return rows;
      }
    };
  }

  private static boolean sameBand(Row a, Row b) {
    return a.getInt(1) == b.getInt(1) && a.getInt(2) == b.getInt(2) && a.getInt(3) == b.getInt(3);
  }

  private Row row(Row candidate, int example, long positionsInBand) {
    return RowFactory.create(
        plan.placeOf(candidate.getLong(6)),
        candidate.getInt(1),
        candidate.getInt(2),
        candidate.getInt(3),
        example,
        candidate.getFloat(5),
        candidate.getLong(6),
        candidate.getInt(7),
        positionsInBand);
  }
}
