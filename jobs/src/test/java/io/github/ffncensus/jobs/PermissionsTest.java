package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.ffncensus.jobs.fault.FaultPlan;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a run publishes is as open as its warehouse, and so are the folders in staging. */
class PermissionsTest {
  @TempDir Path folder;

  @AfterEach
  void withoutFaults() {
    FaultPlan.install(null);
  }

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
      // Within publication all that a scan stages is there.
      FaultPlan.install("at=between-table-moves@neuron_stats");
      assertThat(census.run("run")).as(census.err()).isNotZero();
      FaultPlan.install(null);
      assertThat(foldersIn(warehouse.resolve("_staging")))
          .hasSizeGreaterThan(5)
          .allSatisfy(path -> assertThat(permissions(path)).isEqualTo(ofFolders));
      assertThat(census.run("run")).as(census.err()).isZero();
    }
    Path staging = warehouse.resolve("_staging");
    try (Stream<Path> paths = Files.walk(warehouse)) {
      List<Path> published =
          paths
              .filter(path -> !path.startsWith(staging) || Files.isDirectory(path))
              // Hadoop's checksums of local files follow its own rules.
              .filter(path -> !path.getFileName().toString().endsWith(".crc"))
              .toList();
      assertThat(published).hasSizeGreaterThan(15);
      for (Path path : published) {
        assertThat(permissions(path))
            .as(path.toString())
            .isEqualTo(Files.isDirectory(path) ? ofFolders : ofFiles);
      }
    }
  }

  private static List<Path> foldersIn(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths.filter(Files::isDirectory).toList();
    }
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
