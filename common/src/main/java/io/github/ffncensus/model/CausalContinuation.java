package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import io.github.ffncensus.model.AttentionView.Rotation;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A causal model. The slots are consecutive positions, the last that matter; what comes before them
 * never sees them. So each row is a step of decoding: the slots alone go through the blocks, and
 * attend to the keys of the clean pass and to each other. All steps of a context read its keys
 * where they are.
 */
final class CausalContinuation implements Continuation {
  private final int slots;
  private final int length;
  private final int prefix;
  private final int heads;
  private final AttentionView cleanView;
  private final NDArray slotRows;
  private final NDArray prefixMask;
  private final NDArray slotMask;
  private final Rotation slotRotation;
  private final NDArray[] prefixKeys;
  private final NDArray[] prefixValues;

  /**
   * @param starts by row, the first of its slots
   */
  CausalContinuation(
      TokenGrid grid, int[] starts, int slots, BatchInput input, Architecture architecture) {
    this.slots = slots;
    this.length = grid.length();
    this.prefix = Arrays.stream(starts).max().orElseThrow();
    this.heads = architecture.heads();
    this.cleanView = input.view(grid);
    int batch = grid.size();
    int[] positions =
        IntStream.range(0, batch * slots).map(i -> starts[i / slots] + i % slots).toArray();
    this.slotRows =
        input.ids(
            IntStream.range(0, batch * slots)
                .mapToLong(i -> (long) (i / slots) * length + positions[i])
                .toArray(),
            new Shape(batch, slots));
    boolean differ = Arrays.stream(starts).anyMatch(start -> start < prefix);
    this.prefixMask = differ ? input.mask(starts, prefix) : null;
    this.slotMask = slots > 1 ? input.floats(causal(slots), new Shape(slots, slots)) : null;
    this.slotRotation = input.rotation(positions, batch);
    this.prefixKeys = new NDArray[architecture.layers()];
    this.prefixValues = new NDArray[architecture.layers()];
  }

  /** 0 up to the diagonal, -inf after it. */
  private static float[] causal(int slots) {
    float[] mask = new float[slots * slots];
    for (int query = 0; query < slots; query++) {
      Arrays.fill(mask, query * slots + query + 1, (query + 1) * slots, Float.NEGATIVE_INFINITY);
    }
    return mask;
  }

  @Override
  public AttentionView cleanView() {
    return cleanView;
  }

  @Override
  public NDArray slots(NDArray all) {
    NDArray rows = all.reshape(-1, all.getShape().get(2));
    return Embedding.embedding(slotRows, rows, SparseFormat.DENSE).singletonOrThrow();
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
    if (prefix > 0) {
      NDIndex before = new NDIndex(":, :, :{}", prefix);
      prefixKeys[layer] = kept(block.keyHeads(key, cleanView.keys()).get(before), owner);
      prefixValues[layer] = kept(block.valueHeads(value).get(before), owner);
    }
  }

  private static NDArray kept(NDArray array, NDManager owner) {
    array.attach(owner);
    return array;
  }

  @Override
  public NDArray attention(
      int layer,
      Block block,
      NDArray state,
      int steps,
      boolean first,
      boolean last,
      NDManager scope) {
    NDArray x = block.attentionInput(state);
    Rotation rotation = rotation(steps, scope);
    NDArray query = block.queryHeads(block.query(x), rotation);
    NDArray key = block.keyHeads(block.key(x), rotation);
    NDArray value = block.valueHeads(block.value(x));
    NDArray ownScores = query.matMul(key.transpose(0, 1, 3, 2));
    if (slotMask != null) {
      ownScores = ownScores.add(slotMask);
    }
    NDArray mixed =
        prefix == 0
            ? weights(ownScores, block).matMul(value)
            : withPrefix(layer, block, query, ownScores, value, steps, scope);
    return block.afterAttention(state, block.joined(mixed));
  }

  private static NDArray weights(NDArray scores, Block block) {
    return scores.mul(block.attentionScale()).softmax(-1);
  }

  /**
   * @param query (batch * steps, heads, slots, head size), like value
   * @param ownScores of the slots among themselves, (batch * steps, heads, slots, slots)
   * @return (batch * steps, heads, slots, head size)
   */
  private NDArray withPrefix(
      int layer,
      Block block,
      NDArray query,
      NDArray ownScores,
      NDArray value,
      int steps,
      NDManager scope) {
    NDArray keys = prefixKeys[layer].transpose(0, 1, 3, 2);
    keys.attach(scope);
    NDArray scores = byContext(query, steps).matMul(keys);
    if (prefixMask != null) {
      scores = scores.add(prefixMask);
    }
    NDList all = new NDList(scores, byContext(ownScores, steps));
    NDArray weights = weights(NDArrays.concat(all, -1), block);
    NDArray fromPrefix = weights.get(new NDIndex("..., :{}", prefix)).matMul(prefixValues[layer]);
    NDArray ownWeights = byRow(weights.get(new NDIndex("..., {}:", prefix)), steps);
    return byRow(fromPrefix, steps).add(ownWeights.matMul(value));
  }

  /** From (batch * steps, heads, slots, width) to (batch, heads, steps * slots, width). */
  private NDArray byContext(NDArray rows, int steps) {
    long batch = rows.getShape().get(0) / steps;
    long width = rows.getShape().get(3);
    return rows.reshape(batch, steps, heads, slots, width)
        .transpose(0, 2, 1, 3, 4)
        .reshape(batch, heads, (long) steps * slots, width);
  }

  /** From (batch, heads, steps * slots, width) to (batch * steps, heads, slots, width). */
  private NDArray byRow(NDArray contexts, int steps) {
    long batch = contexts.getShape().get(0);
    long width = contexts.getShape().get(3);
    return contexts
        .reshape(batch, heads, steps, slots, width)
        .transpose(0, 2, 1, 3, 4)
        .reshape(batch * steps, heads, slots, width);
  }

  private Rotation rotation(int steps, NDManager scope) {
    if (slotRotation == null) {
      return null;
    }
    NDArray cosine = slotRotation.cosine().repeat(0, steps);
    NDArray sine = slotRotation.sine().repeat(0, steps);
    cosine.attach(scope);
    sine.attach(scope);
    return new Rotation(cosine, sine);
  }
}
