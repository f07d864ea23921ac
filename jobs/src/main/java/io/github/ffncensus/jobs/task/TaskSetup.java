package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What a stage's tasks need to know of the run, and how they get at its files and its model.
 *
 * @param modelPath folder of the model, the same on every machine
 */
public record TaskSetup(
    Staging staging, CensusConfig config, RunFolder folder, String modelPath, String weightsSha256)
    implements Serializable {

  public Configuration hadoop() {
    return staging.hadoop();
  }

  /** The model on this task's device; shared, so leave it open. */
  public Transformer model() {
    return TaskModels.get(config, modelPath, weightsSha256);
  }

  /** The model's tokenizer; shared, so leave it open. */
  public ModelTokenizer tokenizer() {
    return Tokenizers.of(modelPath);
  }

  /** A published file of the run. */
  public Path published(String table, String file) {
    return new Path(folder.table(table), file);
  }

  /**
   * A new file of a table, in staging, named for this attempt at the task.
   *
   * @param part number of the file in the table
   */
  public <T> ParquetTableWriter<T> create(String table, int part, RowEncoder<T> encoder)
      throws IOException {
    String name = "part-%05d-%s.parquet".formatted(part, staging.attempt());
    return ParquetTableWriter.create(
        hadoop(), staging.file(table, name), table, folder.runId(), encoder);
  }
}
