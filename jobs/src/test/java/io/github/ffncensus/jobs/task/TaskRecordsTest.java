package io.github.ffncensus.jobs.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    assertThat(records.find(3)).contains(new Told("three", 3));
    assertThat(records.find(4)).isEmpty();
  }

  /** With a checksum that the file still has, that it has no longer, and that was lost with it. */
  @ParameterizedTest
  @CsvSource({
    "'',true",
    "'',false",
    "'{\"text\":\"thr',true",
    "'{\"text\":\"thr',false",
    "null,false"
  })
  void damagedRecord_isNone_andIsReplaced(String text, boolean checksum) throws IOException {
    records.write(3, new Told("three", 3));
    Files.writeString(folder.resolve("00003.json"), text);
    if (!checksum) {
      Files.delete(folder.resolve(".00003.json.crc"));
    }
    assertThat(records.find(3)).isEmpty();
    records.write(3, new Told("again", 3));
    assertThat(records.find(3)).contains(new Told("again", 3));
  }
}
