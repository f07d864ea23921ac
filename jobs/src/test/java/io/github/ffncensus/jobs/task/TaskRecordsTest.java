package io.github.ffncensus.jobs.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskRecordsTest {
  record Told(String text, int number) {}

  @TempDir Path folder;
  private TaskRecords<Told> records;

  @BeforeEach
  void open() {
    records =
        TaskRecords.open(
            new Configuration(), new org.apache.hadoop.fs.Path(folder.toUri()), Told.class);
  }

  @Test
  void whatIsRecorded_isFound() {
    records.write(3, new Told("three", 3));
    records.write(5, new Told("five", 5));
    assertThat(records.find(Set.of(3, 4))).isEqualTo(Map.of(3, new Told("three", 3)));
  }

  @Test
  void beforeAnythingIsRecorded_nothingIsFound() throws IOException {
    Files.delete(folder);
    assertThat(records.find(Set.of(0))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"text\":\"thr", "null"})
  void damagedRecord_isNone_andIsReplaced(String text) throws IOException {
    records.write(3, new Told("three", 3));
    Files.writeString(folder.resolve("00003.json"), text);
    assertThat(records.find(Set.of(3))).isEmpty();
    records.write(3, new Told("again", 3));
    assertThat(records.find(Set.of(3))).isEqualTo(Map.of(3, new Told("again", 3)));
  }
}
