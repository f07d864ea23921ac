package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * How the blocks above a changed FFN are run again, many times over, from what a clean pass left
 * behind. The <i>slots</i> of a context are the positions at which something changes or is read.
 */
interface Continuation {

  /** How the clean pass attends. */
  AttentionView cleanView();

  /**
   * Of all positions of the clean pass, (batch, length, width), the slots, (batch, slots, width).
   */
  NDArray slots(NDArray all);

  /**
   * Keeps what a block's clean pass says of the other positions. Called for each layer but the
   * first, into which nothing changed ever comes.
   *
   * @param state what came into the block, (batch, length, hidden)
   * @param query as the block made it, like key and value
   * @param owner to whom belongs what is kept
   */
  void keep(
      int layer,
      Block block,
      NDArray state,
      NDArray query,
      NDArray key,
      NDArray value,
      NDManager owner);

  /**
   * A block between attention and FFN, (rows, positions, hidden): for the last block, the slots.
   *
   * @param state what came into the block
   * @param residual r
   */
  record Attended(NDArray state, NDArray residual) {}

  /**
   * Attention of one block, with its residual connection, in (batch * steps) rows, those of a
   * context together.
   *
   * @param state of the first block above the change (rows, slots, hidden), of others what the
   *     block below gave; belongs to the scope
   * @param first whether this is the first block above the change
   * @param last whether it is the model's last block
   * @param scope to whom all arrays made here belong
   */
  Attended attention(
      int layer,
      Block block,
      NDArray state,
      int steps,
      boolean first,
      boolean last,
      NDManager scope);
}
