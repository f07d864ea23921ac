package io.github.ffncensus.knowledge.attribution;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.ResumablePass;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;

/**
 * What is known of a batch's lanes, as arrays. A pass holds more slots for a lane than it has
 * positions where others have more; those do not count.
 */
final class LaneArrays {
  private final List<Lane> lanes;
  private final ResumablePass pass;
  private final NDManager owner;

  /**
   * @param pass of these lanes
   * @param owner to whom arrays belong
   */
  LaneArrays(List<Lane> lanes, ResumablePass pass, NDManager owner) {
    this.lanes = lanes;
    this.pass = pass;
    this.owner = owner;
  }

  /** What to do with a position of a lane. */
  @FunctionalInterface
  interface Visitor {
    /**
     * @param index of the slot among all, row-major (lanes, slots)
     * @param piece of the lane's request
     */
    void slot(Lane lane, int index, int piece);
  }

  /** Visits the slots that count. */
  void forEach(Visitor visitor) {
    for (int i = 0; i < lanes.size(); i++) {
      Lane lane = lanes.get(i);
      int[] slots = pass.slotsOf(i);
      for (int j = 0; j < slots.length; j++) {
        visitor.slot(lane, i * pass.slots() + slots[j], lane.pieces()[j]);
      }
    }
  }

  /**
   * Tokens by slot, row-major (lanes, slots); 0 where a slot does not count.
   *
   * @param byRequest of each request, by piece
   */
  long[] tokens(List<int[]> byRequest) {
    long[] tokens = new long[lanes.size() * pass.slots()];
    forEach((lane, index, piece) -> tokens[index] = byRequest.get(lane.request())[piece]);
    return tokens;
  }

  /** As {@link #tokens}, int64 (lanes, 1, slots, 1). */
  NDArray tokenArray(List<int[]> byRequest) {
    return owner.create(tokens(byRequest), new Shape(lanes.size(), 1, pass.slots(), 1));
  }

  /** A number of each lane at its slots that count, 0 at the others; float32 (lanes, slots). */
  NDArray atSlots(ToDoubleFunction<Lane> value) {
    float[] values = new float[lanes.size() * pass.slots()];
    forEach((lane, index, piece) -> values[index] = (float) value.applyAsDouble(lane));
    return owner.create(values, new Shape(lanes.size(), pass.slots()));
  }

  /** A matrix that sums lanes by group, each with a weight; float32 (groups, lanes). */
  NDArray groups(int groups, ToIntFunction<Lane> group, ToDoubleFunction<Lane> weight) {
    float[] values = new float[groups * lanes.size()];
    for (int i = 0; i < lanes.size(); i++) {
      Lane lane = lanes.get(i);
      values[group.applyAsInt(lane) * lanes.size() + i] = (float) weight.applyAsDouble(lane);
    }
    return owner.create(values, new Shape(groups, lanes.size()));
  }
}
