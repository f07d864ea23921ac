package io.github.ffncensus.jobs.show;

import io.github.ffncensus.jobs.show.SharedFeature.Kind;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** A neuron's positive triggers, strongest first, repeated prefixes left out. */
record NeuronTriggers(int layer, int neuron, List<Line> lines) {
  /** Fewer distinct prefixes than this prove nothing. */
  private static final int ENOUGH = 5;

  /** What this share of the prefixes or more have in common counts as what a neuron responds to. */
  private static final double MOST = 0.5;

  /**
   * One trigger prefix.
   *
   * @param nextToken null at the end of a sequence
   */
  record Line(float coefficient, String prefix, String token, String nextToken) {

    /** The values of one kind of feature that this prefix has. */
    Set<String> features(Kind kind) {
      return switch (kind) {
        case LAST_TOKEN -> Set.of(readable(token));
        case NEXT_TOKEN -> nextToken == null ? Set.of() : Set.of(readable(nextToken));
        case WORD -> {
          String[] words = prefix.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+");
          Set<String> inner = new HashSet<>();
          for (int i = 0; i < words.length - 1; i++) {
            if (words[i].length() > 1) {
              inner.add(words[i]);
            }
          }
          yield inner;
        }
      };
    }
  }

  static NeuronTriggers of(int layer, int neuron, List<Line> rows) {
    Map<String, Line> distinct = new LinkedHashMap<>();
    rows.forEach(row -> distinct.putIfAbsent(row.prefix().toLowerCase(Locale.ROOT), row));
    return new NeuronTriggers(layer, neuron, List.copyOf(distinct.values()));
  }

  /** What most prefixes share and prefixes at large do not; the clearest such thing. */
  Optional<SharedFeature> shared(Background background) {
    if (lines.size() < ENOUGH) {
      return Optional.empty();
    }
    return Stream.of(Kind.values())
        .flatMap(kind -> shared(kind, background))
        .max(Comparator.comparingDouble(SharedFeature::clarity));
  }

  private Stream<SharedFeature> shared(Kind kind, Background background) {
    Map<String, Integer> counts = new HashMap<>();
    lines.forEach(
        line -> line.features(kind).forEach(value -> counts.merge(value, 1, Integer::sum)));
    return counts.entrySet().stream()
        .filter(counted -> counted.getValue() >= MOST * lines.size())
        .map(
            counted -> {
              int count = counted.getValue();
              double rate = background.rate(kind, counted.getKey());
              double clarity = count * Math.log(count / (double) lines.size() / rate);
              return new SharedFeature(kind, counted.getKey(), count, lines.size(), clarity);
            });
  }

  /** Without the marks by which tokenizers show a space before the token. */
  static String readable(String token) {
    return token.replace("\u0120", "").replace("\u2581", "");
  }
}
