package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ShardLineTest {

  @Test
  void line_hasAKeyForEverything() {
    ShardRecord record =
        new ShardRecord(
            17,
            3,
            List.of(
                new ShardRecord.Partial("neuron_stats", "a", 9, 0),
                new ShardRecord.Partial("trigger_prefixes", "b", 9, 48_211)),
            List.of(),
            List.of(),
            41_233,
            999_873,
            1_032_074,
            900_000,
            251,
            1,
            61.25,
            "gpu(0)",
            "float32");
    assertThat(ShardLine.line("nightly", record, 2, 0.98765))
        .isEqualTo(
            "event=shard_scanned run_id=nightly shard=17 wave=3 attempt=2 device=gpu(0)"
                + " tokens=999873 sequences=41233 batches=251 seconds=61.250"
                + " tokens_per_second=16324 padding_share=0.0312 busy_share=0.9877 halvings=1"
                + " candidates=48211");
  }
}
