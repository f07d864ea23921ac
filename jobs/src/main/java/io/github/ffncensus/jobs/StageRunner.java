package io.github.ffncensus.jobs;

import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.run.StageResult;

/** Computes a stage; what it leaves in staging when it fails is found again by the next attempt. */
interface StageRunner extends AutoCloseable {

  StageResult run(Stage stage);

  /** May be called again, and by another thread while a stage runs, which fails then. */
  @Override
  void close();
}
