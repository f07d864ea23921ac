package io.github.ffncensus.interpret.patterns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.interpret.patterns.PatternOracle.Expected;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Patterns against brute force, and properties 21 to 23. */
class PatternFinderTest {
  private static final int WINDOW = 6;
  private static final int SUPPORT = 3;
  private static final double MAX_P = 0.01;
  private static final List<String> STOP_WORDS = List.of("w0", "w1", "w2");

  /** No language has this tag, so words keep their forms. */
  private static final PatternSettings SETTINGS =
      new PatternSettings("zxx", STOP_WORDS, WINDOW, SUPPORT, MAX_P, 1);

  /** Words of a small vocabulary, frequent ones first, as in texts. */
  private static String words(Random random, int count) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double skewed = random.nextDouble() * random.nextDouble();
      words.add(random.nextInt(12) == 0 ? "," : "w" + (int) (60 * skewed));
    }
    return String.join(" ", words);
  }

  private static PrefixText prefix(int rank, String text, Random random) {
    return new PrefixText(
        rank,
        "d" + random.nextInt(40),
        text,
        text.substring(text.lastIndexOf(' ') + 1),
        random.nextInt(5) == 0 ? null : "w" + random.nextInt(30));
  }

  private static List<PrefixText> sample(Random random, int size) {
    return IntStream.range(0, size)
        .mapToObj(i -> prefix(0, words(random, 1 + random.nextInt(12)), random))
        .toList();
  }

  private static PatternBackground background(PatternSettings settings, List<PrefixText> sample) {
    PatternBackground.Builder builder = new PatternBackground.Builder(settings);
    sample.forEach(builder::add);
    return builder.build();
  }

  /** Random prefixes, some with phrases in common, some of them equal. */
  private static List<PrefixText> triggers(Random random) {
    String[] phrases = {"w7 w0 w30", "w41 , w9 w8 w50", "w33", "w0 w44 w1 w45", "w12 w13"};
    List<PrefixText> triggers = new ArrayList<>();
    for (int rank = 1; rank <= 25; rank++) {
      String text = words(random, 1 + random.nextInt(9));
      for (int times = random.nextInt(3); times > 0; times--) {
        String phrase = phrases[random.nextInt(phrases.length)];
        text =
            switch (random.nextInt(3)) {
              case 0 -> text + " " + phrase;
              case 1 -> phrase + " " + text;
              default -> text + " " + phrase + " " + words(random, 1 + random.nextInt(4));
            };
      }
      triggers.add(prefix(rank, text, random));
      if (random.nextInt(6) == 0) {
        triggers.add(prefix(++rank, text, random));
      }
    }
    return triggers;
  }

  private static List<PrefixText> distinct(List<PrefixText> triggers) {
    Map<String, PrefixText> byText = new LinkedHashMap<>();
    triggers.forEach(trigger -> byText.putIfAbsent(trigger.text(), trigger));
    return List.copyOf(byText.values());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void reportedPatterns_areThoseOfBruteForce(int seed) {
    Random random = new Random(seed);
    List<PrefixText> sample = sample(random, 600);
    PatternOracle oracle = new PatternOracle(sample, Set.copyOf(STOP_WORDS), WINDOW);
    PatternFinder finder = new PatternFinder(SETTINGS, background(SETTINGS, sample));
    Set<String> kinds = new HashSet<>();
    int uncounted = 0;
    for (int key = 0; key < 12; key++) {
      List<PrefixText> triggers = triggers(random);
      List<PrefixText> prefixes = distinct(triggers);
      KeyPatterns found = finder.find(triggers);
      assertThat(found.tested()).isEqualTo(oracle.patterns(prefixes).size());
      List<Expected> expected = oracle.reported(prefixes, SUPPORT, MAX_P);
      assertThat(
              found.patterns().stream()
                  .map(
                      p ->
                          new Expected(
                              p.pattern().kind().label(),
                              p.pattern().text(),
                              p.support(),
                              p.backgroundMatches(),
                              p.counted())))
          .containsExactlyInAnyOrderElementsOf(expected);
      for (FoundPattern p : found.patterns()) {
        String name = p.pattern().kind().label() + ":" + p.pattern().text();
        kinds.add(p.pattern().kind().label());
        uncounted += p.support() - p.counted();
        assertThat(p.backgroundRate()).isEqualTo(oracle.rate(name)).isStrictlyBetween(0.0, 1.0);
        double tail = PatternOracle.tail(p.support(), prefixes.size(), p.backgroundRate());
        assertThat(p.pValue()).isCloseTo(tail, within(1e-9 * tail));
        assertThat(p.adjustedP()).isEqualTo(p.pValue() * found.tested()).isLessThanOrEqualTo(MAX_P);
        assertThat(p.score()).isCloseTo(-Math.log10(p.adjustedP()), within(1e-9));
        assertThat(p.support()).isBetween(SUPPORT, prefixes.size());
        assertThat(p.ranks())
            .isEqualTo(
                oracle.matching(name, prefixes).stream().mapToInt(PrefixText::rank).toArray());
      }
      int[] labels = oracle.labels(prefixes, SUPPORT, MAX_P);
      assertThat(found.labels())
          .isEqualTo(new KeyPatterns.Labels(labels[0], labels[1], labels[2], labels[3]));
      assertThat(found.labels().prefixes()).isEqualTo(prefixes.size());
    }
    assertThat(kinds).contains("ngram", "skip_pair", "topic");
    assertThat(uncounted).isPositive();
  }

  @Test
  void backgroundCounts_areThoseOfBruteForce() {
    List<PrefixText> sample = sample(new Random(9), 300);
    PatternOracle oracle = new PatternOracle(sample, Set.copyOf(STOP_WORDS), WINDOW);
    PatternBackground background = background(SETTINGS, sample);
    PrefixReader reader = SETTINGS.reader();
    Set<String> checked = new HashSet<>();
    for (PrefixText text : sample(new Random(10), 60)) {
      Candidates.forEach(
          reader.read(text),
          pattern -> {
            String name = pattern.kind().label() + ":" + pattern.text();
            if (checked.add(name)) {
              assertThat(background.matches(pattern)).as(name).isEqualTo(oracle.inBackground(name));
            }
          });
    }
    assertThat(checked).hasSizeGreaterThan(1000);
  }

  @Test
  void copiesOfOneSentence_areOnePrefix_andHaveNoPattern() {
    List<PrefixText> sample = sample(new Random(1), 300);
    PatternFinder finder = new PatternFinder(SETTINGS, background(SETTINGS, sample));
    List<PrefixText> copies =
        IntStream.rangeClosed(1, 25)
            .mapToObj(
                rank ->
                    new PrefixText(rank, "d", rank % 2 == 0 ? "w58 W59" : "W58  w59", "w59", null))
            .toList();
    KeyPatterns found = finder.find(copies);
    assertThat(found.patterns()).isEmpty();
    assertThat(found.labels()).isEqualTo(new KeyPatterns.Labels(0, 0, 0, 1));
    assertThat(found.scores().lastTokenConcentration()).isEqualTo(1);
    assertThat(found.scores().commonSuffix()).isNull();
    assertThat(found.scores().nextTokenConcentration()).isNull();
  }

  /** Property 23, at the sizes of a real run. */
  @Test
  void randomTriggers_haveAPatternInAtMostFivePercentOfKeys() {
    PatternSettings settings = new PatternSettings("zxx", STOP_WORDS, 10, SUPPORT, MAX_P, 1);
    Random random = new Random(3);
    List<PrefixText> sample = sample(random, 20_000);
    PatternFinder finder = new PatternFinder(settings, background(settings, sample));
    int keys = 600;
    int withPattern = 0;
    for (int key = 0; key < keys; key++) {
      List<PrefixText> triggers =
          IntStream.range(0, 25).mapToObj(i -> sample.get(random.nextInt(sample.size()))).toList();
      withPattern += finder.find(triggers).patterns().isEmpty() ? 0 : 1;
    }
    assertThat(withPattern / (double) keys).isLessThanOrEqualTo(0.05);
  }

  @Test
  void score_risesWithSupport() {
    List<PrefixText> sample = sample(new Random(1), 2_000);
    PatternFinder finder = new PatternFinder(SETTINGS, background(SETTINGS, sample));
    double before = 0;
    for (int support = 4; support <= 25; support++) {
      List<PrefixText> triggers = new ArrayList<>();
      for (int rank = 1; rank <= 25; rank++) {
        String last = rank <= support ? "same" : "other" + rank;
        triggers.add(new PrefixText(rank, "d" + rank, "x" + rank + " " + last, last, null));
      }
      KeyPatterns found = finder.find(triggers);
      double score =
          found.patterns().stream()
              .filter(p -> p.pattern().kind() == PatternKind.LAST_TOKEN)
              .findFirst()
              .orElseThrow()
              .score();
      assertThat(score).isGreaterThan(before);
      before = score;
    }
  }

  /** More triggers than a double has room for: 1/602 to the power of 120 is below all of them. */
  @Test
  void support_thatNoDoubleHasAPValueFor_hasAFiniteScore() {
    List<PrefixText> sample = sample(new Random(1), 600);
    PatternFinder finder = new PatternFinder(SETTINGS, background(SETTINGS, sample));
    int before = 0;
    for (int support : new int[] {118, 119, 120}) {
      List<PrefixText> triggers = new ArrayList<>();
      for (int rank = 1; rank <= 120; rank++) {
        String last = rank <= support ? "same" : "other" + rank;
        triggers.add(new PrefixText(rank, "d" + rank, "x" + rank + " " + last, last, null));
      }
      KeyPatterns found = finder.find(triggers);
      FoundPattern first = found.patterns().get(0);
      assertThat(first.pattern().text()).isEqualTo("same");
      assertThat(first.pValue()).isZero();
      double logs = support * Math.log10(602);
      double ways =
          support == 120 ? 0 : support == 119 ? Math.log10(120) : Math.log10(120 * 119 / 2);
      assertThat(first.score()).isCloseTo(logs - ways - Math.log10(found.tested()), within(0.01));
      assertThat((int) first.score()).isGreaterThan(before);
      before = (int) first.score();
    }
  }

  @Test
  void scores_areThoseOfTheirDefinitions() {
    Random random = new Random(6);
    List<PrefixText> sample = sample(random, 500);
    PatternBackground background = background(SETTINGS, sample);
    List<PrefixText> prefixes = distinct(triggers(random));
    PatternOracle oracle = new PatternOracle(sample, Set.copyOf(STOP_WORDS), WINDOW);
    PatternScores scores = new PatternFinder(SETTINGS, background).find(prefixes).scores();

    List<String> last = prefixes.stream().map(PrefixText::token).toList();
    assertThat(scores.lastTokenConcentration()).isCloseTo(largestShare(last), within(1e-12));
    assertThat(scores.lastTokenEffective()).isCloseTo(effective(last), within(1e-9));
    assertThat(scores.documentEffective())
        .isCloseTo(effective(prefixes.stream().map(PrefixText::documentId).toList()), within(1e-9));
    assertThat(scores.nextTokenConcentration())
        .isCloseTo(
            largestShare(prefixes.stream().map(PrefixText::target).filter(t -> t != null).toList()),
            within(1e-12));
    double suffix = 0;
    double diversity = 0;
    double cosine = 0;
    int pairs = 0;
    for (int a = 0; a < prefixes.size(); a++) {
      for (int b = a + 1; b < prefixes.size(); b++) {
        String[] first = prefixes.get(a).text().split(" ");
        String[] second = prefixes.get(b).text().split(" ");
        int common = 0;
        while (common < Math.min(first.length, second.length)
            && first[first.length - 1 - common].equals(second[second.length - 1 - common])) {
          common++;
        }
        suffix += common;
        Set<String> inFirst = content(oracle, first);
        Set<String> inSecond = content(oracle, second);
        Set<String> union = new HashSet<>(inFirst);
        union.addAll(inSecond);
        Set<String> both = new HashSet<>(inFirst);
        both.retainAll(inSecond);
        diversity += union.isEmpty() ? 0 : 1 - both.size() / (double) union.size();
        cosine += cosine(oracle, sample, inFirst, inSecond);
        pairs++;
      }
    }
    assertThat(scores.commonSuffix()).isCloseTo(suffix / pairs, within(1e-9));
    assertThat(scores.lexicalDiversity()).isCloseTo(diversity / pairs, within(1e-9));
    // Over all pairs of the sample instead of random ones.
    double mean = 0;
    double squares = 0;
    long all = 0;
    List<Set<String>> contents =
        sample.stream().map(p -> content(oracle, p.text().split(" "))).toList();
    for (int a = 0; a < sample.size(); a++) {
      for (int b = a + 1; b < sample.size(); b += 3) {
        double c = cosine(oracle, sample, contents.get(a), contents.get(b));
        mean += c;
        squares += c * c;
        all++;
      }
    }
    mean /= all;
    double deviation = Math.sqrt(squares / all - mean * mean);
    assertThat(background.likenessOfPairs().mean()).isCloseTo(mean, within(0.05 * deviation));
    assertThat(background.likenessOfPairs().deviation())
        .isCloseTo(deviation, within(0.1 * deviation));
    PatternBackground.Likeness likeness = background.likenessOfPairs();
    assertThat(scores.topicCoherence())
        .isCloseTo(
            (cosine / pairs - likeness.mean()) / (likeness.deviation() / Math.sqrt(pairs)),
            within(1e-6));
  }

  private static Set<String> content(PatternOracle oracle, String[] words) {
    String[] last = oracle.lastWords(words);
    Set<String> content = new HashSet<>();
    Arrays.stream(last, 0, last.length - 1).filter(oracle::isContent).forEach(content::add);
    return content;
  }

  private static final Map<String, Double> WEIGHTS = new HashMap<>();

  private static double cosine(
      PatternOracle oracle, List<PrefixText> sample, Set<String> a, Set<String> b) {
    double dot = 0;
    double ofA = 0;
    double ofB = 0;
    Set<String> union = new HashSet<>(a);
    union.addAll(b);
    for (String word : union) {
      double weight =
          WEIGHTS.computeIfAbsent(
              word,
              w -> {
                long frequency =
                    sample.stream()
                        .filter(p -> content(oracle, p.text().split(" ")).contains(w))
                        .count();
                return Math.log((2.0 + sample.size()) / (1.0 + frequency));
              });
      double square = weight * weight;
      ofA += a.contains(word) ? square : 0;
      ofB += b.contains(word) ? square : 0;
      dot += a.contains(word) && b.contains(word) ? square : 0;
    }
    return dot == 0 ? 0 : dot / Math.sqrt(ofA * ofB);
  }

  private static double largestShare(List<String> values) {
    return values.stream()
        .mapToDouble(v -> values.stream().filter(v::equals).count() / (double) values.size())
        .max()
        .getAsDouble();
  }

  private static double effective(List<String> values) {
    // Each value adds its share's part of the entropy once per occurrence.
    return Math.exp(
        values.stream()
            .mapToDouble(
                v ->
                    -Math.log(values.stream().filter(v::equals).count() / (double) values.size())
                        / values.size())
            .sum());
  }
}
