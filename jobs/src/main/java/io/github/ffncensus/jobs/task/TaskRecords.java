package io.github.ffncensus.jobs.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.jobs.run.InheritedPermissions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of finished tasks, a small JSON file each, written by the driver alone. A recorded
 * task is never computed again.
 *
 * @param <R> what a task left, a record class of simple components
 */
public final class TaskRecords<R> {
  private static final Logger LOG = LoggerFactory.getLogger(TaskRecords.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FileSystem fs;
  private final Path folder;
  private final Class<R> type;

  private TaskRecords(FileSystem fs, Path folder, Class<R> type) {
    this.fs = fs;
    this.folder = folder;
    this.type = type;
  }

  /**
   * @param folder of these records alone
   * @throws CensusException of kind RUN_FAILED if its file system cannot be reached
   */
  public static <R> TaskRecords<R> open(Configuration hadoop, Path folder, Class<R> type) {
    InheritedPermissions.folder(hadoop, folder);
    try {
      return new TaskRecords<>(folder.getFileSystem(hadoop), folder, type);
    } catch (IOException e) {
      throw CensusException.runFailed("cannot open " + folder, e);
    }
  }

  /**
   * What is recorded of a task; nothing, if the record cannot be made sense of: a machine that lost
   * its power may leave an empty file, and to compute one task again costs less than the stage.
   *
   * @param task its number
   */
  public Optional<R> find(int task) {
    Path file = file(task);
    try {
      if (!fs.exists(file)) {
        return Optional.empty();
      }
      Optional<R> record = read(file);
      if (record.isEmpty()) {
        LOG.warn("{} is damaged; its task is computed again", file);
        // Not every file system renames onto a file that is there.
        fs.delete(file, false);
      }
      return record;
    } catch (IOException e) {
      throw CensusException.runFailed(
          file
              + " cannot be read: "
              + e.getMessage()
              + "; run the stage that wrote it with --force",
          e);
    }
  }

  private Optional<R> read(Path file) throws IOException {
    try (InputStream in = fs.open(file)) {
      return Optional.ofNullable(JSON.readValue(in, type));
    } catch (JsonProcessingException | ChecksumException e) {
      return Optional.empty();
    }
  }

  /** Records a task. A reader sees the whole record or none. */
  public void write(int task, R record) {
    Path file = file(task);
    Path aside = new Path(folder, "_" + file.getName());
    FaultPoint.BEFORE_RECORD.reached(place(task));
    try {
      try (OutputStream out = fs.create(aside, true)) {
        JSON.writeValue(out, record);
      }
      if (!fs.rename(aside, file)) {
        throw new IOException("cannot rename " + aside);
      }
    } catch (IOException e) {
      throw CensusException.runFailed(
          "cannot record " + file + ": " + e.getMessage() + "; run the same command again", e);
    }
    FaultPoint.AFTER_RECORD.reached(place(task));
  }

  private String place(int task) {
    return folder.getName() + ":" + task;
  }

  private Path file(int task) {
    return new Path(folder, "%05d.json".formatted(task));
  }
}
