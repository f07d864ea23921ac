package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusFileTest {

  @TempDir Path folder;

  @Test
  void fingerprint_changesWithLengthAndEnds() throws IOException {
    byte[] bytes = new byte[3 << 20];
    String print = fingerprint(bytes);
    assertThat(fingerprint(bytes)).isEqualTo(print).hasSize(64);
    bytes[bytes.length - 1] = 1;
    assertThat(fingerprint(bytes)).isNotEqualTo(print);
    bytes[bytes.length - 1] = 0;
    bytes[0] = 1;
    assertThat(fingerprint(bytes)).isNotEqualTo(print);
    assertThat(fingerprint(new byte[(3 << 20) + 1])).isNotEqualTo(print);
    assertThat(fingerprint(new byte[0])).hasSize(64);
  }

  @Test
  void unreadableFile() {
    assertThatThrownBy(() -> CorpusFile.of(RunFixture.HADOOP, folder + "/none", 1))
        .hasMessageMatching("the input file .*/none cannot be read: .*");
  }

  private String fingerprint(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("file"), bytes);
    return CorpusFile.of(RunFixture.HADOOP, file.toString(), bytes.length).fingerprint();
  }
}
