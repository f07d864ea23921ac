package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every family against values that the Hugging Face implementation computed. */
class ParityTest {
  private static final float TOLERANCE = 1e-4f;

  static List<Fixture> fixtures() {
    return Fixture.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void paddedBatch_agreesWithHuggingFace(Fixture fixture) {
    try (Transformer model = load(fixture)) {
      Recorded recorded = record(model, fixture.sequences());
      recorded.assertClose(fixture, fixture.sequences(), 0, TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void sequenceAlone_agreesWithHuggingFaceInThePaddedBatch(Fixture fixture) {
    try (Transformer model = load(fixture)) {
      List<int[]> sequences = fixture.sequences();
      for (int row = 0; row < sequences.size(); row++) {
        List<int[]> alone = List.of(sequences.get(row));
        record(model, alone).assertClose(fixture, alone, row, TOLERANCE);
      }
    }
  }

  /** The engine's array interface knows no bfloat16, so the plain kernels cannot read it. */
  static List<Fixture> fixturesWithoutBfloat16() {
    return Fixture.all().stream().filter(fixture -> !fixture.hasDtype("BF16")).toList();
  }

  @ParameterizedTest
  @MethodSource("fixturesWithoutBfloat16")
  void eagerKernels_giveTheSameNumbersAsTheFusedOnes(Fixture fixture) {
    ModelFolder folder = ModelFolder.open(fixture.folder());
    TorchEngine.prepareThread();
    NDManager manager = TorchEngine.newManager(Device.cpu());
    try (Transformer eager =
        TransformerLoader.load(folder, manager, new EagerKernels(), Precision.FLOAT32)) {
      record(eager, fixture.sequences()).assertClose(fixture, fixture.sequences(), 0, TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void coefficients_areTheInputOfTheDownProjection_notTheTensorBeforeTheNonlinearity(
      Fixture fixture) {
    try (Transformer model = load(fixture)) {
      List<int[]> sequences = fixture.sequences();
      float[] coefficients = record(model, sequences).values.get("layer.0.coefficients");
      float[] decoy = fixture.expected("layer.0.pre_activation").values();
      float largest = 0;
      for (int t = 0; t < sequences.get(0).length * model.architecture().intermediate(); t++) {
        largest = Math.max(largest, Math.abs(coefficients[t] - decoy[t]));
      }
      assertThat(largest).isGreaterThan(100 * TOLERANCE);
    }
  }

  private static Transformer load(Fixture fixture) {
    return TransformerLoader.load(
        ModelFolder.open(fixture.folder()), Device.cpu(), Precision.FLOAT32);
  }

  private static Recorded record(Transformer model, List<int[]> sequences) {
    Recorded recorded = new Recorded();
    TokenBatch batch = TokenBatch.of(sequences.toArray(int[][]::new));
    try (NDManager scope = model.newScope()) {
      NDArray states = model.states(batch, List.of(recorded), scope);
      if (model.hasHead()) {
        recorded.values.put("logits", model.logits(states).toFloatArray());
      }
    }
    recorded.length = batch.length();
    return recorded;
  }

  /** Copies every tap to the host. */
  private static final class Recorded implements ForwardObserver {
    final Map<String, float[]> values = new HashMap<>();
    int length;

    @Override
    public Set<Tap> taps() {
      return EnumSet.allOf(Tap.class);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      String prefix = "layer." + layer.layer() + ".";
      values.put(prefix + "ffn_input", layer.ffnInput().toFloatArray());
      values.put(prefix + "coefficients", layer.coefficients().toFloatArray());
      values.put(prefix + "ffn_output", layer.ffnOutput().toFloatArray());
      values.put(prefix + "residual_before", layer.residualBefore().toFloatArray());
      values.put(prefix + "residual_after", layer.residualAfter().toFloatArray());
    }

    /** Compares real positions; row r of this is row {@code firstRow} + r of the fixture. */
    void assertClose(Fixture fixture, List<int[]> sequences, int firstRow, float tolerance) {
      List<String> failures = new ArrayList<>();
      values.forEach(
          (name, actual) -> {
            Fixture.Expected expected = fixture.expected(name);
            int width = (int) expected.shape()[2];
            int fixtureLength = (int) expected.shape()[1];
            float worst = 0;
            for (int row = 0; row < sequences.size(); row++) {
              for (int i = 0; i < sequences.get(row).length * width; i++) {
                float want = expected.values()[(firstRow + row) * fixtureLength * width + i];
                float got = actual[row * length * width + i];
                worst = Math.max(worst, Float.isNaN(got) ? Float.MAX_VALUE : Math.abs(want - got));
              }
            }
            if (worst > tolerance) {
              failures.add(name + " differs by " + worst);
            }
          });
      assertThat(failures).as("%s against Hugging Face", fixture.name()).isEmpty();
      assertThat(values).hasSizeGreaterThanOrEqualTo(10);
    }
  }
}
