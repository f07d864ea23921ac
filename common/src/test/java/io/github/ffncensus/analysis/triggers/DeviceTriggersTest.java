package io.github.ffncensus.analysis.triggers;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The trigger search of GPUs, here on the CPU device, against that of the host loops. */
class DeviceTriggersTest {

  @ParameterizedTest
  @CsvSource({
    "bert-gelu, SEQUENCE, 1",
    "gpt2-relu-untied, SEQUENCE, 1",
    "gpt2-relu-untied, PREFIX, 3",
    "llama-silu, SEQUENCE, 4",
    "llama-silu, PREFIX, 1"
  })
  void onDevice_findsTheTriggersOfTheHost(String fixture, Distinct distinct, int minPosition) {
    TriggerSearch search =
        new TriggerSearch(5, distinct, List.of(Polarity.POSITIVE, Polarity.NEGATIVE), minPosition);
    try (Transformer model = DeviceShards.model(fixture)) {
      List<Trigger> host = triggers(model, search, search.observe(model, 0));
      List<Trigger> device = triggers(model, search, search.onDevice(model));
      assertThat(device).isEqualTo(host).hasSizeGreaterThan(200);
    }
  }

  private static List<Trigger> triggers(
      Transformer model, TriggerSearch search, ShardObserver observer) {
    List<Trigger> triggers = new ArrayList<>();
    DeviceShards.scan(
        model,
        observer,
        (layer, block, packed) -> triggers.addAll(search.triggers(layer, block, packed)));
    return triggers;
  }
}
