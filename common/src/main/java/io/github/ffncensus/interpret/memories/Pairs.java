package io.github.ffncensus.interpret.memories;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Memories at positions, by index; those of a position stand together.
 *
 * @param positions row of the position
 * @param outputs the model's prediction there
 * @param ffnTokens what the FFN predicts there
 */
record Pairs(
    long[] positions, long[] neurons, float[] coefficients, long[] outputs, long[] ffnTokens) {

  int count() {
    return positions.length;
  }

  /** All of these, and then the first of every position with a coefficient of 0. */
  Pairs withNothingRemoved() {
    int[] firsts =
        IntStream.range(0, count())
            .filter(pair -> pair == 0 || positions[pair] != positions[pair - 1])
            .toArray();
    Pairs more = at(IntStream.concat(IntStream.range(0, count()), IntStream.of(firsts)).toArray());
    Arrays.fill(more.coefficients, count(), more.count(), 0);
    return more;
  }

  /** The neurons that occur, ascending. */
  long[] distinctNeurons() {
    return Arrays.stream(neurons).sorted().distinct().toArray();
  }

  /** Indices, sorted by neuron. */
  int[] byNeuron() {
    return IntStream.range(0, count())
        .boxed()
        .sorted(Comparator.comparingLong(pair -> neurons[pair]))
        .mapToInt(pair -> pair)
        .toArray();
  }

  /** Some of the pairs, in the order of the indices. */
  Pairs at(int[] indices) {
    float[] ofIndices = new float[indices.length];
    for (int i = 0; i < indices.length; i++) {
      ofIndices[i] = coefficients[indices[i]];
    }
    return new Pairs(
        at(positions, indices),
        at(neurons, indices),
        ofIndices,
        at(outputs, indices),
        at(ffnTokens, indices));
  }

  private static long[] at(long[] values, int[] indices) {
    return IntStream.of(indices).mapToLong(i -> values[i]).toArray();
  }
}
