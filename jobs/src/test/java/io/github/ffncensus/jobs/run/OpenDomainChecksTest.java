package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damage to the tables of kn-stats is found. */
class OpenDomainChecksTest {
  @TempDir Path warehouse;
  private RunFolder folder;
  private final List<String> problems = new ArrayList<>();

  private record Activation(
      String factId, String textClass, int layer, int neuron, long sentences, double mean) {}

  private record Trigger(String factId, String scope, String direction, int rank, double mean) {}

  @BeforeEach
  void open() {
    folder = RunFolder.qualified(RunFixture.HADOOP, warehouse.toString(), "r1");
  }

  @Test
  void soundTables() throws IOException {
    checkActivations(
        new Activation("f0", "head_only", 0, 5, 3, 1),
        new Activation("f0", "head_only", 1, 2, 3, -1),
        new Activation("f0", "random", 0, 5, 4, 0),
        new Activation("f1", "head_only", 0, 5, 7, 0));
    checkTriggers(
        new Trigger("f0", "all", "top", 1, 2),
        new Trigger("f0", "all", "top", 2, 2),
        new Trigger("f0", "all", "bottom", 1, -3),
        new Trigger("f0", "all", "bottom", 2, 2),
        new Trigger("f0", "head", "top", 1, 1),
        new Trigger("f1", "all", "top", 1, 9));
    assertThat(problems).isEmpty();
  }

  @Test
  void sentencesThatDiffer() throws IOException {
    checkActivations(
        new Activation("f0", "head_only", 0, 5, 3, 1),
        new Activation("f0", "head_only", 1, 2, 4, 1),
        new Activation("f1", "random", 0, 0, 0, 1));
    assertThat(problems)
        .singleElement()
        .asString()
        .contains("rel, f0, head_only: 4 sentences after 3", "rel, f1, random: 0 sentences");
  }

  @Test
  void neuronsTwiceOrOutOfOrder() throws IOException {
    checkActivations(
        new Activation("f0", "head_only", 1, 2, 3, 1),
        new Activation("f0", "head_only", 1, 2, 3, 1));
    assertThat(problems).singleElement().asString().endsWith("after Neuron[layer=1, neuron=2]");
  }

  @Test
  void meanOutsideOfTheRange() throws IOException {
    checkActivations(new Activation("f0", "head_only", 1, 2, 3, 5.5));
    assertThat(problems)
        .singleElement()
        .asString()
        .endsWith("a mean of 5.5 outside of -5.0 to 5.0");
  }

  @Test
  void ranksWithGapsOrTwice() throws IOException {
    checkTriggers(
        new Trigger("f0", "all", "top", 1, 2),
        new Trigger("f0", "all", "top", 3, 1),
        new Trigger("f1", "all", "bottom", 2, 1));
    assertThat(problems)
        .singleElement()
        .asString()
        .contains(
            "rel, f0, activation, all, top: rank 3 where 2 is due",
            "rel, f1, activation, all, bottom: rank 2 where 1 is due");
  }

  @Test
  void meansThatGoOutwards() throws IOException {
    checkTriggers(
        new Trigger("f0", "all", "top", 1, 2),
        new Trigger("f0", "all", "top", 2, 3),
        new Trigger("f0", "all", "bottom", 1, 2),
        new Trigger("f0", "all", "bottom", 2, 1));
    assertThat(problems)
        .singleElement()
        .asString()
        .contains("top: rank 2 has 3.0 after 2.0", "bottom: rank 2 has 1.0 after 2.0");
  }

  private void checkActivations(Activation... rows) throws IOException {
    List<TableFile> files = write(OpenDomainChecks.ACTIVATIONS, OpenDomainChecksTest::encode, rows);
    new OpenDomainChecks(new TableContentChecks(RunFixture.HADOOP, folder, problems))
        .activationsAgree(files);
  }

  private void checkTriggers(Trigger... rows) throws IOException {
    List<TableFile> files = write(OpenDomainChecks.TRIGGERS, OpenDomainChecksTest::encode, rows);
    new OpenDomainChecks(new TableContentChecks(RunFixture.HADOOP, folder, problems))
        .ranksAreGapless(files);
  }

  @SafeVarargs
  private <T> List<TableFile> write(String table, RowEncoder<T> encoder, T... rows)
      throws IOException {
    var file = new org.apache.hadoop.fs.Path(folder.table(table), "part-0.parquet");
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(RunFixture.HADOOP, file, table, "r1", encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      return List.of(writer.finish());
    }
  }

  private static void encode(Activation row, RowWriter out) {
    out.string("method", "activation");
    out.string("relation", "rel");
    out.string("fact_id", row.factId());
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.string("text_class", row.textClass());
    out.longValue("sentences", row.sentences());
    out.doubleValue("mean", row.mean());
    out.doubleValue("stddev", 1);
    out.floatValue("min", -5);
    out.floatValue("max", 5);
  }

  private static void encode(Trigger row, RowWriter out) {
    out.string("method", "activation");
    out.string("relation", "rel");
    out.string("fact_id", row.factId());
    out.string("direction", row.direction());
    out.intValue("rank", row.rank());
    out.doubleValue("mean_activation", row.mean());
    out.longValue("sequence_id", 1);
    out.string("text", "text");
    out.string("text_class", "random");
    out.string("scope", row.scope());
  }
}
