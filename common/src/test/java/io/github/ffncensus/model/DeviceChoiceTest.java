package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceChoiceTest {

  @ParameterizedTest
  @CsvSource({"auto, 0", "cpu, 0", "cpu, 4"})
  void cpu_whereItIsAskedForOrAllThereIs(String setting, int gpus) {
    assertThat(resolve(setting, List.of(), gpus)).isEqualTo(Device.cpu());
  }

  @Test
  void auto_takesTheFirstGpu_orTheOneScheduled() {
    assertThat(resolve("auto", List.of(), 2)).isEqualTo(Device.gpu(0));
    assertThat(resolve("auto", List.of("1"), 2)).isEqualTo(Device.gpu(1));
    assertThat(resolve("auto", List.of("3", "0"), 4)).isEqualTo(Device.gpu(3));
  }

  @Test
  void explicitChoice_goesBeforeTheScheduler() {
    assertThat(resolve("cpu", List.of("0"), 1)).isEqualTo(Device.cpu());
    assertThat(resolve("gpu:1", List.of("0"), 2)).isEqualTo(Device.gpu(1));
  }

  @ParameterizedTest
  @CsvSource({
    "gpu:2, 2, 'census.model.device asks for gpu:2, but the engine sees 2 GPUs'",
    "gpu:0, 0, PYTORCH_LIBRARY_PATH",
    "gpu:-1, 2, 'asks for gpu:-1'",
    "gpu:x, 2, '\"x\" is not a GPU number'",
    "gpu:, 2, '\"\" is not a GPU number'",
    "cuda, 2, 'must be auto, cpu or gpu:N'"
  })
  void deviceThatIsNotThere_isAConfigurationError(String setting, int gpus, String message) {
    assertRefused(setting, List.of(), gpus, message);
  }

  @Test
  void scheduledAddressThatIsNotThere_isAConfigurationError() {
    assertRefused("auto", List.of("1"), 1, "the scheduler assigned gpu:1, but the engine sees 1");
    assertRefused("auto", List.of("GPU-5f3a"), 1, "\"GPU-5f3a\" is not a GPU number");
  }

  private static void assertRefused(
      String setting, List<String> scheduled, int gpus, String message) {
    CensusException refusal =
        catchThrowableOfType(CensusException.class, () -> resolve(setting, scheduled, gpus));
    assertThat(refusal.kind()).isEqualTo(CensusException.Kind.CONFIGURATION);
    assertThat(refusal).hasMessageContaining(message);
  }

  private static Device resolve(String setting, List<String> scheduled, int gpus) {
    return DeviceChoice.resolve(setting, scheduled, () -> gpus);
  }
}
