package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.ConfigLoader;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.RejectRow;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** Runs ingests over a corpus folder and reads back what they staged. */
final class IngestFixture implements AutoCloseable {
  static final Path MODELS = Path.of("../common/src/test/resources/fixtures");

  private final SparkSession spark;
  private final Path folder;
  private int runs;

  /** What a run staged, in order. */
  record Outcome(IngestResult result, List<SequenceRow> sequences, List<RejectRow> rejects) {
    List<String> texts() {
      return sequences.stream().map(SequenceRow::text).toList();
    }

    List<String> documentIds() {
      return sequences.stream().map(SequenceRow::documentId).toList();
    }

    /** Such as {@code empty}. */
    List<String> reasons() {
      return rejects.stream().map(RejectRow::reason).toList();
    }
  }

  /**
   * @param master such as {@code local[2]}
   */
  IngestFixture(String master, Path folder) {
    this.folder = folder;
    this.spark = TestSpark.start(master, folder);
  }

  Configuration hadoop() {
    return spark.sparkContext().hadoopConfiguration();
  }

  @Override
  public void close() {
    spark.stop();
  }

  Path corpusFile(String name) throws IOException {
    Path file = folder.resolve("corpus").resolve(name);
    Files.createDirectories(file.getParent());
    return file;
  }

  void write(String name, String content) throws IOException {
    Files.writeString(corpusFile(name), content);
  }

  /** Reads the corpus folder unless the settings say otherwise, sequences being documents. */
  Outcome ingest(String... settings) throws IOException {
    return ingest(MODELS.resolve("bert-gelu"), settings);
  }

  Outcome ingest(Path model, String... settings) throws IOException {
    String runId = "r" + runs++;
    List<String> all =
        new ArrayList<>(
            List.of(
                "run-id=" + runId,
                "warehouse=" + folder.resolve("warehouse"),
                "model.path=" + model,
                "corpus.input=" + folder.resolve("corpus"),
                "corpus.sequence=document",
                "corpus.format=text"));
    all.addAll(List.of(settings));
    Path file = Files.writeString(folder.resolve("empty.conf"), "");
    CensusConfig config = ConfigLoader.load(file, all);
    RunFolder run = RunFolder.qualified(hadoop(), config.warehouse(), runId);
    IngestJob job = new IngestJob(spark, config, run, ModelFolder.open(model), Progress.SILENT);
    IngestResult result = job.run();
    assertThat(ShardPlan.read(hadoop(), run.shardPlan())).isEqualTo(result.plan());
    Outcome outcome =
        new Outcome(
            result,
            read(run, "sequences", result.sequenceFiles(), SequenceRow::decode),
            read(run, "rejects", result.rejectFiles(), RejectRow::decode));
    check(outcome);
    return outcome;
  }

  private <T> List<T> read(
      RunFolder run, String table, List<TableFile> files, Function<TableRow, T> decode)
      throws IOException {
    List<T> rows = new ArrayList<>();
    for (TableFile file : files) {
      var path = new org.apache.hadoop.fs.Path(run.staging("ingest"), table + "/" + file.name());
      int before = rows.size();
      try (ParquetTableReader reader = ParquetTableReader.open(hadoop(), path)) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          rows.add(decode.apply(row));
        }
      }
      assertThat(rows).hasSize(before + (int) file.rows());
    }
    return rows;
  }

  /** What holds for every ingest. */
  private static void check(Outcome outcome) {
    IngestResult result = outcome.result();
    Set<String> used = new HashSet<>(outcome.documentIds());
    assertThat(result.documents())
        .isEqualTo(result.documentsInSequences() + result.documentsInRejects());
    assertThat(result.documentsInSequences()).isEqualTo(used.size());
    assertThat(result.documentsInRejects()).isEqualTo(outcome.rejects().size());
    assertThat(result.sequences()).isEqualTo(outcome.sequences().size());
    long tokens = 0;
    for (int i = 0; i < outcome.sequences().size(); i++) {
      SequenceRow row = outcome.sequences().get(i);
      assertThat(row.sequenceId()).isEqualTo(i);
      tokens += row.tokenIds().length;
      boolean first =
          i == 0 || !outcome.sequences().get(i - 1).documentId().equals(row.documentId());
      assertThat(row.ordinal()).isEqualTo(first ? 0 : outcome.sequences().get(i - 1).ordinal() + 1);
    }
    assertThat(result.tokens()).isEqualTo(tokens).isEqualTo(result.plan().tokens());
    long next = 0;
    List<String> files = new ArrayList<>();
    for (int i = 0; i < result.plan().shards().size(); i++) {
      ShardPlan.Shard shard = result.plan().shards().get(i);
      assertThat(shard.index()).isEqualTo(i);
      assertThat(shard.firstSequenceId()).isEqualTo(next);
      assertThat(shard.sequences()).isPositive();
      next += shard.sequences();
      files.addAll(shard.files());
    }
    assertThat(next).isEqualTo(result.sequences());
    assertThat(files).isEqualTo(result.sequenceFiles().stream().map(TableFile::name).toList());
  }
}
