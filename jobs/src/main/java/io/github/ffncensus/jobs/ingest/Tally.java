package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.table.RejectReason;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Counts of documents and what became of them; adds up over splits. */
final class Tally implements Serializable {
  private final Map<RejectReason, Long> rejected = new EnumMap<>(RejectReason.class);
  private long documentsInSequences;
  private long sequences;
  private long tokens;

  void addRejected(RejectReason reason, long documents) {
    rejected.merge(reason, documents, Long::sum);
  }

  void addUsed(long documents, long itsSequences, long itsTokens) {
    documentsInSequences += documents;
    sequences += itsSequences;
    tokens += itsTokens;
  }

  void add(Tally other) {
    other.rejected.forEach(this::addRejected);
    addUsed(other.documentsInSequences, other.sequences, other.tokens);
  }

  long documents() {
    return documentsInSequences + documentsInRejects();
  }

  long documentsInSequences() {
    return documentsInSequences;
  }

  long documentsInRejects() {
    return rejected.values().stream().mapToLong(Long::longValue).sum();
  }

  long rejected(RejectReason reason) {
    return rejected.getOrDefault(reason, 0L);
  }

  long sequences() {
    return sequences;
  }

  long tokens() {
    return tokens;
  }

  /** Such as {@code 3 empty, 1 over_long}. */
  String reasons() {
    return rejected.entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey().key())
        .collect(Collectors.joining(", "));
  }
}
