package io.github.ffncensus;

import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The folder into which DJL unpacks its native libraries, and from which it loads them: whoever can
 * write there can run code as this user. DJL itself takes any folder that it finds.
 */
public final class NativeCache {
  private static final int ROOT = 0;

  private static boolean checked;

  private NativeCache() {}

  /**
   * To be called before the first native library is loaded. Makes the folder if there is none.
   *
   * @throws CensusException of kind CONFIGURATION if the folder is another user's, or everyone may
   *     write there
   */
  public static synchronized void require() {
    if (!checked) {
      require(Utils.getEngineCacheDir().toAbsolutePath());
      checked = true;
    }
  }

  static void require(Path folder) {
    if (!folder.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return;
    }
    try {
      make(folder);
      int owner = owner(folder);
      if (owner != ROOT && owner != user(folder)) {
        throw refusal(folder, "belongs to another user");
      }
      if (Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_WRITE)) {
        throw refusal(folder, "can be written by everyone");
      }
    } catch (IOException e) {
      throw CensusException.configuration(
          "%s: cannot be used for native libraries (%s); set DJL_CACHE_DIR to a folder of this user"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private static void make(Path folder) throws IOException {
    if (Files.exists(folder)) {
      return;
    }
    Files.createDirectories(folder.getParent());
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      // Another process was faster; whose, is asked next.
    }
  }

  /**
   * The user of this process, as what it makes there shows: Java names it only if it has a name,
   * and a network's file system may give it another number.
   */
  private static int user(Path folder) throws IOException {
    Path probe = Files.createTempFile(folder, "owner", null);
    try {
      return owner(probe);
    } finally {
      Files.delete(probe);
    }
  }

  private static int owner(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid");
  }

  private static CensusException refusal(Path folder, String why) {
    return CensusException.configuration(
        "%s: native code is loaded from this folder, and it %s; set DJL_CACHE_DIR to a folder of"
                .formatted(folder, why)
            + " this user's own");
  }
}
