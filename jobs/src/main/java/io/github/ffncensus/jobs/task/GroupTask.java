package io.github.ffncensus.jobs.task;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * Work on the rows of one group, in a task.
 *
 * @param <R> what it tells the driver
 */
@FunctionalInterface
public interface GroupTask<R extends Serializable> extends Serializable {

  /**
   * @param group its number
   * @param rows in no particular order; none if the group is empty
   */
  R call(int group, List<Row> rows) throws IOException;
}
