package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import io.github.ffncensus.model.Kernels.AttentionScope;

/**
 * What the queries of a pass see, and where its tokens stand.
 *
 * @param mask (1 or batch, 1 or heads, 1 or queries, keys), added to scores; null unless the scope
 *     is MASKED
 * @param queries turns queries; null without rotary positions
 * @param keys turns keys; null without rotary positions
 */
record AttentionView(AttentionScope scope, NDArray mask, Rotation queries, Rotation keys) {

  /**
   * Rotary positions.
   *
   * @param cosine (batch, 1, positions, width), or with a batch of 1 where sequences do not differ
   * @param sine likewise
   */
  record Rotation(NDArray cosine, NDArray sine) {}
}
