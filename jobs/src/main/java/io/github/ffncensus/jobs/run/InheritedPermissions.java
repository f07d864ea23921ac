package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * The rule for whatever a run publishes, and for the folders in which it prepares that: a new
 * folder gets the permissions of the folder that it is in, and a file those too, without leave to
 * execute. So all of a run is as open, or as closed, as the warehouse, whatever the umask of the
 * process that writes it. Owners and groups are the file system's affair: HDFS, and a local folder
 * with the setgid bit, pass on the group.
 */
public final class InheritedPermissions {
  private static final int READ_WRITE_EXECUTE = 0777;
  private static final int READ_WRITE = 0666;

  private InheritedPermissions() {}

  /**
   * Makes a folder for staged files, and those above it that are missing. Nothing is made where
   * folders have no permissions, as on object stores: there files need no folder.
   *
   * @throws CensusException of kind RUN_FAILED if it cannot be made
   */
  public static void folder(Configuration hadoop, Path folder) {
    try {
      FileSystem fs = folder.getFileSystem(hadoop);
      if (hasPermissions(fs, folder)) {
        mkdirs(fs, folder);
      }
    } catch (IOException e) {
      throw CensusException.cannotWrite(folder, e);
    }
  }

  /** Makes a folder, and those above it that are missing. */
  static void mkdirs(FileSystem fs, Path folder) throws IOException {
    if (!hasPermissions(fs, folder)) {
      fs.mkdirs(folder);
      return;
    }
    if (fs.exists(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent == null) {
      return;
    }
    mkdirs(fs, parent);
    fs.mkdirs(folder);
    set(fs, folder, bits(fs, parent) & READ_WRITE_EXECUTE);
  }

  /** To be called for a file that this process has made. */
  static void file(FileSystem fs, Path file, Path folder) throws IOException {
    if (hasPermissions(fs, file)) {
      set(fs, file, bits(fs, folder) & READ_WRITE);
    }
  }

  /** Object stores have none, nor folders: one may be gone while its only file is replaced. */
  private static boolean hasPermissions(FileSystem fs, Path path) throws IOException {
    return fs.hasPathCapability(path, CommonPathCapabilities.FS_PERMISSIONS);
  }

  /** The same without Hadoop. */
  static void localFile(java.nio.file.Path file) throws IOException {
    if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    Set<PosixFilePermission> permissions =
        EnumSet.copyOf(Files.getPosixFilePermissions(file.toAbsolutePath().getParent()));
    permissions.removeAll(
        EnumSet.of(
            PosixFilePermission.OWNER_EXECUTE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_EXECUTE));
    if (!permissions.equals(Files.getPosixFilePermissions(file))) {
      Files.setPosixFilePermissions(file, permissions);
    }
  }

  private static int bits(FileSystem fs, Path path) throws IOException {
    return fs.getFileStatus(path).getPermission().toShort();
  }

  private static void set(FileSystem fs, Path path, int bits) throws IOException {
    if ((bits(fs, path) & READ_WRITE_EXECUTE) != bits) {
      fs.setPermission(path, new FsPermission((short) bits));
    }
  }
}
