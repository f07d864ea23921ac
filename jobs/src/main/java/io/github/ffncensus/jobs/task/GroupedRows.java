package io.github.ffncensus.jobs.task;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.api.java.function.PairFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/** Brings the rows of each group together in a partition of their own. */
final class GroupedRows {
  private GroupedRows() {}

  /**
   * What the task makes of each group, an element per partition, in the order of the groups.
   *
   * @param column of the group's number, an INT; rows of other groups are left out
   */
  static <T extends Serializable> JavaRDD<T> map(
      Dataset<Row> rows,
      String column,
      List<Integer> groups,
      Function2<Integer, List<Row>, T> task) {
    return rows.filter(rows.col(column).isin(groups.toArray()))
        .javaRDD()
        .mapToPair(new ByGroup(column))
        .partitionBy(new Groups(groups))
        .values()
        .mapPartitionsWithIndex(new OfGroup<>(new ArrayList<>(groups), task), false);
  }

  private static final class ByGroup implements PairFunction<Row, Integer, Row> {
    private static final long serialVersionUID = 1L;

    private final String column;

    ByGroup(String column) {
      this.column = column;
    }

    @Override
    public Tuple2<Integer, Row> call(Row row) {
      return new Tuple2<>(row.getInt(row.fieldIndex(column)), row);
    }
  }

  /** A partition per group. */
  private static final class Groups extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final HashMap<Object, Integer> partitions = new HashMap<>();

    Groups(List<Integer> groups) {
      groups.forEach(group -> partitions.put(group, partitions.size()));
    }

    @Override
    public int numPartitions() {
      return partitions.size();
    }

    @Override
    public int getPartition(Object group) {
      return partitions.get(group);
    }
  }

  private static final class OfGroup<T> implements Function2<Integer, Iterator<Row>, Iterator<T>> {
    private static final long serialVersionUID = 1L;

    private final ArrayList<Integer> groups;
    private final Function2<Integer, List<Row>, T> task;

    OfGroup(ArrayList<Integer> groups, Function2<Integer, List<Row>, T> task) {
      this.groups = groups;
      this.task = task;
    }

    @Override
    public Iterator<T> call(Integer partition, Iterator<Row> rows) throws Exception {
      List<Row> all = new ArrayList<>();
      rows.forEachRemaining(all::add);
      return List.of(task.call(groups.get(partition), all)).iterator();
    }
  }
}
