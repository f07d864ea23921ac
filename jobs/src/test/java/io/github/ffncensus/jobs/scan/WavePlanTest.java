package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.config.WavesConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WavePlanTest {

  @Test
  void waves_double_fromOneShardPerTask() {
    assertThat(waves(plan(0, 2), 0, 100, 8)).containsExactly(8, 8, 16, 32, 36);
    assertThat(waves(plan(1, 2), 0, 20, 8)).containsExactly(1, 1, 2, 4, 8, 4);
    assertThat(waves(plan(10, 4), 0, 400, 8)).containsExactly(10, 30, 120, 240);
  }

  @Test
  void rest_thatWouldLeaveTasksIdle_joinsTheWaveBefore() {
    assertThat(waves(plan(0, 2), 0, 31, 8)).containsExactly(8, 8, 15);
    assertThat(waves(plan(0, 2), 0, 15, 8)).containsExactly(15);
    assertThat(waves(plan(0, 2), 0, 3, 8)).containsExactly(3);
  }

  @Test
  void shardsOfAnEarlierAttempt_count() {
    assertThat(waves(plan(2, 2), 30, 100, 2)).containsExactly(30, 60, 10);
    assertThat(waves(plan(2, 2), 99, 1, 2)).containsExactly(1);
  }

  @Test
  void off_isOneWave() {
    WavePlan plan = new WavePlan(new WavesConfig(false, 1, 2));
    assertThat(waves(plan, 5, 1000, 8)).containsExactly(1000);
  }

  @ParameterizedTest
  @CsvSource({"1, 1.01", "1, 1.5", "7, 2", "64, 3.3", "1000000, 1000000"})
  void everyShard_isInOneWave(int first, double growth) {
    for (int shards = 1; shards < 3000; shards = shards * 2 + 1) {
      List<Integer> waves = waves(plan(first, growth), 0, shards, 3);
      assertThat(waves).allMatch(size -> size > 0);
      assertThat(waves.stream().mapToInt(size -> size).sum()).isEqualTo(shards);
    }
  }

  private static WavePlan plan(int first, double growth) {
    return new WavePlan(new WavesConfig(true, first, growth));
  }

  private static List<Integer> waves(WavePlan plan, int scanned, int missing, int slots) {
    List<Integer> waves = new ArrayList<>();
    for (int from = 0, size; from < missing; from += size) {
      size = (int) plan.next(scanned + from, missing - from, slots);
      waves.add(size);
    }
    return waves;
  }
}
