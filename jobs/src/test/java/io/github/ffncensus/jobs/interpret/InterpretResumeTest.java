package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a later attempt at the stage finds of an earlier one. */
class InterpretResumeTest {
  @TempDir Path folder;

  @Test
  void aSecondAttempt_keepsTheFilesOfEveryFinishedPart() throws IOException {
    try (ScanFixture fixture = new ScanFixture("local[2]", folder)) {
      ScanFixture.Run run =
          fixture.ingest("twice", "gpt2-gelu-new", "interpret.perturbations.neurons-per-layer=4");
      Map<String, List<TableFile>> published = run.publish();
      Map<String, List<TableFile>> first = InterpretJob.run(run.interpretation(published));
      // Names of files tell attempts of the driver apart.
      Map<String, List<TableFile>> second = InterpretJob.run(run.interpretation(published));
      assertThat(first)
          .containsKeys("trigger_perturbations", "trigger_patterns", "key_value_findings");
      assertThat(second).isEqualTo(first);
    }
  }
}
