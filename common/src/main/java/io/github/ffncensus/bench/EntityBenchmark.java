package io.github.ffncensus.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.text.entity.EntityMatcher;
import io.github.ffncensus.text.entity.MatchRules;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;

/** Measures how fast the names of many entities are found in sentences, on one core. */
public final class EntityBenchmark {
  private static final int VOCABULARY = 50_000;
  private static final int WARM_UP = 20_000;

  private EntityBenchmark() {}

  /**
   * What to measure with.
   *
   * @param names of entities
   */
  public record Material(List<String> names, List<String> sentences) {

    /**
     * Names of one to three made-up words, and sentences of real lengths of which every other one
     * has a name.
     */
    public static Material generated(int names, int sentences) {
      Random random = new Random(1);
      String[] words = words(random);
      String[] nameWords = words(random);
      Set<String> made = new TreeSet<>();
      while (made.size() < names) {
        List<String> name = new ArrayList<>();
        for (int w = random.nextInt(3); w >= 0; w--) {
          String word = nameWords[random.nextInt(nameWords.length)];
          name.add(Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        made.add(String.join(" ", name));
      }
      List<String> list = List.copyOf(made);
      TextLengths lengths = TextLengths.sentences();
      List<String> texts = new ArrayList<>();
      for (int s = 0; s < sentences; s++) {
        List<String> sentence = new ArrayList<>();
        for (int w = lengths.draw(random); w > 0; w--) {
          sentence.add(words[(int) (words.length * Math.pow(random.nextDouble(), 3))]);
        }
        if (random.nextBoolean()) {
          sentence.set(random.nextInt(sentence.size()), list.get(random.nextInt(list.size())));
        }
        texts.add(String.join(" ", sentence) + ".");
      }
      return new Material(list, texts);
    }

    private static String[] words(Random random) {
      String[] words = new String[VOCABULARY];
      for (int w = 0; w < words.length; w++) {
        words[w] = word(random);
      }
      return words;
    }

    private static String word(Random random) {
      StringBuilder word = new StringBuilder();
      for (int syllable = 2 + random.nextInt(3); syllable >= 0; syllable--) {
        word.append("bcdfghklmnprstvw".charAt(random.nextInt(16)));
        word.append("aeiou".charAt(random.nextInt(5)));
      }
      return word.toString();
    }

    /**
     * Heads and answers of facts, and the texts of a corpus.
     *
     * @param facts JSON lines with {@code head} and {@code answer}, compressed if called .gz
     * @param corpus JSON lines with {@code text}, likewise
     * @throws CensusException of kind INPUT if a file cannot be read
     */
    public static Material read(Path facts, Path corpus) {
      Set<String> names = new TreeSet<>();
      for (JsonNode fact : lines(facts)) {
        names.add(fact.path("head").asText());
        names.add(fact.path("answer").asText());
      }
      return new Material(
          List.copyOf(names),
          lines(corpus).stream().map(document -> document.path("text").asText()).toList());
    }

    private static List<JsonNode> lines(Path file) {
      ObjectMapper json = new ObjectMapper();
      List<JsonNode> nodes = new ArrayList<>();
      try (InputStream raw = Files.newInputStream(file);
          InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
          BufferedReader reader =
              new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          nodes.add(json.readTree(line));
        }
      } catch (IOException e) {
        throw CensusException.input(file + " cannot be read as JSON lines: " + e.getMessage(), e);
      }
      return nodes;
    }
  }

  /**
   * What one set of rules took, in processor time, which other load on the machine hardly touches.
   *
   * @param buildSeconds to make the matcher
   * @param seconds to search all sentences, the best of the rounds
   * @param matches names found
   */
  public record Line(MatchRules rules, double buildSeconds, double seconds, long matches) {}

  /** Measures some rules, one after the other. */
  public static List<Line> run(Material material, List<MatchRules> rules, int rounds) {
    List<Line> lines = new ArrayList<>();
    for (MatchRules of : rules) {
      long start = processorTime();
      EntityMatcher matcher = new EntityMatcher(material.names(), of);
      double build = (processorTime() - start) / 1e9;
      search(
          matcher, material.sentences().subList(0, Math.min(WARM_UP, material.sentences().size())));
      double best = Double.POSITIVE_INFINITY;
      long matches = 0;
      for (int round = 0; round < rounds; round++) {
        long begin = processorTime();
        matches = search(matcher, material.sentences());
        best = Math.min(best, (processorTime() - begin) / 1e9);
      }
      lines.add(new Line(of, build, best, matches));
    }
    return lines;
  }

  private static long processorTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static long search(EntityMatcher matcher, List<String> sentences) {
    long matches = 0;
    for (String sentence : sentences) {
      matches += matcher.find(sentence).size();
    }
    return matches;
  }
}
