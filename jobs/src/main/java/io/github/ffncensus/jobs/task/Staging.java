package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.run.InheritedPermissions;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Where the tasks of a stage leave their files until the driver publishes them.
 *
 * @param folder of the stage
 * @param driver tells this driver from those before it, whose last tasks may still be writing
 */
public record Staging(
    Broadcast<SerializableConfiguration> configuration, String folder, String driver)
    implements Serializable {

  public static Staging open(JavaSparkContext spark, Path folder) {
    return new Staging(
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration())),
        folder.toString(),
        Long.toString(System.currentTimeMillis(), Character.MAX_RADIX));
  }

  public Configuration hadoop() {
    return configuration.value().value();
  }

  /** A file, in a subfolder that is made if need be, as open as the warehouse. */
  public Path file(String subfolder, String name) {
    Path parent = new Path(folder, subfolder);
    InheritedPermissions.folder(hadoop(), parent);
    return new Path(parent, name);
  }

  /** The running attempt at a task, for the names of its files: no two attempts share one. */
  public String attempt() {
    return driver + "-" + TaskContext.get().taskAttemptId();
  }
}
