package io.github.ffncensus.jobs.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.jobs.run.AtomicFile;
import io.github.ffncensus.jobs.run.StoreCalls;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
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

  private final Configuration hadoop;
  private final FileSystem fs;
  private final Path folder;
  private final Class<R> type;

  private TaskRecords(Configuration hadoop, FileSystem fs, Path folder, Class<R> type) {
    this.hadoop = hadoop;
    this.fs = fs;
    this.folder = folder;
    this.type = type;
  }

  /**
   * @param folder of these records alone
   * @throws CensusException of kind RUN_FAILED if its file system cannot be reached
   */
  public static <R> TaskRecords<R> open(Configuration hadoop, Path folder, Class<R> type) {
    try {
      return new TaskRecords<>(hadoop, folder.getFileSystem(hadoop), folder, type);
    } catch (IOException e) {
      throw CensusException.runFailed("cannot open " + folder, e);
    }
  }

  /**
   * What is recorded of tasks, by their numbers. A task whose record cannot be made sense of counts
   * as not recorded: a machine that lost its power may leave an empty file, and to compute one task
   * again costs less than the stage.
   *
   * @param tasks the numbers to look for
   */
  public SortedMap<Integer, R> find(Set<Integer> tasks) {
    SortedMap<Integer, R> found = Collections.synchronizedSortedMap(new TreeMap<>());
    try {
      Set<String> present = names();
      List<Integer> recorded =
          tasks.stream().filter(task -> present.contains(file(task).getName())).toList();
      StoreCalls.forEach(
          fs,
          folder,
          recorded,
          task -> read(file(task)).ifPresent(record -> found.put(task, record)));
    } catch (IOException e) {
      throw CensusException.runFailed(
          folder
              + " cannot be read: "
              + e.getMessage()
              + "; run the stage that wrote it with --force",
          e);
    }
    return found;
  }

  /** One listing instead of a question for each of so many files. */
  private Set<String> names() throws IOException {
    try {
      return Arrays.stream(fs.listStatus(folder))
          .map(status -> status.getPath().getName())
          .collect(Collectors.toSet());
    } catch (FileNotFoundException e) {
      return Set.of();
    }
  }

  private Optional<R> read(Path file) throws IOException {
    try (InputStream in = fs.open(file)) {
      return Optional.ofNullable(JSON.readValue(in, type));
    } catch (JsonProcessingException | ChecksumException e) {
      LOG.warn("{} is damaged; its task is computed again", file);
      return Optional.empty();
    }
  }

  /** Records a task. A reader sees the whole record or none. */
  public void write(int task, R record) {
    Path file = file(task);
    FaultPoint.BEFORE_RECORD.reached(place(task));
    try {
      new AtomicFile(hadoop, file).write(JSON.writeValueAsBytes(record));
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
