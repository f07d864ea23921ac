package io.github.ffncensus.bench;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Texts of random words for a {@link RandomModelFolder}, in the lengths of real sentences. */
public final class RandomTexts {
  private RandomTexts() {}

  /**
   * Writes a text a line.
   *
   * @param tokens at least so many, at most one text more
   * @param vocabulary of the model
   */
  public static void write(Path file, long tokens, int vocabulary, long seed) throws IOException {
    TextLengths lengths = TextLengths.sentences();
    Random random = new Random(seed);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (long written = 0; written < tokens; ) {
        int length = lengths.draw(random);
        for (int i = 0; i < length; i++) {
          out.write(i == 0 ? "" : " ");
          out.write(RandomModelFolder.word(1 + random.nextInt(vocabulary - 1)));
        }
        out.newLine();
        written += length;
      }
    }
  }
}
