package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Where one run keeps its files in the warehouse. Folders that start with {@code _} are invisible
 * to table readers.
 */
public final class RunFolder implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String warehouse;
  private final String runId;

  public RunFolder(String warehouse, String runId) {
    this.warehouse = warehouse;
    this.runId = runId;
  }

  /**
   * The folder with scheme and absolute path, as executors need it: their working folder and
   * default file system may differ.
   *
   * @throws CensusException of kind CONFIGURATION if the warehouse is no path of a known file
   *     system
   */
  public static RunFolder qualified(Configuration hadoop, String warehouse, String runId) {
    try {
      Path path = new Path(warehouse);
      return new RunFolder(path.getFileSystem(hadoop).makeQualified(path).toString(), runId);
    } catch (IOException | RuntimeException e) {
      // Hadoop wraps a file system class that is not there in a bare RuntimeException.
      throw CensusException.configuration(
          "census.warehouse = %s: not a usable path (%s)".formatted(warehouse, e.getMessage()), e);
    }
  }

  /** Another run in the same warehouse. */
  public RunFolder sibling(String otherRunId) {
    return new RunFolder(warehouse, otherRunId);
  }

  public Path warehouse() {
    return new Path(warehouse);
  }

  public String runId() {
    return runId;
  }

  /** The run's partition of a table. */
  public Path table(String table) {
    return new Path(new Path(warehouse(), table), "run_id=" + runId);
  }

  /** Files of a stage that are not published yet. */
  public Path staging(String stage) {
    return new Path(staging(), stage);
  }

  Path staging() {
    return new Path(new Path(warehouse(), "_staging"), runId);
  }

  public Path manifest() {
    return new Path(runs(), "manifest.json");
  }

  /** A page about the run, for people. */
  public Path report() {
    return new Path(runs(), "report.html");
  }

  /** The file that says which driver works on the run. */
  Path lock() {
    return new Path(runs(), "driver.lock");
  }

  public Path shardPlan() {
    return new Path(runs(), "shards.json");
  }

  /** The folders of all runs in this warehouse, by name. */
  public List<RunFolder> allRuns(Configuration hadoop) {
    Path all = runs().getParent();
    try {
      FileSystem fs = all.getFileSystem(hadoop);
      if (!fs.exists(all)) {
        return List.of();
      }
      return Stream.of(fs.listStatus(all))
          .filter(FileStatus::isDirectory)
          .map(run -> new RunFolder(warehouse, run.getPath().getName()))
          .sorted(Comparator.comparing(RunFolder::runId))
          .toList();
    } catch (IOException e) {
      throw CensusException.configuration(
          "census.warehouse = %s: cannot be read (%s)".formatted(warehouse, e.getMessage()), e);
    }
  }

  private Path runs() {
    return new Path(new Path(warehouse(), "_runs"), runId);
  }
}
