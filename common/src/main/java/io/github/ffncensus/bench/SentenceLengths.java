package io.github.ffncensus.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.TreeMap;

/** The length distribution of real sentences, for benchmarks that must pad as real runs do. */
final class SentenceLengths {
  private static final String RESOURCE = "/bench/sentence-lengths.txt";

  private final TreeMap<Integer, Integer> lengthByCumulativeWeight = new TreeMap<>();
  private final int totalWeight;

  private SentenceLengths() {
    int total = 0;
    try (InputStream in = SentenceLengths.class.getResourceAsStream(RESOURCE);
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

  static SentenceLengths read() {
    return new SentenceLengths();
  }

  int draw(Random random) {
    return lengthByCumulativeWeight.higherEntry(random.nextInt(totalWeight)).getValue();
  }
}
