package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A forward pass of a float32 checkpoint in plain double arithmetic, one token after another, whose
 * coefficients and value vectors can be changed on the way: an oracle that shares no code with the
 * engine. {@code PlainTransformerTest} holds it to the Hugging Face library's numbers.
 */
public final class PlainTransformer {
  private final ModelFolder model;
  private final Architecture architecture;
  private final PlainLens lens;
  private final Map<String, Optional<double[]>> tensors = new HashMap<>();
  private final Map<String, double[]> values = new HashMap<>();
  private long products;

  /** What becomes of a coefficient before it is multiplied with its value vector. */
  @FunctionalInterface
  public interface Change {
    Change NONE = (layer, position, neuron, coefficient) -> coefficient;

    double apply(int layer, int position, int neuron, double coefficient);
  }

  public PlainTransformer(Path folder) {
    model = ModelFolder.open(folder);
    architecture = model.architecture();
    lens = new PlainLens(folder);
  }

  /** Multiplications of matrix products, those of attention included, in all passes so far. */
  public long products() {
    return products;
  }

  /** Gives a neuron another value vector. */
  public void replaceValue(int layer, int neuron, double[] value) {
    values.put(layer + ":" + neuron, value);
  }

  public double[] value(int layer, int neuron) {
    return values.computeIfAbsent(layer + ":" + neuron, key -> lens.value(layer, neuron));
  }

  /** A row of the output embedding. */
  public double[] outputEmbedding(int token) {
    double[] table =
        architecture.tiedHead()
            ? tensor(Part.TOKEN_EMBEDDING, 0, ".weight")
            : tensor(Part.HEAD, 0, ".weight");
    return Arrays.copyOfRange(
        table, token * architecture.hidden(), (token + 1) * architecture.hidden());
  }

  /** Probabilities of all tokens at a position. */
  public double[] probabilities(int[] tokens, int position, Change change) {
    double[] logits = lens.logits(states(tokens, change)[position], Lens.HEAD);
    double largest = Arrays.stream(logits).max().orElseThrow();
    double[] probabilities = Arrays.stream(logits).map(x -> Math.exp(x - largest)).toArray();
    double sum = Arrays.stream(probabilities).sum();
    return Arrays.stream(probabilities).map(x -> x / sum).toArray();
  }

  /** The last layer's output by position. */
  public double[][] states(int[] tokens, Change change) {
    double[][] h = embed(tokens);
    for (int l = 0; l < architecture.layers(); l++) {
      double[][] r = attentionBlock(l, h);
      for (int t = 0; t < r.length; t++) {
        double[] read = architecture.parallel() ? h[t] : r[t];
        double[] x = architecture.preNorm() ? norm(Part.FFN_NORM, l, read) : read;
        double[] sum = plus(r[t], feedForward(l, t, x, change));
        h[t] = architecture.preNorm() ? sum : norm(Part.FFN_NORM, l, sum);
      }
    }
    return h;
  }

  private double[] feedForward(int l, int position, double[] x, Change change) {
    int width = architecture.intermediate();
    double[] up = linear(Part.UP, l, x, width);
    double[] gate = architecture.gated() ? linear(Part.GATE, l, x, width) : null;
    double[] y =
        bias(Part.DOWN, l).map(double[]::clone).orElseGet(() -> new double[architecture.hidden()]);
    for (int i = 0; i < width; i++) {
      double c = gate == null ? activate(up[i]) : activate(gate[i]) * up[i];
      double changed = change.apply(l, position, i, c);
      double[] value = value(l, i);
      products += y.length;
      for (int j = 0; j < y.length; j++) {
        y[j] += changed * value[j];
      }
    }
    return y;
  }

  private double activate(double x) {
    return switch (architecture.activation()) {
      case RELU -> Math.max(0, x);
      case GELU -> 0.5 * x * (1 + PlainLens.erf(x / Math.sqrt(2)));
      case GELU_TANH ->
          0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
      case SILU -> x / (1 + Math.exp(-x));
    };
  }

