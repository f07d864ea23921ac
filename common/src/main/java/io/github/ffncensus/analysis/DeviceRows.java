package io.github.ffncensus.analysis;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.DeviceMemory;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.util.Arrays;
import java.util.function.Consumer;

/** Which rows of a batch on the device are text tokens. */
public final class DeviceRows {
  private DeviceRows() {}

  /**
   * Passes the numbers of all text rows to a step, in chunks; a chunk that does not fit the
   * device's memory is passed again in halves.
   *
   * @param step must change nothing when it fails
   */
  public static void forEach(TokenBatch batch, int chunkRows, Consumer<long[]> step) {
    forEach(textRows(batch), chunkRows, step);
  }

  /** As {@link #forEach(TokenBatch, int, Consumer)}, for chosen rows. */
  public static void forEach(long[] rows, int chunkRows, Consumer<long[]> step) {
    for (int from = 0; from < rows.length; from += chunkRows) {
      inHalves(Arrays.copyOfRange(rows, from, Math.min(rows.length, from + chunkRows)), step);
    }
  }

  private static void inHalves(long[] rows, Consumer<long[]> step) {
    try {
      step.accept(rows);
    } catch (EngineException e) {
      if (rows.length == 1 || !DeviceMemory.isExhausted(e)) {
        throw e;
      }
      inHalves(Arrays.copyOfRange(rows, 0, rows.length / 2), step);
      inHalves(Arrays.copyOfRange(rows, rows.length / 2, rows.length), step);
    }
  }

  /** Row numbers of the text tokens in a (batch x length) layout, ascending. */
  public static long[] textRows(TokenBatch batch) {
    int length = batch.length();
    long[] rows = new long[batch.size() * length];
    int count = 0;
    for (int s = 0; s < batch.size(); s++) {
      boolean[] special = batch.sequences().get(s).special();
      for (int position = 0; position < special.length; position++) {
        if (!special[position]) {
          rows[count++] = (long) s * length + position;
        }
      }
    }
    return Arrays.copyOf(rows, count);
  }

  /**
   * 1 where a token may not be a trigger: padding, special tokens, and the first text tokens.
   *
   * @param minPosition the first text token that may, from 1
   * @return (batch, length, 1), boolean
   */
  public static NDArray excluded(NDManager owner, TokenBatch batch, int minPosition) {
    int length = batch.length();
    boolean[] excluded = new boolean[batch.size() * length];
    Arrays.fill(excluded, true);
    for (int s = 0; s < batch.size(); s++) {
      TokenSequence sequence = batch.sequences().get(s);
      int textTokens = 0;
      for (int position = 0; position < sequence.length(); position++) {
        if (!sequence.special()[position] && ++textTokens >= minPosition) {
          excluded[s * length + position] = false;
        }
      }
    }
    return owner.create(excluded, new Shape(batch.size(), length, 1));
  }
}
