package io.github.ffncensus.model;

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
  private final Checkpoint checkpoint;
  private final Architecture architecture;
  private final boolean transposed;
  private final String type;
  private final double[] embedding;
  private final Map<String, Optional<double[]>> tensors = new HashMap<>();

  public PlainLens(Path folder) {
    ModelFolder model = ModelFolder.open(folder);
    checkpoint = Checkpoint.open(folder);
    architecture = model.architecture();
    type = model.modelType().replace("xlm-roberta", "roberta");
    transposed = type.equals("gpt2");
    embedding =
        find("lm_head.weight")
            .orElseGet(
                () ->
                    tensor(
                        switch (type) {
                          case "gpt2" -> "transformer.wte.weight";
                          case "llama" -> "model.embed_tokens.weight";
                          default -> type + ".embeddings.word_embeddings.weight";
                        }));
  }

  /** v_i of a layer. */
  public double[] value(int layer, int neuron) {
    double[] down =
        tensor(
            switch (type) {
              case "gpt2" -> "transformer.h." + layer + ".mlp.c_proj.weight";
              case "llama" -> "model.layers." + layer + ".mlp.down_proj.weight";
              default -> type + ".encoder.layer." + layer + ".output.dense.weight";
            });
    double[] value = new double[architecture.hidden()];
    for (int j = 0; j < value.length; j++) {
      value[j] =
          transposed
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
    return lens == Lens.FOLDED && architecture.preNorm() ? times(centred(h), finalGain()) : h;
  }

  public int vocabulary() {
    return embedding.length / architecture.hidden();
  }

  /** A token's row of the output embedding. */
  public double[] outputEmbedding(int token) {
    int hidden = architecture.hidden();
    return Arrays.copyOfRange(embedding, token * hidden, (token + 1) * hidden);
  }

  /** o of a layer, from r + y. */
  public double[] blockOutput(int layer, double[] sum) {
    if (architecture.preNorm()) {
      return sum;
    }
    String norm = type + ".encoder.layer." + layer + ".output.LayerNorm";
    return plus(times(scaled(centred(sum)), tensor(norm + ".weight")), tensor(norm + ".bias"));
  }

  private double[] head(double[] h) {
    if (architecture.preNorm()) {
      double[] x = times(scaled(centred(h)), finalGain());
      return product(architecture.rmsNorm() ? x : plus(x, tensor("transformer.ln_f.bias")));
    }
    String dense = type.equals("bert") ? "cls.predictions.transform.dense" : "lm_head.dense";
    String norm =
        type.equals("bert") ? "cls.predictions.transform.LayerNorm" : "lm_head.layer_norm";
    String bias = type.equals("bert") ? "cls.predictions.bias" : "lm_head.bias";
    double[] matrix = tensor(dense + ".weight");
    double[] x = tensor(dense + ".bias").clone();
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < h.length; j++) {
        x[i] += matrix[i * h.length + j] * h[j];
      }
      x[i] = 0.5 * x[i] * (1 + erf(x[i] / Math.sqrt(2)));
    }
    x = plus(times(scaled(centred(x)), tensor(norm + ".weight")), tensor(norm + ".bias"));
    return plus(product(x), tensor(bias));
  }

  private double[] finalGain() {
    return tensor(type.equals("gpt2") ? "transformer.ln_f.weight" : "model.norm.weight");
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

  private double[] tensor(String name) {
    return find(name).orElseThrow(() -> new IllegalArgumentException("no tensor " + name));
  }

  private Optional<double[]> find(String name) {
    return tensors.computeIfAbsent(name, this::read);
  }

  private Optional<double[]> read(String name) {
    return checkpoint
        .find(name)
        .map(
            entry -> {
              float[] values = new float[(int) (entry.bytes() / Float.BYTES)];
              entry.map(0, entry.shape()[0]).asFloatBuffer().get(values);
              double[] wide = new double[values.length];
              for (int i = 0; i < values.length; i++) {
                wide[i] = values[i];
              }
              return wide;
            });
  }
}
