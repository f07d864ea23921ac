package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import io.github.ffncensus.model.AttentionView.Rotation;
import io.github.ffncensus.model.Kernels.AttentionScope;
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
  private final Kernels kernels;
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
      TokenGrid grid, int[] starts, int slots, BatchInput input, Operations operations) {
    this.slots = slots;
    this.length = grid.length();
    this.prefix = Arrays.stream(starts).max().orElseThrow();
    this.kernels = operations.kernels();
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
    this.prefixMask = input.mask(starts, prefix);
    this.slotMask = input.floats(causal(slots), new Shape(slots, slots));
    this.slotRotation = input.rotation(positions, batch);
    this.prefixKeys = new NDArray[operations.architecture().layers()];
    this.prefixValues = new NDArray[operations.architecture().layers()];
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
  public Attended attention(
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
    NDArray mixed =
        prefix == 0
            ? kernels.attention(
                query, key, value, null, AttentionScope.CAUSAL, block.attentionScale())
            : kernels.prefixedAttention(
                query,
                key,
                value,
                prefixKeys[layer],
                prefixValues[layer],
                prefixMask,
                slotMask,
                block.attentionScale());
    return new Attended(state, block.afterAttention(state, block.joined(mixed)));
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
