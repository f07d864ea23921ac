package io.github.ffncensus.analysis.activations;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.analysis.activations.ActivationMode.Neuron;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The activation record of GPUs, here on the CPU device, against that of the host loops. */
class DeviceActivationsTest {

  static Stream<ActivationMode> modes() {
    return Stream.of(
        new ActivationMode.Top(7),
        new ActivationMode.Top(1000),
        new ActivationMode.Threshold(0.3f),
        new ActivationMode.Neurons(List.of(new Neuron(1, 9), new Neuron(1, 2))),
        new ActivationMode.All());
  }

  @ParameterizedTest
  @MethodSource("modes")
  void onDevice_recordsWhatTheHostDoes(ActivationMode mode) {
    try (Transformer model = DeviceShards.model("llama-silu")) {
      TreeMap<String, String> host =
          record(model, sink -> new ActivationRecorder(mode, model.architecture(), sink));
      TreeMap<String, String> device =
          record(model, sink -> new DeviceActivationRecorder(mode, model, sink));
      assertThat(device).isEqualTo(host).hasSizeGreaterThan(100);
    }
  }

  private static TreeMap<String, String> record(
      Transformer model, Function<ActivationSink, ShardObserver> recorder) {
    TreeMap<String, String> rows = new TreeMap<>();
    ActivationSink sink =
        (layer, sequence, position, token, neurons, coefficients, count) ->
            rows.put(
                layer + ":" + sequence + ":" + position + ":" + token,
                Arrays.toString(Arrays.copyOf(neurons, count))
                    + Arrays.toString(Arrays.copyOf(coefficients, count)));
    DeviceShards.scan(model, recorder.apply(sink), (layer, block, packed) -> {});
    return rows;
  }
}
