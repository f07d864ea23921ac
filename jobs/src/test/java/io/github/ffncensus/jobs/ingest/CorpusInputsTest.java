package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusInputsTest {
  @TempDir Path folder;

  @Test
  void filesFoldersAndGlobsEachOnceInOrder() throws Exception {
    create("b/2.txt", "a/1.txt", "a/_SUCCESS", "a/.crc", "a/_temporary/x.txt", "c[1].txt", "d.gz");
    assertThat(names("a", "b", "c[1].txt")).containsExactly("a/1.txt", "b/2.txt", "c[1].txt");
    assertThat(names("b", "*/*.txt", "a/1.txt")).containsExactly("a/1.txt", "b/2.txt");
    assertThat(names("a/*")).containsExactly("1.txt");
    assertThat(names("{a,b}/?.txt")).hasSize(2);
    assertThat(names("a/_SUCCESS")).containsExactly("_SUCCESS");
    assertThat(names("")).containsExactly("a/1.txt", "b/2.txt", "c[1].txt", "d.gz");
  }

  @Test
  void whatIsNotThereIsNamed() throws Exception {
    Files.createDirectory(folder.resolve("empty"));
    assertRefused("missing.txt", "there is no file");
    assertRefused("*.jsonl", "*.jsonl");
    assertRefused("empty", "has no file in it");
    assertThatThrownBy(
            () -> CorpusInputs.list(new Configuration(), "corpus.input", List.of("nowhere://x/y")))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("nowhere://x/y");
  }

  private void assertRefused(String input, String message) {
    assertThatThrownBy(() -> names(input))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(folder.resolve(input).toString());
  }

  private List<String> names(String... inputs) {
    List<String> paths = Stream.of(inputs).map(input -> folder + "/" + input).toList();
    return CorpusInputs.list(new Configuration(), "corpus.input", paths).stream()
        .map(CorpusInput::name)
        .toList();
  }

  private void create(String... names) throws IOException {
    for (String name : names) {
      Files.createDirectories(folder.resolve(name).getParent());
      Files.writeString(folder.resolve(name), "x");
    }
  }
}
