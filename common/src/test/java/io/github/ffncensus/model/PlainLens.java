package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Lenses and value vectors of a float32 checkpoint in plain double arithmetic, straight from its
 * tensors: an oracle that shares no code with the engine.
 */
public final class PlainLens {
  private final ModelFolder model;
  private final Architecture architecture;
  private final Map<String, Optional<double[]>> tensors = new HashMap<>();

  public PlainLens(Path folder) {
    model = ModelFolder.open(folder);
    architecture = model.architecture();
  }

  /** v_i of a layer. */
  public double[] value(int layer, int neuron) {
    double[] down = tensor(Part.DOWN, layer, ".weight");
    double[] value = new double[architecture.hidden()];
    for (int j = 0; j < value.length; j++) {
      value[j] =
          model.family().transposedLinear()
              ? down[neuron * value.length + j]
              : down[j * architecture.intermediate() + neuron];
    }
    return value;
  }

  public double[] logits(double[] h, Lens lens) {
    return switch (lens) {
      case RAW, FOLDED -> product(lensState(h, lens));
      case HEAD -> head(h);
    };
  }

  /** What a linear lens multiplies with the output embedding. */
  public double[] lensState(double[] h, Lens lens) {
    return lens == Lens.FOLDED && architecture.preNorm()
        ? times(centred(h), gain(Part.FINAL_NORM, 0))
        : h;
  }

  public int vocabulary() {
    return architecture.vocabulary();
  }

  /** A token's row of the output embedding. */
  public double[] outputEmbedding(int token) {
    int hidden = architecture.hidden();
    return Arrays.copyOfRange(embedding(), token * hidden, (token + 1) * hidden);
  }

  /** o of a layer, from r + y. */
  public double[] blockOutput(int layer, double[] sum) {
    if (architecture.preNorm()) {
      return sum;
    }
    return normed(Part.FFN_NORM, layer, sum);
  }

  private double[] head(double[] h) {
    double[] x = architecture.preNorm() ? normed(Part.FINAL_NORM, 0, h) : h;
    if (!model.family().parts().containsKey(Part.HEAD_TRANSFORM)) {
      return product(x);
    }
    double[] matrix = tensor(Part.HEAD_TRANSFORM, 0, ".weight");
    double[] transformed = tensor(Part.HEAD_TRANSFORM, 0, ".bias").clone();
    for (int i = 0; i < transformed.length; i++) {
      for (int j = 0; j < x.length; j++) {
        transformed[i] += matrix[i * x.length + j] * x[j];
      }
      transformed[i] = 0.5 * transformed[i] * (1 + erf(transformed[i] / Math.sqrt(2)));
    }
    return plus(product(normed(Part.HEAD_NORM, 0, transformed)), tensor(Part.HEAD_BIAS, 0, ""));
  }

  private double[] normed(Part part, int layer, double[] h) {
    double[] x = times(scaled(centred(h)), gain(part, layer));
    return find(part, layer, ".bias").map(shift -> plus(x, shift)).orElse(x);
  }

  private double[] gain(Part part, int layer) {
    double offset = architecture.gainsLessOne() ? 1 : 0;
    return Arrays.stream(tensor(part, layer, ".weight")).map(gain -> gain + offset).toArray();
  }

  private double[] embedding() {
    return tensor(architecture.tiedHead() ? Part.TOKEN_EMBEDDING : Part.HEAD, 0, ".weight");
  }

  private double[] centred(double[] h) {
    double mean = 0;
    for (double value : h) {
      mean += architecture.rmsNorm() ? 0 : value / h.length;
    }
    double[] result = h.clone();
    for (int i = 0; i < h.length; i++) {
      result[i] -= mean;
    }
    return result;
  }

  private double[] scaled(double[] h) {
    double square = 0;
    for (double value : h) {
      square += value * value / h.length;
    }
    double[] result = h.clone();
    for (int i = 0; i < h.length; i++) {
      result[i] /= Math.sqrt(square + architecture.normEpsilon());
    }
    return result;
  }

  private static double[] times(double[] a, double[] b) {
    double[] result = a.clone();
    for (int i = 0; i < a.length; i++) {
      result[i] *= b[i];
    }
    return result;
  }

  private static double[] plus(double[] a, double[] b) {
    double[] result = a.clone();
    for (int i = 0; i < a.length; i++) {
      result[i] += b[i];
    }
    return result;
  }

  private double[] product(double[] h) {
    double[] embedding = embedding();
    double[] logits = new double[embedding.length / h.length];
    for (int w = 0; w < logits.length; w++) {
      for (int j = 0; j < h.length; j++) {
        logits[w] += embedding[w * h.length + j] * h[j];
      }
    }
    return logits;
  }

  /** Maclaurin series, which is exact enough for the small arguments here. */
  static double erf(double x) {
    if (Math.abs(x) > 5) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; n < 150; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  private double[] tensor(Part part, int layer, String suffix) {
    return find(part, layer, suffix)
        .orElseThrow(() -> new IllegalArgumentException("no tensor " + part + suffix));
  }

  private Optional<double[]> find(Part part, int layer, String suffix) {
    return tensors.computeIfAbsent(
        part + " " + layer + suffix, key -> model.tensor(part, layer, suffix).map(PlainLens::read));
  }

  private static double[] read(Checkpoint.Entry entry) {
    float[] values = new float[(int) (entry.bytes() / Float.BYTES)];
    entry.map(0, entry.shape()[0]).asFloatBuffer().get(values);
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
