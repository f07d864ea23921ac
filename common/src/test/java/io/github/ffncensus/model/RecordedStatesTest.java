package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Gradients through a forward pass whose own arrays are freed before the backward pass. */
class RecordedStatesTest {
  private static final int COPIES = 20;
  private static final int LENGTH = 24;

  /** The mask of padded keys is needed by the backward pass, and came from the Java side. */
  @Test
  void hostArraysOfThePass_mayBeCollectedBeforeTheBackwardPass() {
    try (Transformer model = Taps.load(Fixture.named("bert-gelu").folder())) {
      float[] expected = gradient(model, () -> {});
      assertThat(expected).doesNotContain(Float.NaN);
      for (int i = 0; i < 3; i++) {
        assertThat(gradient(model, RecordedStatesTest::reuseFreedMemory)).isEqualTo(expected);
      }
    }
  }

  private static float[] gradient(Transformer model, Runnable beforeBackward) {
    int[] tokens = {2, 31, 17, 54, 3};
    TokenBatch batch =
        new TokenBatch(Collections.nCopies(COPIES, TokenSequence.of(0, tokens)), LENGTH);
    try (NDManager scope = model.newScope();
        GradientRecording recording = new GradientRecording()) {
      NDArray change =
          scope.zeros(
              new Shape(COPIES, LENGTH, model.architecture().intermediate()), DataType.FLOAT32);
      recording.leaf(change);
      Intervention add = (layer, c) -> layer == 0 ? c.add(change) : c;
      NDArray states = model.states(batch, List.of(), add, scope);
      NDArray probabilities = model.logits(states).softmax(-1).max(new int[] {-1});
      beforeBackward.run();
      return recording.gradient(probabilities, change).toFloatArray();
    }
  }

  /** Fills what the collector frees with bytes that are NaN as floats. */
  private static void reuseFreedMemory() {
    System.gc();
    List<ByteBuffer> filled = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(COPIES * LENGTH * Float.BYTES);
      while (buffer.hasRemaining()) {
        buffer.put((byte) 0xff);
      }
      filled.add(buffer);
    }
    assertThat(filled).isNotEmpty();
  }
}
