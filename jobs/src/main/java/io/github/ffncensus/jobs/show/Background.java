package io.github.ffncensus.jobs.show;

import io.github.ffncensus.jobs.show.NeuronTriggers.Line;
import io.github.ffncensus.jobs.show.SharedFeature.Kind;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * How often prefixes of the table at large have a feature: counted over each neuron's strongest.
 */
final class Background {
  private final Map<Kind, Map<String, Integer>> counts = new EnumMap<>(Kind.class);
  private int prefixes;

  Background() {
    for (Kind kind : Kind.values()) {
      counts.put(kind, new HashMap<>());
    }
  }

  void add(Line line) {
    prefixes++;
    for (Kind kind : Kind.values()) {
      line.features(kind).forEach(value -> counts.get(kind).merge(value, 1, Integer::sum));
    }
  }

  /** Share of the prefixes that have a feature, never 0 and never 1. */
  double rate(Kind kind, String value) {
    return (1.0 + counts.get(kind).getOrDefault(value, 0)) / (2.0 + prefixes);
  }
}
