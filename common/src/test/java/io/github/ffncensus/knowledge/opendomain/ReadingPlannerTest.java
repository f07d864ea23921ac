package io.github.ffncensus.knowledge.opendomain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.knowledge.opendomain.RandomPool.Source;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner.Plan;
import io.github.ffncensus.knowledge.opendomain.ReadingRules.MaskRead;
import io.github.ffncensus.knowledge.opendomain.ReadingRules.WordKind;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.text.entity.MatchRules;
import io.github.ffncensus.text.entity.MatchRules.Boundary;
import io.github.ffncensus.text.entity.MatchRules.LetterCase;
import io.github.ffncensus.text.entity.MatchRules.Overlaps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Which facts are read in a text, and where. */
class ReadingPlannerTest {
  private static final long SEED = 9;
  private static final List<FactNames> FACTS =
      List.of(
          fact("f0", "Hamlet", "Shakespeare"),
          fact("f1", "Paris", "France", "the Republic"),
          fact("f2", "Oslo", "Norway"),
          fact("f3", "Lima", "Peru"));
  private static final FactMentions MENTIONS =
      new FactMentions(
          FACTS, new MatchRules(LetterCase.SENSITIVE, Boundary.UNICODE, Overlaps.LONGEST));

  @Test
  void tail_ofAMaskedModel_isItsFirstPlace() {
    Plan plan =
        masked().plan(words(0, "[", "Shake", "speare", " wrote", " Hamlet", ", Shake", "speare"));
    assertThat(plan.readings())
        .containsExactly(new Reading(0, TextClass.HEAD_AND_TAIL, new TokenRange(2, 4)));
  }

  @Test
  void tail_ofACausalModel_isTheFirstWithATextTokenBefore() {
    assertThat(
            causal()
                .plan(
                    row(
                        0,
                        "France has Paris in France",
                        0,
                        "France",
                        " has",
                        " Paris",
                        " in",
                        " France"))
                .readings())
        .containsExactly(new Reading(1, TextClass.HEAD_AND_TAIL, new TokenRange(4, 5)));
    // A start symbol is no text.
    assertThat(causal().plan(row(0, "France has Paris", 1, "France", " has", " Paris")).readings())
        .isEmpty();
    assertThat(
            causal().plan(row(0, "in France, Paris", 1, "in", " France", ",", " Paris")).readings())
        .containsExactly(new Reading(1, TextClass.HEAD_AND_TAIL, new TokenRange(2, 3)));
  }

  @Test
  void tokens_areAllThatHaveAPartInTheName() {
    Plan plan =
        masked()
            .plan(row(0, "Paris, the Republic!", 0, "Pa", "ris,", " th", "e", " Repub", "lic!"));
    assertThat(plan.readings())
        .containsExactly(new Reading(1, TextClass.HEAD_AND_TAIL, new TokenRange(2, 6)));
  }

  @Test
  void headOnly_readsAWordOutsideTheHead_eachAsOften() {
    Map<TokenRange, Integer> counts = new TreeMap<>(Comparator.comparingInt(TokenRange::from));
    for (int id = 0; id < 3000; id++) {
      Plan plan =
          masked()
              .plan(
                  row(
                      id,
                      "Paris, a big city.",
                      0,
                      "Par",
                      "is",
                      ",",
                      " a",
                      " big",
                      " ci",
                      "ty",
                      "."));
      assertThat(plan.readings()).hasSize(1);
      assertThat(plan.readings().get(0).textClass()).isEqualTo(TextClass.HEAD_ONLY);
      counts.merge(plan.readings().get(0).place(), 1, Integer::sum);
    }
    assertThat(counts.keySet())
        .containsExactly(new TokenRange(3, 4), new TokenRange(4, 5), new TokenRange(5, 7));
    assertThat(counts.values()).allMatch(count -> count > 900 && count < 1100);
    assertThat(masked().plan(row(0, "Paris!", 0, "Paris", "!")).readings()).isEmpty();
  }

  @Test
  void factsOfOneText_mostlyShareTheWord() {
    for (int id = 0; id < 50; id++) {
      Plan plan =
          masked()
              .plan(row(id, "Oslo and Lima are far", 0, "Oslo", " and", " Lima", " are", " far"));
      List<TokenRange> places = plan.readings().stream().map(Reading::place).toList();
      assertThat(places).hasSize(2);
      // The second fact's word differs only where it is the first fact's head.
      boolean head = places.contains(new TokenRange(0, 1)) || places.contains(new TokenRange(2, 3));
      assertThat(head || places.get(0).equals(places.get(1))).isTrue();
    }
  }

  @Test
  void words_areThoseOfUnicodeOrBetweenSpaces() {
    assertThat(cut(WordKind.UNICODE, 0, "He can't, 3.5 \uD83D\uDE00 km!"))
        .containsExactly("He", "can't", "3.5", "km");
    assertThat(cut(WordKind.UNICODE, 2, "He can't, 3.5")).containsExactly("He", "can't");
    assertThat(cut(WordKind.UNICODE, 0, "\u79C1\u306F\u6771\u4EAC\u306B\u4F4F\u3080"))
        .contains("\u6771\u4EAC");
    assertThat(cut(WordKind.SPACES, 0, "He  can't, \uD83D\uDE00 go "))
        .containsExactly("He", "can't,", "\uD83D\uDE00", "go");
    assertThat(cut(WordKind.SPACES, 0, "")).isEmpty();
  }

