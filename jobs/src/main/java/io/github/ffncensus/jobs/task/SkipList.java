package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.run.SkippedShard;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a user wants to do without: the option {@code --skip-shards}. */
public final class SkipList {

  /** Nothing is skipped. */
  public static final SkipList NONE = new SkipList(List.of());

  private static final Pattern ITEM = Pattern.compile("(?:([a-z][a-z-]*):)?(\\d{1,9})");

  /** The parts whose work is in pieces that are no shards of the corpus, and their stages. */
  private static final SortedMap<String, Stage> PARTS =
      Collections.unmodifiableSortedMap(
          new TreeMap<>(
              Map.of(
                  "values", Stage.INTERPRET,
                  "lenses", Stage.INTERPRET,
                  "patterns", Stage.INTERPRET,
                  "memories", Stage.INTERPRET,
                  "tolerance", Stage.INTERPRET,
                  "facts", Stage.ATTRIBUTE,
                  "attributions", Stage.ATTRIBUTE,
                  "interventions", Stage.INTERVENE,
                  "updates", Stage.EDIT,
                  "erasures", Stage.EDIT)));

  private final List<Item> items;

  private record Item(String part, int number) {
    boolean concerns(Stage stage) {
      return part.equals(SkippedShard.CORPUS) ? readsShards(stage) : PARTS.get(part).equals(stage);
    }

    String text() {
      return part.equals(SkippedShard.CORPUS) ? Integer.toString(number) : part + ":" + number;
    }
  }

  private SkipList(List<Item> items) {
    this.items = items;
  }

  /**
   * @param texts each a number, of a shard of the corpus, or {@code part:number}
   * @param stages that the command runs
   * @throws CensusException of kind CONFIGURATION if one is neither, or concerns no such stage
   */
  public static SkipList parse(List<String> texts, List<Stage> stages) {
    List<Item> items = new ArrayList<>();
    for (String text : texts) {
      Matcher item = ITEM.matcher(text.strip());
      String part = item.matches() ? item.group(1) : null;
      if (!item.matches() || (part != null && !PARTS.containsKey(part))) {
        throw CensusException.configuration(
            "--skip-shards %s: must be a list like 3,7,values:12: numbers of shards of the corpus, and numbers within the parts %s"
                .formatted(text, String.join(", ", PARTS.keySet())));
      }
      Item found =
          new Item(part == null ? SkippedShard.CORPUS : part, Integer.parseInt(item.group(2)));
      if (stages.stream().noneMatch(found::concerns)) {
        throw CensusException.configuration(
            "--skip-shards %s: %s, which this command does not run"
                .formatted(
                    text,
                    part == null
                        ? "shards of the corpus are read by scan and kn-stats"
                        : part + " is a part of " + PARTS.get(part).word()));
      }
      items.add(found);
    }
    return new SkipList(List.copyOf(items));
  }

  /** Whether pieces of this part can be skipped: not where the result would be another one. */
  static boolean names(String part) {
    return PARTS.containsKey(part);
  }

  /** Whether the stage's own work is in shards of the corpus. */
  public static boolean readsShards(Stage stage) {
    return stage == Stage.SCAN || stage == Stage.KN_STATS;
  }

  /**
   * The numbers that are named of a part.
   *
   * @param known all that there are
   * @throws CensusException of kind CONFIGURATION if one is not known
   */
  public Set<Integer> of(String part, Set<Integer> known) {
    Set<Integer> numbers = new TreeSet<>();
    for (Item item : items) {
      if (item.part().equals(part)) {
        if (!known.contains(item.number())) {
          throw CensusException.configuration(
              "--skip-shards %s: there is none; the last is %s"
                  .formatted(
                      item.text(), known.stream().max(Comparator.naturalOrder()).orElse(null)));
        }
        numbers.add(item.number());
      }
    }
    return numbers;
  }
}
