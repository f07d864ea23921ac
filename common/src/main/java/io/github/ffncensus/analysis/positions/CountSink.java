package io.github.ffncensus.analysis.positions;

/** Takes numbers of a layer that add up over positions. */
@FunctionalInterface
public interface CountSink {

  /**
   * @param quantity what is counted
   * @param bin of a distribution; 0 for a single number
   */
  void accept(String quantity, int bin, long count);
}
