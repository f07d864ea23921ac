package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusFilesTest {

  @TempDir Path corpus;

  @BeforeEach
  void files() throws IOException {
    for (String name :
        List.of("b.txt", "a.txt", "_hidden.txt", ".c.txt", "deep/er/d.txt", "odd[1].txt")) {
      Files.createDirectories(corpus.resolve(name).getParent());
      Files.writeString(corpus.resolve(name), name);
    }
    Files.createDirectory(corpus.resolve("empty"));
  }

  @Test
  void globsFoldersAndFiles_eachFileOnce_sorted() {
    assertThat(names("*.txt", "a.txt", "deep", "deep"))
        .containsExactly("a.txt", "b.txt", "deep/er/d.txt", "odd[1].txt");
    assertThat(names("")).containsExactly("a.txt", "b.txt", "deep/er/d.txt", "odd[1].txt");
    assertThat(names("{a,b}.txt")).containsExactly("a.txt", "b.txt");
    assertThat(names("odd[1].txt"))
        .as("a name that looks like a glob")
        .containsExactly("odd[1].txt");
    assertThat(names("_hidden.txt")).as("named itself").containsExactly("_hidden.txt");
  }

  @Test
  void fingerprint_changesWithTheEndsOfTheFile() throws IOException {
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
  void inputsWithoutFiles() {
    assertThatThrownBy(() -> names("*.json"))
        .hasMessageMatching(
            "census.corpus.input: .*/\\*\\.json: no such file; relative to file:.*");
    assertThatThrownBy(() -> names("none.txt")).hasMessageContaining("/none.txt: no such file");
    assertThatThrownBy(() -> names("empty")).hasMessageContaining("/empty: holds no files");
    assertThatThrownBy(() -> CorpusFiles.find(RunFixture.HADOOP, List.of("nosuch://h/x")))
        .hasMessageContaining("census.corpus.input: nosuch://h/x: cannot be read");
  }

  private String fingerprint(byte[] bytes) throws IOException {
    Path file = Files.write(corpus.resolve("file"), bytes);
    return CorpusFiles.find(RunFixture.HADOOP, List.of(file.toString())).get(0).fingerprint();
  }

  private List<String> names(String... inputs) {
    List<String> paths = List.of(inputs).stream().map(input -> corpus + "/" + input).toList();
    return CorpusFiles.find(RunFixture.HADOOP, paths).stream()
        .map(
            file ->
                corpus
                    .relativize(
                        Path.of(
                            java.net.URI.create(
                                file.path().replace("[", "%5B").replace("]", "%5D"))))
                    .toString())
        .toList();
  }
}