  @Test
  void factsWithoutNeurons_areNotRead() {
    BitSet one = new BitSet();
    one.set(2);
    ReadingPlanner planner =
        new ReadingPlanner(MENTIONS, one, maskedRules(), pool(100, Source.NEITHER));
    assertThat(planner.plan(row(0, "Oslo Paris x", 0, "Oslo", " Paris", " x")).readings())
        .extracting(Reading::fact)
        .containsExactly(2);
  }

  /** The definition, fact by fact, with all sequences at hand. */
  @Test
  void random_areTheSequencesWithTheLeastHashes() {
    List<SequenceRow> rows = new ArrayList<>();
    String[] openings = {"Some", "Oslo", "Peru", "France", "Paris in France"};
    for (int id = 0; id < 300; id++) {
      String text = openings[id % openings.length] + " x y";
      rows.add(row(id, text, 0, openings[id % openings.length], " x", " y"));
    }
    rows.set(7, row(7, "?!", 0, "?", "!"));
    for (Source source : Source.values()) {
      RandomPool pool = new RandomPool(SEED, rows.size(), 120, source);
      ReadingPlanner planner = new ReadingPlanner(MENTIONS, all(), maskedRules(), pool);
      List<Plan> plans = rows.stream().map(planner::plan).toList();
      int[] wanted = {0, 5, 1000, 30};
      RandomSentences drawn =
          RandomSentences.draw(
              pool,
              plans.stream().flatMap(plan -> plan.poolText().stream()).toList(),
              FACTS,
              MENTIONS,
              wanted);
      long inPool = rows.stream().filter(row -> pool.contains(row.sequenceId())).count();
      assertThat(inPool).isBetween(90L, 150L);
      for (int f = 0; f < FACTS.size(); f++) {
        int fact = f;
        List<Long> expected =
            rows.stream()
                .filter(row -> pool.contains(row.sequenceId()) && !row.text().equals("?!"))
                .filter(row -> isCandidate(source, FACTS.get(fact), row.text()))
                .map(SequenceRow::sequenceId)
                .sorted(Comparator.comparingLong(id -> pool.order(id, FACTS.get(fact).key())))
                .limit(wanted[f])
                .sorted()
                .toList();
        List<Long> actual =
            plans.stream()
                .filter(
                    plan ->
                        planner.readings(plan, drawn).stream()
                            .anyMatch(r -> r.fact() == fact && r.textClass() == TextClass.RANDOM))
                .map(plan -> plan.sequence().sequenceId())
                .toList();
        assertThat(actual).as("%s of %s", FACTS.get(f), source).isEqualTo(expected);
        assertThat(actual.isEmpty()).isEqualTo(wanted[f] == 0);
      }
    }
  }

  private static boolean isCandidate(Source source, FactNames fact, String text) {
    List<String> words = List.of(text.split(" "));
    if (source == Source.MENTIONS) {
      return FACTS.stream().anyMatch(any -> words.contains(any.head()));
    }
    return !words.contains(fact.head()) && fact.tails().stream().noneMatch(words::contains);
  }

  @Test
  void otherFacts_changeNoDraw() {
    RandomPool pool = new RandomPool(SEED, 50, 100, Source.NEITHER);
    assertThat(fact("f1", "x", "y").key())
        .isEqualTo(FACTS.get(1).key())
        .isNotEqualTo(FACTS.get(2).key());
    TreeSet<Long> orders = new TreeSet<>();
    for (FactNames fact : FACTS) {
      orders.add(pool.order(3, fact.key()));
    }
    assertThat(orders).hasSize(FACTS.size()).allMatch(order -> order >= 0);
  }

  private static List<String> cut(WordKind kind, int limit, String text) {
    return new WordCutter(kind, limit)
        .cut(text).stream()
            .map(
                word ->
                    text.substring(
                        text.offsetByCodePoints(0, word.start()),
                        text.offsetByCodePoints(0, word.end())))
            .toList();
  }

  private static FactNames fact(String id, String head, String... tails) {
    return new FactNames("r", id, head, List.of(tails));
  }

  private static ReadingRules maskedRules() {
    return new ReadingRules(99, MaskRead.FIRST, WordKind.UNICODE, 0, SEED);
  }

  private static ReadingPlanner masked() {
    return new ReadingPlanner(MENTIONS, all(), maskedRules(), pool(1, Source.NEITHER));
  }

  private static ReadingPlanner causal() {
    return new ReadingPlanner(
        MENTIONS,
        all(),
        new ReadingRules(-1, MaskRead.FIRST, WordKind.UNICODE, 0, SEED),
        pool(1, Source.NEITHER));
  }

  private static BitSet all() {
    BitSet all = new BitSet();
    all.set(0, FACTS.size());
    return all;
  }

  private static RandomPool pool(int sequences, Source source) {
    return new RandomPool(SEED, sequences, 1, source);
  }

  private static SequenceRow words(long id, String... tokens) {
    return row(id, String.join("", tokens), 1, tokens);
  }

  /**
   * @param specials tokens before the text that are none of it
   * @param tokens which make up the text
   */
  private static SequenceRow row(long id, String text, int specials, String... tokens) {
    int[] ids = new int[specials + tokens.length];
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    Arrays.fill(starts, 0, specials, -1);
    Arrays.fill(ends, 0, specials, -1);
    int point = 0;
    for (int t = 0; t < tokens.length; t++) {
      ids[specials + t] = 10 + t;
      starts[specials + t] = point;
      point += tokens[t].codePointCount(0, tokens[t].length());
      ends[specials + t] = point;
    }
    assertThat(String.join("", tokens)).isEqualTo(text);
    return new SequenceRow(id, "d", 0, text, ids, starts, ends);
  }
}
