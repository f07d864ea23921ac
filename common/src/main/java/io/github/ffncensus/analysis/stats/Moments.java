package io.github.ffncensus.analysis.stats;

import io.github.ffncensus.analysis.Packed;
import java.util.Map;
import java.util.TreeMap;

/**
 * Central moments of the neurons of a block, merged over shards in a fixed order.
 *
 * <p>Floating-point addition is not associative, so merging in order of arrival would make the last
 * bits depend on the cluster. Here shards are the leaves of the one binary tree over their numbers:
 * a node is made exactly from its two children, so every order of arrival ends in the same nodes.
 *
 * <p>Formulas: P. Pébay, Formulas for robust, one-pass parallel computation of covariances and
 * arbitrary-order statistical moments, SAND2008-6212.
 */
final class Moments {
  /** Per neuron: mean, M2, M3, M4, then any plain sums. */
  static final int CENTRAL = 4;

  private final int neurons;
  private final int width;

  /** Nodes that have not met their sibling, by first shard and then by size. */
  private final TreeMap<Node, Sums> nodes = new TreeMap<>();

  /** A node covers shards {@code index << level} to {@code (index + 1) << level}. */
  private record Node(int level, long index) implements Comparable<Node> {
    long firstShard() {
      return index << level;
    }

    long endShard() {
      return (index + 1) << level;
    }

    Node parent() {
      return new Node(level + 1, index >> 1);
    }

    Node sibling() {
      return new Node(level, index ^ 1);
    }

    @Override
    public int compareTo(Node other) {
      int byStart = Long.compare(firstShard(), other.firstShard());
      return byStart != 0 ? byStart : Integer.compare(level, other.level);
    }
  }

  /**
   * @param count values per neuron
   * @param values (neurons, width)
   */
  record Sums(long count, double[] values) {}

  /**
   * @param plainSums numbers per neuron beyond the moments that are only added up
   */
  Moments(int neurons, int plainSums) {
    this.neurons = neurons;
    this.width = CENTRAL + plainSums;
  }

  /** Adds a shard; a shard added twice is refused. */
  void addShard(int shard, Sums sums) {
    add(new Node(0, shard), sums);
  }

  void addAll(Moments other) {
    other.nodes.forEach(this::add);
  }

  private void add(Node node, Sums sums) {
    refuseOverlap(node);
    Sums sibling = nodes.remove(node.sibling());
    if (sibling == null) {
      nodes.put(node, sums);
      return;
    }
    boolean left = (node.index() & 1) == 0;
    add(node.parent(), left ? merge(sums, sibling) : merge(sibling, sums));
  }

  /** Kept nodes never overlap, so the last that begins before this one's end tells. */
  private void refuseOverlap(Node node) {
    Node last = nodes.lowerKey(new Node(0, node.endShard()));
    if (last != null && last.endShard() > node.firstShard()) {
      throw new IllegalStateException("shards from " + node.firstShard() + " merged twice");
    }
  }

  /** All shards together: the nodes that are left, by first shard. */
  Sums total() {
    Sums total = new Sums(0, new double[neurons * width]);
    for (Sums sums : nodes.values()) {
      total = merge(total, sums);
    }
    return total;
  }

  private Sums merge(Sums a, Sums b) {
    if (a.count() == 0 || b.count() == 0) {
      return a.count() == 0 ? b : a;
    }
    double na = a.count();
    double nb = b.count();
    double n = na + nb;
    double[] merged = new double[neurons * width];
    for (int i = 0; i < neurons; i++) {
      int at = i * width;
      double[] x = a.values();
      double[] y = b.values();
      double delta = y[at] - x[at];
      double d2 = delta * delta;
      merged[at] = x[at] + delta * nb / n;
      merged[at + 1] = x[at + 1] + y[at + 1] + d2 * na * nb / n;
      merged[at + 2] =
          x[at + 2]
              + y[at + 2]
              + d2 * delta * na * nb * (na - nb) / (n * n)
              + 3 * delta * (na * y[at + 1] - nb * x[at + 1]) / n;
      merged[at + 3] =
          x[at + 3]
              + y[at + 3]
              + d2 * d2 * na * nb * (na * na - na * nb + nb * nb) / (n * n * n)
              + 6 * d2 * (na * na * y[at + 1] + nb * nb * x[at + 1]) / (n * n)
              + 4 * delta * (na * y[at + 2] - nb * x[at + 2]) / n;
      for (int j = CENTRAL; j < width; j++) {
        merged[at + j] = x[at + j] + y[at + j];
      }
    }
    return new Sums(a.count() + b.count(), merged);
  }

  void write(Packed out) {
    out.putVarLong(nodes.size());
    for (Map.Entry<Node, Sums> entry : nodes.entrySet()) {
      out.putVarLong(entry.getKey().level()).putVarLong(entry.getKey().index());
      out.putVarLong(entry.getValue().count());
      for (double value : entry.getValue().values()) {
        out.putDouble(value);
      }
    }
  }

  static Moments read(Packed.Reader in, int neurons, int plainSums) {
    Moments moments = new Moments(neurons, plainSums);
    for (long nodes = in.varLong(); nodes > 0; nodes--) {
      Node node = new Node(in.varInt(), in.varLong());
      long count = in.varLong();
      double[] values = new double[neurons * moments.width];
      for (int i = 0; i < values.length; i++) {
        values[i] = in.getDouble();
      }
      moments.nodes.put(node, new Sums(count, values));
    }
    return moments;
  }

  /**
   * Central moments from power sums about a shift.
   *
   * @param sums of (x - shift) to the powers 1 to 4
   */
  static void central(double[] into, int at, long n, double shift, double[] sums) {
    double d = sums[0] / n;
    into[at] = shift + d;
    into[at + 1] = Math.max(0, sums[1] - n * d * d);
    into[at + 2] = sums[2] - 3 * d * sums[1] + 2 * n * d * d * d;
    into[at + 3] =
        Math.max(0, sums[3] - 4 * d * sums[2] + 6 * d * d * sums[1] - 3 * n * d * d * d * d);
  }
}
