package io.github.ffncensus.jobs;

import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.run.StageResult;

/** Computes a stage; what it leaves in staging when it fails is found again by the next attempt. */
interface StageRunner extends AutoCloseable {

  StageResult run(Stage stage);

  @Override
  void close();
}
