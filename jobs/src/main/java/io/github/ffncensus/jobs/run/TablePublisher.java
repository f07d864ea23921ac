package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.table.TableFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Moves finished files from staging to their table. After a crash, publishing the same files again
 * completes it. The run becomes visible by its manifest only, which is written later.
 */
public final class TablePublisher {

  private final RunFolder folder;
  private final FileSystem fs;
  private final Runnable beforeChange;

  /** For a run that no other driver works on. */
  public TablePublisher(Configuration hadoop, RunFolder folder) {
    this(hadoop, folder, () -> {});
  }

  /**
   * @param beforeChange called before each file is moved or removed; throws if this driver may not
   */
  public TablePublisher(Configuration hadoop, RunFolder folder, Runnable beforeChange) {
    this.folder = folder;
    this.beforeChange = beforeChange;
    try {
      this.fs = folder.warehouse().getFileSystem(hadoop);
    } catch (IOException e) {
      throw failure(folder.warehouse(), e);
    }
  }

  /**
   * Makes the run's partition of a table consist of exactly these files. Files of an earlier
   * attempt are removed.
   *
   * @param staged folder that holds those of the files that are not in the table yet
   * @throws CensusException of kind RUN_FAILED if a file is neither staged nor published in its
   *     recorded length; nothing has been moved or removed then
   */
  public void publish(Path staged, String table, List<TableFile> files) {
    Path target = folder.table(table);
    try {
      List<String> toMove = missing(staged, target, files);
      InheritedPermissions.mkdirs(fs, target);
      removeOthers(target, files, toMove);
      for (String name : toMove) {
        Path destination = new Path(target, name);
        InheritedPermissions.mkdirs(fs, destination.getParent());
        InheritedPermissions.file(fs, new Path(staged, name), destination.getParent());
        beforeChange.run();
        if (!fs.rename(new Path(staged, name), destination)) {
          throw CensusException.runFailed(
              "%s: cannot be moved to %s; run the same command again"
                  .formatted(new Path(staged, name), target));
        }
        FaultPoint.BETWEEN_TABLE_MOVES.reached(table);
      }
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  private List<String> missing(Path staged, Path target, List<TableFile> files) throws IOException {
    List<String> toMove = new ArrayList<>();
    for (TableFile file : files) {
      if (length(new Path(staged, file.name())) == file.bytes()) {
        toMove.add(file.name());
      } else if (length(new Path(target, file.name())) != file.bytes()) {
        throw CensusException.runFailed(
            "%s: the finished file of %,d bytes is lost; run again with --force"
                .formatted(new Path(staged, file.name()), file.bytes()));
      }
    }
    return toMove;
  }

  private void removeOthers(Path target, List<TableFile> files, List<String> toMove)
      throws IOException {
    Set<String> kept = files.stream().map(TableFile::name).collect(Collectors.toSet());
    toMove.forEach(kept::remove);
    for (String name : names(fs, target)) {
      if (!kept.contains(name)) {
        beforeChange.run();
        fs.delete(new Path(target, name), false);
      }
    }
  }

  /** The names of all files under a folder, relative to it; none if the folder does not exist. */
  static List<String> names(FileSystem fs, Path folder) throws IOException {
    List<String> names = new ArrayList<>();
    if (!fs.exists(folder)) {
      return names;
    }
    int prefix = fs.makeQualified(folder).toUri().getPath().length() + 1;
    RemoteIterator<LocatedFileStatus> files = fs.listFiles(folder, true);
    while (files.hasNext()) {
      names.add(files.next().getPath().toUri().getPath().substring(prefix));
    }
    return names;
  }

  private long length(Path file) throws IOException {
    try {
      FileStatus status = fs.getFileStatus(file);
      return status.isFile() ? status.getLen() : -1;
    } catch (FileNotFoundException e) {
      return -1;
    }
  }

  private static CensusException failure(Path path, IOException e) {
    return CensusException.runFailed(
        "%s: cannot be published: %s; run the same command again".formatted(path, e.getMessage()),
        e);
  }
}
