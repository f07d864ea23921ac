package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.AttentionView.Rotation;
import io.github.ffncensus.model.TransformerWeights.Layer;
import io.github.ffncensus.model.TransformerWeights.Linear;
import io.github.ffncensus.model.TransformerWeights.Norm;

/**
 * The arithmetic of one block: attention, then FFN, each with its norm and its residual connection.
 * Which sequences and positions go through it is its callers' business.
 *
 * <p>Arrays are (batch, positions, width). Results belong to the manager of the first array.
 */
final class Block {
  private final Architecture architecture;
  private final Operations operations;
  private final Kernels kernels;
  private final Layer weights;
  private final double attentionScale;

  /**
   * @param index from 0
   */
  Block(int index, Layer weights, Operations operations) {
    this.architecture = operations.architecture();
    this.operations = operations;
    this.kernels = operations.kernels();
    this.weights = weights;
    this.attentionScale = architecture.attentionScale(index);
  }

  /** What queries, keys and values are made from. */
  NDArray attentionInput(NDArray state) {
    return architecture.preNorm() ? operations.norm(state, weights.attentionNorm()) : state;
  }

  /** (batch, positions, heads * head size), not normed or rotated. */
  NDArray query(NDArray attentionInput) {
    return operations.linear(attentionInput, weights.attention().query());
  }

  /** (batch, positions, key/value heads * head size), not normed or rotated. */
  NDArray key(NDArray attentionInput) {
    return operations.linear(attentionInput, weights.attention().key());
  }

  /** (batch, positions, key/value heads * head size). */
  NDArray value(NDArray attentionInput) {
    return operations.linear(attentionInput, weights.attention().value());
  }

  /** Queries by head, normed and rotated, (batch, heads, positions, head size). */
  NDArray queryHeads(NDArray query, Rotation rotation) {
    NDArray heads = heads(query, architecture.heads());
    return rotated(normed(heads, weights.attention().queryNorm()), rotation);
  }

  /** Keys by the head that reads them, normed and rotated, (batch, heads, positions, head size). */
  NDArray keyHeads(NDArray key, Rotation rotation) {
    NDArray heads = heads(key, architecture.keyValueHeads());
    return grouped(rotated(normed(heads, weights.attention().keyNorm()), rotation));
  }

  /** Values by the head that reads them, (batch, heads, positions, head size). */
  NDArray valueHeads(NDArray value) {
    return grouped(heads(value, architecture.keyValueHeads()));
  }

  private NDArray heads(NDArray projected, int heads) {
    Shape shape = projected.getShape();
    return projected
        .reshape(shape.get(0), shape.get(1), heads, architecture.headSize())
        .transpose(0, 2, 1, 3);
  }

  private NDArray normed(NDArray heads, Norm norm) {
    return norm == null ? heads : operations.norm(heads, norm);
  }

  private NDArray rotated(NDArray heads, Rotation rotation) {
    return rotation == null ? heads : kernels.rotate(heads, rotation.cosine(), rotation.sine());
  }

  private NDArray grouped(NDArray heads) {
    int group = architecture.heads() / architecture.keyValueHeads();
    return group > 1 ? heads.repeat(1, group) : heads;
  }

  /** Factor on attention scores. */
  double attentionScale() {
    return attentionScale;
  }

  /**
   * Mixes values, by what queries and keys have in common.
   *
   * @param query as {@link #query} gave it; like key and value
   * @return (batch, queries, heads * head size)
   */
  NDArray attend(NDArray query, NDArray key, NDArray value, AttentionView view) {
    return joined(
        kernels.attention(
            queryHeads(query, view.queries()),
            keyHeads(key, view.keys()),
            valueHeads(value),
            view.mask(),
            view.scope(),
            attentionScale));
  }

  /**
   * As {@link #attend}, for few queries over many positions: keys and values are never made.
   *
   * @param query as {@link #query} gave it, (batch, queries, heads * head size)
   * @param x what keys and values would be made from, (batch, length, hidden)
   * @param mask (batch, 1, 1, length), or null
   */
  NDArray attendInputs(NDArray query, NDArray x, NDArray mask) {
    Linear values = weights.attention().value();
    NDArray mixed =
        kernels.inputAttention(
            query,
            x,
            weights.attention().key().weight(),
            values.weight(),
            mask,
            architecture.heads(),
            attentionScale);
    // Weights add up to 1, so that a bias of every value is one of their mean.
    return values.bias() == null ? mixed : mixed.add(values.bias());
  }

  /** Whether {@link #attendInputs} computes what {@link #attend} does. */
  boolean canAttendInputs() {
    return architecture.rotary().isEmpty()
        && architecture.relative().isEmpty()
        && weights.attention().keyNorm() == null
        && architecture.heads() == architecture.keyValueHeads();
  }

  /** From (batch, heads, positions, head size) to (batch, positions, heads * head size). */
  NDArray joined(NDArray heads) {
    Shape shape = heads.getShape();
    return heads
        .transpose(0, 2, 1, 3)
        .reshape(shape.get(0), shape.get(2), (long) architecture.heads() * architecture.headSize());
  }

  /**
   * r: the residual stream after attention.
   *
   * @param state what came into the block
   * @param mixed values that attention mixed
   */
  NDArray afterAttention(NDArray state, NDArray mixed) {
    NDArray sum = state.add(operations.linear(mixed, weights.attention().output()));
    return architecture.preNorm() ? sum : operations.norm(sum, weights.attentionNorm());
  }

  /**
   * x: what the FFN reads.
   *
   * @param state what came into the block
   * @param residual r, at the same positions
   */
  NDArray ffnInput(NDArray state, NDArray residual) {
    NDArray read = architecture.parallel() ? state : residual;
    return architecture.preNorm() ? operations.norm(read, weights.ffnNorm()) : read;
  }

  /** The up projection before any activation, (batch, positions, intermediate). */
  NDArray up(NDArray ffnInput) {
    return operations.linear(ffnInput, weights.up());
  }

  /** The gate before its activation; null for a plain FFN. */
  NDArray gate(NDArray ffnInput) {
    return weights.gate() == null ? null : operations.linear(ffnInput, weights.gate());
  }

  /** m: memory coefficients, (batch, positions, intermediate). */
  NDArray coefficients(NDArray up, NDArray gate) {
    return gate == null
        ? kernels.activate(up, architecture.activation())
        : kernels.activate(gate, architecture.activation()).mul(up);
  }

  /** y: what the coefficients write into the residual stream, the bias included. */
  NDArray ffnOutput(NDArray coefficients) {
    return operations.linear(coefficients, weights.down());
  }

  /** o: what leaves the block. */
  NDArray output(NDArray residual, NDArray ffnOutput) {
    return output(residual.add(ffnOutput));
  }

  /** o of a sum of residual and FFN output. */
  NDArray output(NDArray sum) {
    return architecture.preNorm() ? sum : operations.norm(sum, weights.ffnNorm());
  }
}
