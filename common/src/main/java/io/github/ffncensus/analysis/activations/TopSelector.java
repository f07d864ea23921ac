package io.github.ffncensus.analysis.activations;

/**
 * Finds the largest values of one row after another.
 *
 * <p>A guess from earlier rows sieves a row in one pass; only what passes is ordered. A guess that
 * was too high costs a second pass over the row, never a wrong result.
 */
final class TopSelector {
  private final int wanted;
  private final int[] candidates;
  private final float[] candidateValues;
  private float guess = Float.NEGATIVE_INFINITY;

  /** Neurons of the largest values, largest first, the lower neuron first among equals. */
  final int[] neurons;

  final float[] values;

  TopSelector(int wanted, int width) {
    this.wanted = Math.min(wanted, width);
    candidates = new int[width];
    candidateValues = new float[width];
    neurons = new int[this.wanted];
    values = new float[this.wanted];
  }

  /** Fills {@link #neurons} and {@link #values} and returns how many there are. */
  int select(float[] x, int at, int width) {
    int passed = sieve(x, at, width, guess);
    if (passed < wanted) {
      guess = Float.NEGATIVE_INFINITY;
      passed = sieve(x, at, width, guess);
    }
    int filled = 0;
    for (int c = 0; c < passed; c++) {
      if (filled < wanted || candidateValues[c] > values[filled - 1]) {
        filled = insert(candidates[c], candidateValues[c], filled);
      }
    }
    // Aims a little low: a few too many candidates are cheap, a second pass is not.
    float last = values[filled - 1];
    guess = passed > 3 * wanted ? last : Math.min(guess, last);
    return filled;
  }

  private int sieve(float[] x, int at, int width, float least) {
    int passed = 0;
    for (int i = 0; i < width; i++) {
      float value = x[at + i];
      // Few pass, so the branch is predicted and cheaper than storing all.
      if (value >= least) {
        candidates[passed] = i;
        candidateValues[passed++] = value;
      }
    }
    return passed;
  }

  /** Candidates come by neuron, so an equal value goes behind those that are there. */
  private int insert(int neuron, float value, int filled) {
    int at = Math.min(filled, wanted - 1);
    while (at > 0 && value > values[at - 1]) {
      values[at] = values[at - 1];
      neurons[at] = neurons[at - 1];
      at--;
    }
    values[at] = value;
    neurons[at] = neuron;
    return Math.min(filled + 1, wanted);
  }
}