  private double[][] embed(int[] tokens) {
    int hidden = architecture.hidden();
    double[][] h = new double[tokens.length][];
    int next = architecture.firstPosition();
    for (int t = 0; t < tokens.length; t++) {
      h[t] = row(tensor(Part.TOKEN_EMBEDDING, 0, ".weight"), tokens[t], hidden);
      for (int j = 0; j < hidden; j++) {
        h[t][j] *= architecture.embeddingScale();
      }
      if (architecture.tokenTypes() > 0) {
        h[t] = plus(h[t], row(tensor(Part.TYPE_EMBEDDING, 0, ".weight"), 0, hidden));
      }
      if (model.family().parts().containsKey(Part.POSITION_EMBEDDING)) {
        boolean padding =
            architecture.positions() == Architecture.PositionEncoding.LEARNED_SKIPPING_PADDING
                && tokens[t] == architecture.paddingId();
        int position = padding ? architecture.paddingId() : next++;
        h[t] = plus(h[t], row(tensor(Part.POSITION_EMBEDDING, 0, ".weight"), position, hidden));
      }
      if (model.family().parts().containsKey(Part.EMBEDDING_NORM)) {
        h[t] = norm(Part.EMBEDDING_NORM, 0, h[t]);
      }
    }
    return h;
  }

  private static double[] row(double[] table, int row, int width) {
    return Arrays.copyOfRange(table, row * width, (row + 1) * width);
  }

  private double[][] attentionBlock(int l, double[][] h) {
    int size = architecture.headSize();
    int queries = architecture.heads() * size;
    int keys = architecture.keyValueHeads() * size;
    boolean byHead = model.family().parts().containsKey(Part.QUERY_KEY_VALUE_BY_HEAD);
    boolean fused = model.family().parts().containsKey(Part.QUERY_KEY_VALUE);
    double[][] q = new double[h.length][];
    double[][] k = new double[h.length][];
    double[][] v = new double[h.length][];
    for (int t = 0; t < h.length; t++) {
      double[] x = architecture.preNorm() ? norm(Part.ATTENTION_NORM, l, h[t]) : h[t];
      if (byHead) {
        double[] all = linear(Part.QUERY_KEY_VALUE_BY_HEAD, l, x, 3 * queries);
        q[t] = new double[queries];
        k[t] = new double[queries];
        v[t] = new double[queries];
        for (int i = 0; i < queries; i++) {
          int row = i / size * 3 * size + i % size;
          q[t][i] = all[row];
          k[t][i] = all[row + size];
          v[t][i] = all[row + 2 * size];
        }
      } else if (fused) {
        double[] all = linear(Part.QUERY_KEY_VALUE, l, x, queries + 2 * keys);
        q[t] = Arrays.copyOfRange(all, 0, queries);
        k[t] = Arrays.copyOfRange(all, queries, queries + keys);
        v[t] = Arrays.copyOfRange(all, queries + keys, queries + 2 * keys);
      } else {
        q[t] = linear(Part.QUERY, l, x, queries);
        k[t] = linear(Part.KEY, l, x, keys);
        v[t] = linear(Part.VALUE, l, x, keys);
      }
    }
    for (int t = 0; t < h.length; t++) {
      q[t] = rotate(normHeads(Part.QUERY_NORM, l, q[t]), t);
      k[t] = rotate(normHeads(Part.KEY_NORM, l, k[t]), t);
    }
    double[][] r = new double[h.length][];
    for (int t = 0; t < h.length; t++) {
      double[] mixed = new double[queries];
      int seen = architecture.causal() ? t + 1 : h.length;
      products += 2L * seen * queries;
      for (int head = 0; head < architecture.heads(); head++) {
        int shared = head / (architecture.heads() / architecture.keyValueHeads());
        double[] weights = new double[seen];
        double sum = 0;
        for (int s = 0; s < seen; s++) {
          double score = 0;
          for (int j = 0; j < size; j++) {
            score += q[t][head * size + j] * k[s][shared * size + j];
          }
          double bias = architecture.relative().isPresent() ? distanceBias(s - t, head) : 0;
          weights[s] = Math.exp(score * architecture.attentionScale(l) + bias);
          sum += weights[s];
        }
        for (int s = 0; s < seen; s++) {
          for (int j = 0; j < size; j++) {
            mixed[head * size + j] += weights[s] / sum * v[s][shared * size + j];
          }
        }
      }
      double[] total = plus(h[t], linear(Part.ATTENTION_OUTPUT, l, mixed, architecture.hidden()));
      r[t] = architecture.preNorm() ? total : norm(Part.ATTENTION_NORM, l, total);
    }
    return r;
  }

