package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
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
   * @param beforeChange called before each file is moved or removed, from several threads at once;
   *     throws if this driver may not
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
      Map<String, Long> published = lengths(fs, target);
      List<String> toMove = missing(staged, published, target, files);
      InheritedPermissions.mkdirs(fs, target);
      removeOthers(target, published.keySet(), files, toMove);
      for (Path parent : parents(target, toMove)) {
        InheritedPermissions.mkdirs(fs, parent);
      }
      StoreCalls.forEach(fs, target, toMove, name -> move(staged, target, name, table));
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  private void move(Path staged, Path target, String name, String table) throws IOException {
    Path source = new Path(staged, name);
    Path destination = new Path(target, name);
    InheritedPermissions.file(fs, source, destination.getParent());
    beforeChange.run();
    if (!fs.rename(source, destination)) {
      throw CensusException.runFailed(
          "%s: cannot be moved to %s; run the same command again".formatted(source, target));
    }
    FaultPoint.BETWEEN_TABLE_MOVES.reached(table);
  }

  private static Set<Path> parents(Path target, List<String> names) {
    return names.stream()
        .map(name -> new Path(target, name).getParent())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private List<String> missing(
      Path staged, Map<String, Long> published, Path target, List<TableFile> files)
      throws IOException {
    Map<String, Long> inStaging = lengths(fs, staged);
    List<String> toMove = new ArrayList<>();
    for (TableFile file : files) {
      if (inStaging.getOrDefault(file.name(), -1L) == file.bytes()) {
        toMove.add(file.name());
      } else if (published.getOrDefault(file.name(), -1L) != file.bytes()) {
        throw CensusException.runFailed(
            "%s: the finished file of %,d bytes is lost; run again with --force"
                .formatted(new Path(staged, file.name()), file.bytes()));
      }
    }
    return toMove;
  }

  private void removeOthers(
      Path target, Set<String> published, List<TableFile> files, List<String> toMove)
      throws IOException {
    Set<String> others = new TreeSet<>(published);
    files.forEach(file -> others.remove(file.name()));
    toMove.stream().filter(published::contains).forEach(others::add);
    StoreCalls.forEach(
        fs,
        target,
        others,
        name -> {
          beforeChange.run();
          fs.delete(new Path(target, name), false);
        });
  }

  /**
   * The lengths of all files under a folder, by their names relative to it; none if the folder does
   * not exist. In one listing: there may be as many files as shards.
   */
  static Map<String, Long> lengths(FileSystem fs, Path folder) throws IOException {
    Map<String, Long> lengths = new HashMap<>();
    if (!fs.exists(folder)) {
      return lengths;
    }
    int prefix = fs.makeQualified(folder).toUri().getPath().length() + 1;
    RemoteIterator<LocatedFileStatus> files = fs.listFiles(folder, true);
    while (files.hasNext()) {
      LocatedFileStatus file = files.next();
      lengths.put(file.getPath().toUri().getPath().substring(prefix), file.getLen());
    }
    return lengths;
  }

  private static CensusException failure(Path path, IOException e) {
    return CensusException.runFailed(
        "%s: cannot be published: %s; run the same command again".formatted(path, e.getMessage()),
        e);
  }
}
