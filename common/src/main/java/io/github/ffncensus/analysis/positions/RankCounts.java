package io.github.ffncensus.analysis.positions;

import io.github.ffncensus.analysis.Packed;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** How often each rank occurred: at most as many numbers as the vocabulary has tokens. */
final class RankCounts {
  private final TreeMap<Integer, Long> counts = new TreeMap<>();

  void add(int rank) {
    counts.merge(rank, 1L, Long::sum);
  }

  void add(int rank, long count) {
    counts.merge(rank, count, Long::sum);
  }

  void add(RankCounts other) {
    other.counts.forEach(this::add);
  }

  void forEach(BiConsumer<Integer, Long> sink) {
    counts.forEach(sink);
  }

  void pack(Packed out) {
    out.putVarLong(counts.size());
    int last = 0;
    for (Map.Entry<Integer, Long> entry : counts.entrySet()) {
      out.putVarLong((long) entry.getKey() - last).putVarLong(entry.getValue());
      last = entry.getKey();
    }
  }

  static RankCounts unpack(Packed.Reader in) {
    RankCounts ranks = new RankCounts();
    int size = in.varInt();
    int rank = 0;
    for (int i = 0; i < size; i++) {
      rank += in.varInt();
      ranks.counts.put(rank, in.varLong());
    }
    return ranks;
  }

  /** The rank at place ceil(n / 2) of n; null if there is none. */
  Integer median() {
    long total = counts.values().stream().mapToLong(Long::longValue).sum();
    long seen = 0;
    for (Map.Entry<Integer, Long> entry : counts.entrySet()) {
      seen += entry.getValue();
      if (2 * seen >= total) {
        return entry.getKey();
      }
    }
    return null;
  }
}
