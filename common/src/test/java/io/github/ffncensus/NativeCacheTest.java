package io.github.ffncensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCacheTest {
  @TempDir Path temporary;

  @BeforeEach
  void needsOwners() {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("unix"));
  }

  @Test
  void aFolderThatIsMissing_isMadeForThisUserAlone() throws IOException {
    Path folder = temporary.resolve("cache/djl");
    NativeCache.require(folder);
    assertThat(permissions(folder)).isEqualTo("rwx------");
    NativeCache.require(folder);
  }

  @Test
  void aFolderOfThisUser_isTakenAsItIs() throws IOException {
    Path folder = folder("rwxrwxr-x");
    NativeCache.require(folder);
    assertThat(permissions(folder)).isEqualTo("rwxrwxr-x");
  }

  @Test
  void aFolderThatEveryoneMayWrite_isRefused() throws IOException {
    Path folder = folder("rwxrwxrwx");
    assertThatThrownBy(() -> NativeCache.require(folder))
        .isInstanceOf(CensusException.class)
        .hasMessageContainingAll(folder.toString(), "by everyone", "DJL_CACHE_DIR");
  }

  @Test
  void aFolderOfAnotherUser_isRefused() throws IOException {
    Path folder = folder("rwxr-xr-x");
    try {
      Files.setAttribute(folder, "unix:uid", 12345);
    } catch (IOException e) {
      assumeTrue(false, "only root gives folders away");
    }
    assertThatThrownBy(() -> NativeCache.require(folder))
        .isInstanceOf(CensusException.class)
        .hasMessageContainingAll(folder.toString(), "another user", "DJL_CACHE_DIR");
  }

  private Path folder(String permissions) throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("cache"));
    // Not at creation: the umask would take some away.
    return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
  }

  private static String permissions(Path folder) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
  }
}
