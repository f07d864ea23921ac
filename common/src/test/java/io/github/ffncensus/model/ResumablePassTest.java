package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pass gives that was resumed above a changed FFN, against whole passes with the change. */
class ResumablePassTest {
  private static final int[][] TOKENS = {{9, 30, 17, 41, 8, 25, 11}, {12, 3, 28}, {7, 33, 19, 40}};

  /** Neighbours, with a gap, and the only one of a context. */
  private static final int[][] POSITIONS = {{2, 3, 5}, {1}, {0, 3}};

  private static final float[] FACTORS = {0.5f, -1, 2};

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-gelu",
        "t5-relu",
        "gpt2-relu-untied",
        "gpt-neo-window",
        "gpt-neox-parallel",
        "opt-relu",
        "llama-silu",
        "qwen3-head-norms"
      })
  void resumedPass_isTheWholePassWithTheChange(String name) {
    TokenBatch batch = TokenBatch.of(TOKENS);
    try (Transformer model = Taps.load(Fixture.named(name).folder());
        ResumablePass pass = model.resumable(batch, POSITIONS)) {
      int hidden = model.architecture().hidden();
      for (int l = 0; l < model.architecture().layers(); l++) {
        try (NDManager scope = model.newScope()) {
          float[] resumed = resumed(model, pass, l, scope);
          for (int step = 0; step < FACTORS.length; step++) {
            float[] whole = whole(model, batch, l, FACTORS[step], scope);
            for (int row = 0; row < TOKENS.length; row++) {
              for (int i = 0; i < POSITIONS[row].length; i++) {
                int slot = (row * FACTORS.length + step) * pass.slots() + pass.slotsOf(row)[i];
                int position = row * batch.length() + POSITIONS[row][i];
                assertThat(vector(resumed, slot, hidden))
                    .as("layer %d, factor %s, row %d", l, FACTORS[step], row)
                    .containsExactly(vector(whole, position, hidden), within(1e-4f));
              }
            }
          }
        }
      }
    }
  }

  /** (contexts, steps, slots, hidden), a step for each factor. */
  private static float[] resumed(
      Transformer model, ResumablePass pass, int layer, NDManager scope) {
    int steps = FACTORS.length;
    float[] factors = new float[TOKENS.length * steps * pass.slots()];
    Arrays.fill(factors, 1);
    for (int row = 0; row < TOKENS.length; row++) {
      for (int step = 0; step < steps; step++) {
        for (int slot : pass.slotsOf(row)) {
          factors[(row * steps + step) * pass.slots() + slot] = FACTORS[step];
        }
      }
    }
    NDArray scale = scope.create(factors, new Shape(TOKENS.length, steps, pass.slots(), 1));
    NDArray clean = pass.coefficients(layer).expandDims(1);
    clean.attach(scope);
    NDArray y = model.ffnOutput(layer, scale.mul(clean));
    return pass.resume(layer, y, scope).toFloatArray();
  }

  /** (contexts, length, hidden). */
  private static float[] whole(
      Transformer model, TokenBatch batch, int layer, float factor, NDManager scope) {
    float[] factors = new float[batch.size() * batch.length()];
    Arrays.fill(factors, 1);
    for (int row = 0; row < batch.size(); row++) {
      for (int position : POSITIONS[row]) {
        factors[row * batch.length() + position] = factor;
      }
    }
    NDArray scale = scope.create(factors, new Shape(batch.size(), batch.length(), 1));
    Intervention change = (l, m) -> l == layer ? m.mul(scale) : m;
    return model.states(batch, List.of(), change, scope).toFloatArray();
  }

  private static float[] vector(float[] all, int row, int width) {
    return Arrays.copyOfRange(all, row * width, (row + 1) * width);
  }
}
