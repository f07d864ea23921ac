package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.CensusException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsAction;

/** Finds the files that a key of the configuration names. */
public final class CorpusInputs {
  /** More files are only found unreadable when they are read; asking takes a call each. */
  private static final int ACCESS_CHECKS = 100;

  private final Configuration hadoop;
  private final String key;
  private final TreeMap<String, FileStatus> files = new TreeMap<>();
  private int accessChecks;

  private CorpusInputs(Configuration hadoop, String key) {
    this.hadoop = hadoop;
    this.key = key;
  }

  /**
   * The files that paths, folders and globs name, each once, in the order of their paths. In
   * folders and globs, what is hidden (its name begins with a dot or an underscore) is left out.
   *
   * @param key that names them, for messages
   * @throws CensusException of kind INPUT if an input does not exist, matches nothing, or may not
   *     be read
   */
  public static List<CorpusInput> list(Configuration hadoop, String key, List<String> inputs) {
    CorpusInputs found = new CorpusInputs(hadoop, key);
    for (String input : inputs) {
      try {
        found.add(input);
      } catch (CensusException e) {
        throw e;
      } catch (IOException | RuntimeException e) {
        // Hadoop wraps a file system class that is not there in a bare RuntimeException.
        throw CensusException.input(key + ": " + input + " cannot be read: " + e.getMessage(), e);
      }
    }
    return found.named();
  }

  private void add(String input) throws IOException {
    Path path = new Path(input);
    FileSystem fs = path.getFileSystem(hadoop);
    FileStatus[] matches;
    boolean glob = false;
    try {
      // First as it stands: a file name may well contain what a glob would take for a class.
      matches = new FileStatus[] {fs.getFileStatus(path)};
    } catch (FileNotFoundException e) {
      matches = fs.globStatus(path);
      glob = true;
    }
    int before = files.size();
    boolean known = false;
    for (FileStatus match : matches == null ? new FileStatus[0] : matches) {
      if (!glob || !isHidden(match)) {
        known |= files.containsKey(match.getPath().toString());
        addTree(fs, match);
      }
    }
    if (files.size() == before && !known) {
      throw CensusException.input(
          matches == null || glob
              ? key + ": there is no file " + input + ", nor any that it matches as a glob"
              : key + ": the folder " + input + " has no file in it");
    }
  }

  private void addTree(FileSystem fs, FileStatus status) throws IOException {
    if (accessChecks < ACCESS_CHECKS) {
      accessChecks++;
      fs.access(status.getPath(), status.isDirectory() ? FsAction.READ_EXECUTE : FsAction.READ);
    }
    if (!status.isDirectory()) {
      files.put(status.getPath().toString(), status);
      return;
    }
    for (FileStatus child : fs.listStatus(status.getPath())) {
      if (!isHidden(child)) {
        addTree(fs, child);
      }
    }
  }

  private static boolean isHidden(FileStatus status) {
    String name = status.getPath().getName();
    return name.startsWith(".") || name.startsWith("_");
  }

  private List<CorpusInput> named() {
    List<CorpusInput> named = new ArrayList<>(files.size());
    int common = files.isEmpty() ? 0 : commonFolder(files.firstKey(), files.lastKey());
    files.forEach(
        (path, status) ->
            named.add(new CorpusInput(path, path.substring(common), status.getLen())));
    return named;
  }

  /** Length of the folders that the first and the last path, and so all between, begin with. */
  private static int commonFolder(String first, String last) {
    int common = 0;
    for (int i = 0; i < Math.min(first.length(), last.length()); i++) {
      if (first.charAt(i) != last.charAt(i)) {
        return common;
      }
      if (first.charAt(i) == '/') {
        common = i + 1;
      }
    }
    // One and the same path, or one is the beginning of the other.
    return common;
  }
}
