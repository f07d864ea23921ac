package io.github.ffncensus.jobs.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.CensusException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultPlanTest {

  @AfterEach
  void clear() {
    FaultPlan.install(null);
  }

  @Test
  void withoutAPlan_nothingFails() {
    for (FaultPoint point : FaultPoint.values()) {
      assertThatCode(() -> point.reached("anywhere")).doesNotThrowAnyException();
    }
  }

  @Test
  void namedPoint_failsOnce_atItsPlaceOnly() {
    FaultPlan.install("at=before-manifest@scan");
    FaultPoint.BEFORE_MANIFEST.reached("ingest");
    FaultPoint.AFTER_MANIFEST.reached("scan");
    assertThatThrownBy(() -> FaultPoint.BEFORE_MANIFEST.reached("scan"))
        .isInstanceOf(FaultPlan.InjectedFault.class)
        .hasMessage("injected fault at before-manifest@scan");
    FaultPoint.BEFORE_MANIFEST.reached("scan");
  }

  @Test
  void withoutAnEnd_failsAtEachVisit() {
    FaultPlan.install("at=task-start@values:3+task-end, times=0");
    for (int visit = 0; visit < 5; visit++) {
      assertThatThrownBy(() -> FaultPoint.TASK_START.reached("values:3")).hasMessageContaining("3");
      assertThatThrownBy(() -> FaultPoint.TASK_END.reached("any:0")).hasMessageContaining("any:0");
    }
  }

  @Test
  void sameSeed_failsAtTheSameVisits_whateverTheirOrder() {
    List<String> visits = new ArrayList<>();
    for (int place = 0; place < 50; place++) {
      for (int visit = 0; visit < 4; visit++) {
        visits.add(Integer.toString(place));
      }
    }
    List<String> first = failures(visits, 7);
    assertThat(first).hasSizeBetween(10, 40);
    Collections.shuffle(visits, new Random(1));
    assertThat(failures(visits, 7)).containsExactlyInAnyOrderElementsOf(first);
    assertThat(failures(visits, 8)).isNotEqualTo(first);
  }

  private static List<String> failures(List<String> places, long seed) {
    FaultPlan.install("times=0,probability=0.1,seed=" + seed);
    List<String> failed = new ArrayList<>();
    for (String place : places) {
      try {
        FaultPoint.IN_SHARD.reached(place);
      } catch (FaultPlan.InjectedFault e) {
        failed.add(place);
      }
    }
    return failed.stream().sorted().toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "at=nowhere", "action=explode", "probability=often", "at=task-end,who=me"})
  void planThatIsUnusable(String text) {
    assertThatThrownBy(() -> FaultPlan.install(text))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("-Dffn.census.faults=" + text)
        .hasMessageContaining("before-manifest, within-replacement");
  }
}
