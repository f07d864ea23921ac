package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.ConfigLoader;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.scan.TableRows;
import io.github.ffncensus.jobs.task.SkipList;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Attributes small facts, and reads back what the stage staged. */
public final class AttributeFixture implements AutoCloseable {
  public static final Path MODELS = Path.of("../common/src/test/resources/fixtures");

  private final Path folder;
  private final SparkSession spark;

  public AttributeFixture(String master, Path folder) {
    this.folder = folder;
    this.spark = TestSpark.start(master, folder);
  }

  @Override
  public void close() {
    spark.stop();
  }

  public SparkSession spark() {
    return spark;
  }

  /** A run of the stage alone. */
  public Run run(String runId, String model, String... settings) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "run-id=" + runId,
                "warehouse=" + folder.resolve("warehouse"),
                "model.path=" + MODELS.resolve(model)));
    all.addAll(List.of(settings));
    Path file = Files.writeString(folder.resolve("empty.conf"), "");
    return new Run(ConfigLoader.load(file, all), ModelFolder.open(MODELS.resolve(model)));
  }

  /** A configured run. */
  public final class Run {
    public final CensusConfig config;
    public final ModelFolder model;
    public final RunFolder folder;

    private Run(CensusConfig config, ModelFolder model) {
      this.config = config;
      this.model = model;
      this.folder =
          RunFolder.qualified(
              spark.sparkContext().hadoopConfiguration(), config.warehouse(), config.runId());
    }

    public StageContext context(Map<String, List<TableFile>> published) {
      return new StageContext(
          CensusConfig.Stage.ATTRIBUTE,
          spark,
          config,
          folder,
          model,
          null,
          published,
          SkipList.NONE,
          Progress.SILENT);
    }

    public Map<String, List<Map<String, Object>>> tables() throws IOException {
      return tables(AttributeJob.run(context(Map.of())));
    }

    public Map<String, List<Map<String, Object>>> tables(Map<String, List<TableFile>> made)
        throws IOException {
      Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
      for (Map.Entry<String, List<TableFile>> table : made.entrySet()) {
        var staged = new org.apache.hadoop.fs.Path(folder.staging("attribute"), table.getKey());
        tables.put(
            table.getKey(),
            TableRows.read(
                table.getKey(),
                table.getValue().stream()
                    .map(f -> new org.apache.hadoop.fs.Path(staged, f.name()))
                    .toList()));
      }
      return tables;
    }
  }
}
