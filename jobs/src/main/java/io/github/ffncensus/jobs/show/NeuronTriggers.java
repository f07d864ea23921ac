package io.github.ffncensus.jobs.show;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A neuron's positive triggers, strongest first, repeated prefixes left out, and what most of them
 * share.
 */
record NeuronTriggers(int layer, int neuron, List<Line> lines) {
  /** Fewer distinct prefixes than this prove nothing. */
  private static final int ENOUGH = 5;

  /** Shared by this share of the prefixes or more counts as what the neuron responds to. */
  private static final double MOST = 0.5;

  /** One trigger prefix. */
  record Line(float coefficient, String prefix, String token, String nextToken) {}

  /** What a neuron's triggers have in common. */
  enum Kind {
    LAST_TOKEN,
    WORD,
    NEXT_TOKEN
  }

  /**
   * @param value the shared token or word
   * @param count how many of {@code of} prefixes have it
   */
  record Common(Kind kind, String value, int count, int of) {
    double share() {
      return count / (double) of;
    }

    @Override
    public String toString() {
      String what =
          switch (kind) {
            case LAST_TOKEN -> "end in";
            case WORD -> "mention";
            case NEXT_TOKEN -> "come before";
          };
      return "%d of its %d strongest distinct prefixes %s \"%s\"".formatted(count, of, what, value);
    }
  }

  static NeuronTriggers of(int layer, int neuron, List<Line> rows) {
    Map<String, Line> distinct = new LinkedHashMap<>();
    rows.forEach(row -> distinct.putIfAbsent(row.prefix().toLowerCase(Locale.ROOT), row));
    return new NeuronTriggers(layer, neuron, List.copyOf(distinct.values()));
  }

  /**
   * The clearest thing that most prefixes share, or null: a last token, else a word elsewhere in
   * the prefix, else the token that comes next.
   *
   * @param common words that are in many prefixes of the table anyway
   */
  Common common(Set<String> common) {
    if (lines.size() < ENOUGH) {
      return null;
    }
    Common last = most(Kind.LAST_TOKEN, line -> Set.of(readable(line.token())));
    if (last.share() >= MOST) {
      return last;
    }
    Common word = most(Kind.WORD, line -> innerWords(line, common));
    Common next =
        most(
            Kind.NEXT_TOKEN,
            line -> line.nextToken() == null ? Set.of() : Set.of(readable(line.nextToken())));
    Common best = word.share() >= next.share() ? word : next;
    return best.share() >= MOST ? best : null;
  }

  private Common most(Kind kind, Function<Line, Set<String>> features) {
    Map<String, Integer> counts = new HashMap<>();
    lines.forEach(
        line -> features.apply(line).forEach(value -> counts.merge(value, 1, Integer::sum)));
    return counts.entrySet().stream()
        .max(
            Map.Entry.<String, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
        .map(most -> new Common(kind, most.getKey(), most.getValue(), lines.size()))
        .orElse(new Common(kind, "", 0, lines.size()));
  }

  private static Set<String> innerWords(Line line, Set<String> common) {
    String[] words = words(line.prefix());
    Set<String> inner = new HashSet<>();
    for (int i = 0; i < words.length - 1; i++) {
      if (words[i].length() > 1 && !common.contains(words[i])) {
        inner.add(words[i]);
      }
    }
    return inner;
  }

  static String[] words(String text) {
    return text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+");
  }

  /** Without the marks by which tokenizers show a space before the token. */
  static String readable(String token) {
    return token.replace("\u0120", "").replace("\u2581", "");
  }
}
