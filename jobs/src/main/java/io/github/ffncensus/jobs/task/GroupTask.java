package io.github.ffncensus.jobs.task;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;

/** Work on the rows of one group, in a task. */
@FunctionalInterface
public interface GroupTask extends Serializable {

  /**
   * Leaves its files in staging.
   *
   * @param group its number
   * @param rows in no particular order; none if the group is empty
   */
  GroupFiles call(int group, List<Row> rows) throws IOException;
}
