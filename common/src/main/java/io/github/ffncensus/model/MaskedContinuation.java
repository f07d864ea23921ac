package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.AttentionView.Rotation;

/**
 * A model whose positions all see each other. The slots are put first, which such a model does not
 * notice, so that they are cut off and joined without an index.
 *
 * <p>Into the first block above a change only the slots come changed: queries, keys and values of
 * the others are those of the clean pass. Out of it everything comes changed. The last block is
 * asked at the slots only.
 */
final class MaskedContinuation implements Continuation {
  private final int slots;
  private final int length;
  private final AttentionView view;
  private final Others[] others;

  /** A layer's input and projections beyond the slots, (batch, length - slots, width). */
  private record Others(NDArray state, NDArray query, NDArray key, NDArray value) {}

  /**
   * @param grid the slots of each row first
   */
  MaskedContinuation(TokenGrid grid, int slots, int layers, AttentionView view) {
    this.slots = slots;
    this.length = grid.length();
    this.view = view;
    this.others = new Others[layers];
  }

  @Override
  public AttentionView cleanView() {
    return view;
  }

  @Override
  public NDArray slots(NDArray all) {
    return all.get(new NDIndex(":, :{}", slots));
  }

  @Override
  public void keep(
      int layer,
      Block block,
      NDArray state,
      NDArray query,
      NDArray key,
      NDArray value,
      NDManager owner) {
    if (slots < length) {
      NDIndex beyond = new NDIndex(":, {}:", slots);
      others[layer] =
          new Others(
              kept(state.get(beyond), owner),
              kept(query.get(beyond), owner),
              kept(key.get(beyond), owner),
              kept(value.get(beyond), owner));
    }
  }

  private static NDArray kept(NDArray array, NDManager owner) {
    array.attach(owner);
    return array;
  }

  @Override
  public Attended attention(
      int layer,
      Block block,
      NDArray state,
      int steps,
      boolean first,
      boolean last,
      NDManager scope) {
    NDArray x = block.attentionInput(state);
    AttentionView rows = view(steps, last, scope);
    if (first) {
      return firstAttention(block, state, x, others[layer], rows, steps, last, scope);
    }
    if (!last) {
      return attended(
          block, state, block.attend(block.query(x), block.key(x), block.value(x), rows));
    }
    NDArray query = block.query(slots(x));
    NDArray mixed =
        block.canAttendInputs()
            ? block.attendInputs(query, x, rows.mask())
            : block.attend(query, block.key(x), block.value(x), rows);
    return attended(block, slots(state), mixed);
  }

  /**
   * @param state of the slots alone, like x
   * @param clean the other positions; null if there are none
   */
  private Attended firstAttention(
      Block block,
      NDArray state,
      NDArray x,
      Others clean,
      AttentionView rows,
      int steps,
      boolean last,
      NDManager scope) {
    NDArray query = block.query(x);
    NDArray key = block.key(x);
    NDArray value = block.value(x);
    if (clean == null) {
      return attended(block, state, block.attend(query, key, value, rows));
    }
    key = joined(key, clean.key(), steps, scope);
    value = joined(value, clean.value(), steps, scope);
    if (last) {
      return attended(block, state, block.attend(query, key, value, rows));
    }
    query = joined(query, clean.query(), steps, scope);
    NDArray all = joined(state, clean.state(), steps, scope);
    return attended(block, all, block.attend(query, key, value, rows));
  }

  private static Attended attended(Block block, NDArray state, NDArray mixed) {
    return new Attended(state, block.afterAttention(state, mixed));
  }

  /**
   * Rows of slots beside the clean rest of their contexts.
   *
   * @param changed (batch * steps, slots, width)
   * @param clean (batch, length - slots, width)
   * @return (batch * steps, length, width)
   */
  private NDArray joined(NDArray changed, NDArray clean, int steps, NDManager scope) {
    long batch = clean.getShape().get(0);
    long width = clean.getShape().get(2);
    NDArray one = clean.expandDims(1);
    one.attach(scope);
    NDArray repeated = one.broadcast(new Shape(batch, steps, length - slots, width));
    NDArray bySteps = changed.reshape(batch, steps, slots, width);
    return NDArrays.concat(new NDList(bySteps, repeated), 2).reshape(batch * steps, length, width);
  }

  /** The clean view for rows: contexts one after the other, all steps of each. */
  private AttentionView view(int steps, boolean last, NDManager scope) {
    NDArray mask = view.mask() == null ? null : repeated(view.mask(), steps, scope);
    if (last && mask != null && mask.getShape().get(2) > 1) {
      mask = mask.get(new NDIndex(":, :, :{}", slots));
      mask.attach(scope);
    }
    if (view.keys() == null) {
      return new AttentionView(view.scope(), mask, null, null);
    }
    Rotation keys =
        new Rotation(
            repeated(view.keys().cosine(), steps, scope),
            repeated(view.keys().sine(), steps, scope));
    NDIndex ofSlots = new NDIndex(":, :, :{}", slots);
    Rotation queries =
        last ? new Rotation(keys.cosine().get(ofSlots), keys.sine().get(ofSlots)) : keys;
    return new AttentionView(view.scope(), mask, queries, keys);
  }

  private static NDArray repeated(NDArray ofContexts, int steps, NDManager scope) {
    if (ofContexts.getShape().get(0) == 1) {
      return ofContexts;
    }
    NDArray repeated = ofContexts.repeat(0, steps);
    repeated.attach(scope);
    return repeated;
  }
}
