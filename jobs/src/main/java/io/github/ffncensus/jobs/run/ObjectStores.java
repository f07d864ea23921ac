package io.github.ffncensus.jobs.run;

import java.io.IOException;
import java.util.Set;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Stores of objects under the interface of a file system: a file is there when it is closed, whole,
 * in place of an earlier one; a rename is a copy and a deletion.
 */
final class ObjectStores {
  // Of connectors that do not tell.
  private static final Set<String> SCHEMES =
      Set.of("s3a", "s3", "s3n", "gs", "oss", "cosn", "obs", "swift");

  private ObjectStores() {}

  /** Whether a path lies in such a store. */
  static boolean contain(FileSystem fs, Path path) throws IOException {
    return SCHEMES.contains(fs.getUri().getScheme())
        || fs.hasPathCapability(path, CommonPathCapabilities.ABORTABLE_STREAM);
  }
}
