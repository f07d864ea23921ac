package io.github.ffncensus.analysis;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.ffncensus.analysis.Analysis.RowObserver;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Brings a layer's coefficients to the host once for all {@link RowObserver}s, in blocks of rows
 * that fit the processor's cache, text tokens only.
 */
final class HostRows implements ForwardObserver {
  private static final int BLOCK_FLOATS = 1 << 19;

  private final List<RowObserver> observers;
  private float[] coefficients = new float[0];
  private int[] positions = new int[0];

  /** Most tokens of a batch, padding included, that a buffer of the host can show. */
  static int maxBatchTokens(int neurons) {
    return Integer.MAX_VALUE / Float.BYTES / neurons;
  }

  HostRows(List<RowObserver> observers) {
    this.observers = observers;
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    FloatBuffer source = floats(layer.coefficients());
    int length = (int) layer.coefficients().getShape().get(1);
    int width = (int) layer.coefficients().getShape().get(2);
    int blockRows = Math.max(1, BLOCK_FLOATS / width);
    int from = 0;
    while (from < batch.size()) {
      int to = from;
      int rows = 0;
      while (to < batch.size()
          && (to == from || rows + batch.sequences().get(to).length() <= blockRows)) {
        rows += batch.sequences().get(to++).length();
      }
      RowBlock block = copy(source, batch, from, to, rows, length, width);
      observers.forEach(observer -> observer.rows(layer.layer(), block));
      from = to;
    }
  }

  /** On a CPU this is a view of the array's own memory. */
  private static FloatBuffer floats(NDArray array) {
    return ((PtNDArray) array).toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private RowBlock copy(
      FloatBuffer source, TokenBatch batch, int from, int to, int rows, int length, int width) {
    grow(rows, width);
    List<TokenSequence> sequences = batch.sequences().subList(from, to);
    int[] starts = new int[sequences.size() + 1];
    int row = 0;
    for (int s = 0; s < sequences.size(); s++) {
      starts[s] = row;
      boolean[] special = sequences.get(s).special();
      for (int position = 0; position < special.length; position++) {
        if (special[position]) {
          continue;
        }
        int at = ((from + s) * length + position) * width;
        source.get(at, coefficients, row * width, width);
        positions[row++] = position;
      }
    }
    starts[sequences.size()] = row;
    return new RowBlock(width, sequences, starts, positions, coefficients);
  }

  private void grow(int rows, int width) {
    int floats = Math.multiplyExact(rows, width);
    if (coefficients.length < floats) {
      coefficients = new float[floats];
    }
    if (positions.length < rows) {
      positions = new int[rows];
    }
  }
}
