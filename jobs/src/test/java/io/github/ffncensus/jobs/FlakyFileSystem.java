package io.github.ffncensus.jobs;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The local file system, on which chosen files fail to open, or to be made, twice each. */
public final class FlakyFileSystem extends LocalFileSystem {
  private static final String PATHS = "test.flaky.paths";
  private static final Set<String> FAILED = ConcurrentHashMap.newKeySet();

  /**
   * @param paths regular expression of the files
   */
  public static void install(Configuration hadoop, String paths) {
    hadoop.set("fs.file.impl", FlakyFileSystem.class.getName());
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    hadoop.set(PATHS, paths);
    FAILED.clear();
  }

  /** Names of what has failed so far, without the number of the attempt. */
  public static Set<String> failed() {
    return FAILED;
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    failTwice(path);
    return super.open(path, bufferSize);
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    failTwice(path);
    return super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
  }

  private void failTwice(Path path) throws IOException {
    String name = path.toUri().getPath();
    // Attempts at one file differ in the last number of its name only.
    String file = name.replaceFirst("-\\d+(?=\\.\\w+$)", "");
    if (name.matches(getConf().get(PATHS))
        && (FAILED.add(file + " once") || FAILED.add(file + " twice"))) {
      throw new IOException("flaky: " + name);
    }
  }
}
