package io.github.ffncensus.knowledge.edit;

import java.io.Serializable;

/**
 * How a value vector v is turned from an answer t to another, t': v - a e_t + b e_t', with e the
 * answer's {@link Direction}.
 *
 * @param scaled whether a and b are in units of |v| / |e|, as in the authors' code, where the
 *     paper's formula and others' code take them as they are
 * @param oldWeight a, lambda 1 in the paper
 * @param newWeight b, lambda 2 in the paper
 */
public record UpdateRule(boolean scaled, double oldWeight, double newWeight)
    implements Serializable {

  /**
   * The vector after the update, calculated in double.
   *
   * @param value v
   * @param old e_t
   * @param replacement e_t'
   */
  float[] apply(float[] value, float[] old, float[] replacement) {
    double minus = oldWeight * unit(value, old);
    double plus = newWeight * unit(value, replacement);
    float[] updated = new float[value.length];
    for (int j = 0; j < value.length; j++) {
      updated[j] = (float) (value[j] - minus * old[j] + plus * replacement[j]);
    }
    return updated;
  }

  /** A direction of zeros is none, so its unit does not matter. */
  private double unit(float[] value, float[] direction) {
    double norm = norm(direction);
    return scaled && norm > 0 ? norm(value) / norm : 1;
  }

  static double norm(float[] x) {
    double square = 0;
    for (float element : x) {
      square += (double) element * element;
    }
    return Math.sqrt(square);
  }
}
