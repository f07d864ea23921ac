package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.analysis.Packed;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Direction;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * The texts at one end of a total order: by mean coefficient, of equals the earlier sequence first.
 * The best of a union are the best of its parts' best, so that any order of merging gives the same.
 */
final class BestTexts {
  private static final Comparator<TriggerText> RISING =
      Comparator.comparingDouble(TriggerText::mean);

  private final int limit;
  private final TreeSet<TriggerText> texts;

  BestTexts(Direction direction, int limit) {
    this.limit = limit;
    this.texts =
        new TreeSet<>(
            (direction == Direction.TOP ? RISING.reversed() : RISING)
                .thenComparingLong(TriggerText::sequenceId)
                .thenComparing(TriggerText::textClass));
  }

  void add(TriggerText text) {
    if (texts.size() < limit || texts.comparator().compare(text, texts.last()) < 0) {
      texts.add(text);
      if (texts.size() > limit) {
        texts.pollLast();
      }
    }
  }

  void addAll(BestTexts other) {
    other.texts.forEach(this::add);
  }

  /** The best first. */
  List<TriggerText> inOrder() {
    return List.copyOf(texts);
  }

  void write(Packed out) {
    out.putVarLong(texts.size());
    for (TriggerText text : texts) {
      out.putDouble(text.mean()).putVarLong(text.sequenceId());
      out.putVarLong(text.textClass().ordinal());
    }
  }

  /** Adds what {@link #write} wrote. */
  void read(Packed.Reader in) {
    for (int left = in.varInt(); left > 0; left--) {
      add(new TriggerText(in.getDouble(), in.varLong(), TextClass.values()[in.varInt()]));
    }
  }
}
