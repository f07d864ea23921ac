package io.github.ffncensus.analysis.activations;

/** Takes the coefficients recorded for one token at one layer. */
@FunctionalInterface
public interface ActivationSink {

  /**
   * @param neurons reused after the call, like {@code coefficients}
   * @param count how many entries of the two arrays are meant
   */
  void accept(
      int layer,
      long sequenceId,
      int position,
      int tokenId,
      int[] neurons,
      float[] coefficients,
      int count);
}