  /** T5's bias by head and distance, key - query. */
  private double distanceBias(int distance, int head) {
    RelativeBuckets relative = architecture.relative().orElseThrow();
    int half = relative.buckets() / 2;
    int alone = half / 2;
    int apart = Math.abs(distance);
    int bucket = apart;
    if (apart >= alone) {
      double base = (double) relative.maxDistance() / alone;
      double share = Math.log((double) apart / alone) / Math.log(base);
      bucket = Math.min(half - 1, alone + (int) Math.floor(share * (half - alone)));
    }
    double[] table = tensor(Part.RELATIVE_POSITIONS, 0, ".weight");
    return table[((distance > 0 ? half : 0) + bucket) * architecture.heads() + head];
  }

  private double[] normHeads(Part part, int l, double[] x) {
    if (!model.family().parts().containsKey(part)) {
      return x;
    }
    double[] normed = new double[x.length];
    int size = architecture.headSize();
    for (int start = 0; start < x.length; start += size) {
      double[] head = norm(part, l, Arrays.copyOfRange(x, start, start + size));
      System.arraycopy(head, 0, normed, start, size);
    }
    return normed;
  }

  private double[] rotate(double[] x, int position) {
    if (architecture.rotary().isEmpty()) {
      return x;
    }
    double[] turned = x.clone();
    int half = architecture.rotary().get().inverse().size();
    for (int start = 0; start < x.length; start += architecture.headSize()) {
      for (int i = 0; i < half; i++) {
        double angle = (double) architecture.rotary().get().inverse().get(i) * position;
        double first = x[start + i];
        double second = x[start + half + i];
        turned[start + i] = first * Math.cos(angle) - second * Math.sin(angle);
        turned[start + half + i] = second * Math.cos(angle) + first * Math.sin(angle);
      }
    }
    return turned;
  }

  private double[] linear(Part part, int l, double[] x, int out) {
    double[] weight = tensor(part, l, ".weight");
    double[] bias = bias(part, l).orElseGet(() -> new double[out]);
    double[] y = new double[out];
    products += (long) out * x.length;
    for (int i = 0; i < out; i++) {
      double sum = bias[i];
      for (int j = 0; j < x.length; j++) {
        sum += x[j] * weight[model.family().transposedLinear() ? j * out + i : i * x.length + j];
      }
      y[i] = sum;
    }
    return y;
  }

  private double[] norm(Part part, int l, double[] x) {
    double mean = architecture.rmsNorm() ? 0 : Arrays.stream(x).average().orElseThrow();
    double square =
        Arrays.stream(x).map(value -> (value - mean) * (value - mean)).average().orElseThrow();
    double[] gain = tensor(part, l, ".weight");
    double offset = architecture.gainsLessOne() ? 1 : 0;
    Optional<double[]> shift = bias(part, l);
    double[] y = new double[x.length];
    for (int j = 0; j < x.length; j++) {
      y[j] = (x[j] - mean) / Math.sqrt(square + architecture.normEpsilon()) * (gain[j] + offset);
      y[j] += shift.isPresent() ? shift.get()[j] : 0;
    }
    return y;
  }

  private static double[] plus(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int j = 0; j < a.length; j++) {
      sum[j] += b[j];
    }
    return sum;
  }

  private Optional<double[]> bias(Part part, int l) {
    return find(part, l, ".bias");
  }

  private double[] tensor(Part part, int l, String suffix) {
    return find(part, l, suffix).orElseThrow();
  }

  private Optional<double[]> find(Part part, int l, String suffix) {
    return tensors.computeIfAbsent(
        part + " " + l + suffix, key -> model.tensor(part, l, suffix).map(PlainTransformer::read));
  }

  private static double[] read(Checkpoint.Entry entry) {
    float[] stored = new float[(int) (entry.bytes() / Float.BYTES)];
    entry.map(0, entry.shape()[0]).asFloatBuffer().get(stored);
    double[] wide = new double[stored.length];
    Arrays.setAll(wide, i -> stored[i]);
    return wide;
  }
}
