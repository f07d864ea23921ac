package io.github.ffncensus.analysis;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/**
 * Sums over shards, merged in a fixed order.
 *
 * <p>Floating-point addition is not associative, so merging in order of arrival would make the last
 * bits depend on the cluster. Here shards are the leaves of the one binary tree over their numbers:
 * a node is made exactly from its two children, so every order of arrival ends in the same nodes.
 *
 * @param <S> sums of some shards
 */
public final class ShardTree<S> {
  private final BinaryOperator<S> merge;

  /** Nodes that have not met their sibling, by first shard and then by size. */
  private final TreeMap<Node, S> nodes = new TreeMap<>();

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
   * @param merge the left one is always of earlier shards
   */
  public ShardTree(BinaryOperator<S> merge) {
    this.merge = merge;
  }

  /** Adds a shard; a shard added twice is refused. */
  public void addShard(int shard, S sums) {
    add(new Node(0, shard), sums);
  }

  public void addAll(ShardTree<S> other) {
    other.nodes.forEach(this::add);
  }

  private void add(Node node, S sums) {
    refuseOverlap(node);
    S sibling = nodes.remove(node.sibling());
    if (sibling == null) {
      nodes.put(node, sums);
      return;
    }
    boolean left = (node.index() & 1) == 0;
    add(node.parent(), left ? merge.apply(sums, sibling) : merge.apply(sibling, sums));
  }

  /** Kept nodes never overlap, so the last that begins before this one's end tells. */
  private void refuseOverlap(Node node) {
    Node last = nodes.lowerKey(new Node(0, node.endShard()));
    if (last != null && last.endShard() > node.firstShard()) {
      throw new IllegalStateException("shards from " + node.firstShard() + " merged twice");
    }
  }

  /**
   * All shards together: the nodes that are left, by first shard.
   *
   * @param none of no shard
   */
  public S total(S none) {
    S total = none;
    for (S sums : nodes.values()) {
      total = merge.apply(total, sums);
    }
    return total;
  }

  /**
   * @param writeSums writes the sums of a node
   */
  public void write(Packed out, BiConsumer<S, Packed> writeSums) {
    out.putVarLong(nodes.size());
    for (Map.Entry<Node, S> entry : nodes.entrySet()) {
      out.putVarLong(entry.getKey().level()).putVarLong(entry.getKey().index());
      writeSums.accept(entry.getValue(), out);
    }
  }

  /** Adds what {@link #write} wrote. */
  public void read(Packed.Reader in, Function<Packed.Reader, S> readSums) {
    for (long left = in.varLong(); left > 0; left--) {
      Node node = new Node(in.varInt(), in.varLong());
      add(node, readSums.apply(in));
    }
  }
}
