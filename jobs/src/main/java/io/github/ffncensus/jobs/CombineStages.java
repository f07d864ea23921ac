package io.github.ffncensus.jobs;

import io.github.ffncensus.jobs.combine.CombineJob;
import io.github.ffncensus.jobs.combine.Parents;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.StageResult;
import io.github.ffncensus.jobs.task.SkipList;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.ModelFolder;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** The stages of a run that is combined from others. */
final class CombineStages implements StageRunner {
  private final SparkSession spark;
  private final CensusConfig config;
  private final RunFolder folder;
  private final ModelFolder model;
  private final Parents parents;
  private final Progress progress;

  CombineStages(
      CensusConfig config,
      RunFolder folder,
      ModelFolder model,
      Parents parents,
      Progress progress) {
    this.config = config;
    this.folder = folder;
    this.model = model;
    this.parents = parents;
    this.progress = progress;
    this.spark = SparkStages.session("combine", config);
  }

  @Override
  public StageResult run(Stage stage) {
    StageContext context =
        new StageContext(
            stage, spark, config, folder, model, null, Map.of(), SkipList.NONE, progress);
    CombineJob job = new CombineJob(context, parents);
    return switch (stage) {
      case INGEST -> job.ingest();
      case SCAN -> job.scan();
      default -> throw new IllegalArgumentException(stage.word());
    };
  }

  @Override
  public void close() {
    spark.stop();
  }
}
