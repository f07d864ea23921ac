package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;

/**
 * The operations of a forward pass that the engine's array interface offers only in pieces, or not
 * at all. {@link ScriptKernels} fuses them; the tests hold a second implementation, from array
 * operations alone, to the same numbers.
 */
interface Kernels {

  /** What a query may attend to. */
  enum AttentionScope {
    ALL,
    /** What a mask leaves: 0 or a bias, which it adds to scores, or -inf. */
    MASKED,
    /** Keys up to its own position. */
    CAUSAL
  }

  /**
   * Scaled dot-product attention.
   *
   * @param query (batch, heads, length, head size), like key and value
   * @param mask (1 or batch, 1 or heads, 1 or length, length), added to scaled scores; null unless
   *     the scope is MASKED
   * @return (batch, heads, length, head size)
   */
  NDArray attention(
      NDArray query, NDArray key, NDArray value, NDArray mask, AttentionScope scope, double scale);

  /**
   * Scaled dot-product attention of many rows that continue fewer prefixes: each row's queries see
   * all of its context's prefix, and of its own keys those up to their own position. Rows of a
   * context stand together.
   *
   * @param query (rows, heads, slots, head size), like key and value
   * @param prefixKey (contexts, heads, prefix, head size), like prefixValue
   * @param prefixMask (contexts or 1, 1, 1, prefix), 0 or -inf
   * @param slotMask (slots, slots), 0 or -inf
   * @return (rows, heads, slots, head size)
   */
  NDArray prefixedAttention(
      NDArray query,
      NDArray key,
      NDArray value,
      NDArray prefixKey,
      NDArray prefixValue,
      NDArray prefixMask,
      NDArray slotMask,
      double scale);

  /**
   * Scaled dot-product attention of few queries, over keys and values that are never made: what a
   * query has in common with a key W_k x is what W_k^T query has in common with x, and a mean of
   * values is the value of a mean. Without rotary positions, one key head for each query head. A
   * bias of the keys would add the same to all scores of a query, so it is left out.
   *
   * @param query (batch, queries, heads * head size)
   * @param x what keys and values would be made from, (batch, length, hidden)
   * @param keys W_k, (heads * head size, hidden)
   * @param values W_v, likewise
   * @param mask (batch, 1, 1, length), 0 or -inf, or null
   * @return without a bias of the values, (batch, queries, heads * head size)
   */
  NDArray inputAttention(
      NDArray query,
      NDArray x,
      NDArray keys,
      NDArray values,
      NDArray mask,
      int heads,
      double scale);

  /** Applies an activation function to every element. */
  NDArray activate(NDArray x, ActivationFunction function);

  /** Root-mean-square norm over the last axis, computed in float32. */
  NDArray rmsNorm(NDArray x, NDArray gain, double epsilon);

  /**
   * Rotates query or key (batch, heads, length, head size) by (1 or batch, 1, length, width): the
   * first elements of each head, up to the width.
   */
  NDArray rotate(NDArray x, NDArray cosine, NDArray sine);

  /** A copy in another number format; the array itself if it has that format already. */
  NDArray cast(NDArray x, Precision precision);

  /** Reads a bfloat16 tensor whose bytes were mapped as float16, as float32. */
  NDArray bfloat16Bits(NDArray bits);
}
