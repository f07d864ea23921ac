package io.github.ffncensus.analysis.positions;

/** Takes what was seen of a shard's sampled positions, all layers of a position together. */
@FunctionalInterface
public interface PositionSink {
  void accept(SampledPosition position);
}
