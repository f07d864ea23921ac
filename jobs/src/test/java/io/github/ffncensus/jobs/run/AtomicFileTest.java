package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FilterFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir Path folder;

  @Test
  void localFile_isWrittenAndReplaced() throws IOException {
    AtomicFile file = file("deep/er/a.json");
    assertThat(file.read()).isNull();
    file.write(bytes("first"));
    file.write(bytes("second, longer"));
    assertThat(file.read()).asString().isEqualTo("second, longer");
    assertThat(RunManifestTest.files(folder)).containsExactly("deep/er/a.json");
  }

  @Test
  void otherFileSystems_areReplacedByRenaming() throws IOException {
    AtomicFile file = file("deep/er/b.json");
    file.writeRemote(bytes("first"));
    file.writeRemote(bytes("second, longer"));
    assertThat(file.read()).asString().isEqualTo("second, longer");
    assertThat(RunManifestTest.files(folder)).containsExactly("deep/er/b.json");
  }

  @Test
  void objects_areReplacedInPlace() throws IOException {
    AtomicFile file = file("deep/er/c.json");
    FileSystem fs = FileSystem.getLocal(RunFixture.HADOOP);
    file.writeObject(fs, bytes("first"));
    file.writeObject(fs, bytes("second, longer"));
    assertThat(file.read()).asString().isEqualTo("second, longer");
    assertThat(RunManifestTest.files(folder)).containsExactly("deep/er/c.json");
  }

  @Test
  void storesOfObjects_areKnownByTheirScheme() throws IOException {
    FileSystem local = FileSystem.getLocal(RunFixture.HADOOP);
    assertThat(ObjectStores.contain(local, new org.apache.hadoop.fs.Path("/w"))).isFalse();
    FileSystem s3 =
        new FilterFileSystem(local) {
          @Override
          public URI getUri() {
            return URI.create("s3a://bucket");
          }
        };
    assertThat(ObjectStores.contain(s3, new org.apache.hadoop.fs.Path("/w"))).isTrue();
  }

  private AtomicFile file(String name) {
    return new AtomicFile(
        RunFixture.HADOOP, new org.apache.hadoop.fs.Path(folder.resolve(name).toUri()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
