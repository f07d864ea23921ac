package io.github.ffncensus.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The length distribution of real texts, for benchmarks that must pad as real runs do. */
final class TextLengths {

  private final TreeMap<Integer, Integer> lengthByCumulativeWeight = new TreeMap<>();
  private final int totalWeight;

  private TextLengths(String resource) {
    int total = 0;
    try (InputStream in = TextLengths.class.getResourceAsStream(resource);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          String[] fields = line.split(" ");
          total += Integer.parseInt(fields[1]);
          lengthByCumulativeWeight.put(total, Integer.parseInt(fields[0]));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    totalWeight = total;
  }

  /** Of open-domain web sentences, in tokens. */
  static TextLengths sentences() {
    return new TextLengths("/bench/sentence-lengths.txt");
  }

  /** Of ParaRel prompts, in tokens, special tokens included. */
  static TextLengths prompts() {
    return new TextLengths("/bench/prompt-lengths.txt");
  }

  int draw(Random random) {
    return lengthByCumulativeWeight.higherEntry(random.nextInt(totalWeight)).getValue();
  }

  /** Lengths that are spread over the whole distribution evenly, ascending. */
  int[] spread(int count) {
    return IntStream.range(0, count)
        .map(i -> (int) ((2L * i + 1) * totalWeight / (2L * count)))
        .map(rank -> lengthByCumulativeWeight.higherEntry(rank).getValue())
        .toArray();
  }
}
