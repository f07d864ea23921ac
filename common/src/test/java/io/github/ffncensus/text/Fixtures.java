package io.github.ffncensus.text;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The committed model folders that have a tokenizer. */
final class Fixtures {
  private Fixtures() {}

  static List<Path> all() throws IOException, URISyntaxException {
    URL root = Fixtures.class.getResource("/fixtures");
    try (Stream<Path> folders = Files.list(Path.of(root.toURI()))) {
      return folders.filter(f -> Files.exists(f.resolve("tokens.json"))).sorted().toList();
    }
  }

  /** The first folder of a family, such as {@code bert}. */
  static Path ofFamily(String family) throws IOException, URISyntaxException {
    return all().stream()
        .filter(folder -> folder.getFileName().toString().startsWith(family))
        .findFirst()
        .orElseThrow();
  }
}
