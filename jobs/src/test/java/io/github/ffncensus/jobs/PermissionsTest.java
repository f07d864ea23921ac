package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a run publishes is as open as its warehouse. */
class PermissionsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"rwxrwxr-x, rw-rw-r--", "rwxr-x---, rw-r-----", "rwx------, rw-------"})
  void foldersAndFiles_haveThoseOfTheWarehouse(String ofFolders, String ofFiles)
      throws IOException {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
    Path warehouse = Files.createDirectory(folder.resolve("w"));
    Files.setPosixFilePermissions(warehouse, PosixFilePermissions.fromString(ofFolders));
    Path corpus = Files.writeString(folder.resolve("corpus.txt"), "The cat sat.\nA dog ran.\n");
    try (CensusCli census =
        new CensusCli(
            folder,
            List.of(
                "run-id=r1",
                "warehouse=" + warehouse,
                "model.path=../common/src/test/resources/fixtures/gpt2-gelu-new",
                "corpus.format=text",
                "corpus.input=" + corpus,
                "stages=[ingest,scan]"))) {
      assertThat(census.run("run")).as(census.err()).isZero();
    }
    try (Stream<Path> paths = Files.walk(warehouse)) {
      List<Path> published =
          paths
              .filter(path -> !path.startsWith(warehouse.resolve("_staging")))
              // Hadoop's checksums of local files follow its own rules.
              .filter(path -> !path.getFileName().toString().endsWith(".crc"))
              .toList();
      assertThat(published).hasSizeGreaterThan(15);
      for (Path path : published) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
            .as(path.toString())
            .isEqualTo(Files.isDirectory(path) ? ofFolders : ofFiles);
      }
    }
  }
}
