package io.github.ffncensus.jobs;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.EditConfig.WriteModel;
import io.github.ffncensus.jobs.config.FactsConfig;
import io.github.ffncensus.jobs.edit.EditedModel;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.jobs.ingest.CorpusInputs;
import io.github.ffncensus.jobs.interpret.InterpretJob;
import io.github.ffncensus.jobs.run.CorpusFile;
import io.github.ffncensus.jobs.run.ModelIdentity;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunIdentity;
import io.github.ffncensus.jobs.run.RunLock;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.run.RunOpener;
import io.github.ffncensus.jobs.run.StageResult;
import io.github.ffncensus.jobs.run.TablePublisher;
import io.github.ffncensus.jobs.scan.ScanJob;
import io.github.ffncensus.model.ModelFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * Runs stages in order under the run protocol: nothing is computed twice, nothing is published
 * half, and the manifest says at every moment how far the run is.
 */
final class Pipeline {

  /** Makes the runner when there is work for one, so that Spark is not started for nothing. */
  interface RunnerFactory {
    StageRunner start(RunFolder folder, ModelFolder model);
  }

  private final CensusConfig config;
  private final Configuration hadoop;
  private final RunnerFactory runners;
  private final PrintStream messages;

  Pipeline(CensusConfig config, Configuration hadoop, RunnerFactory runners, PrintStream messages) {
    this.config = config;
    this.hadoop = hadoop;
    this.runners = runners;
    this.messages = messages;
  }

  /**
   * @param stages in order
   * @param force whether to compute them again if they are complete
   */
  void run(List<Stage> stages, boolean force) {
    run(stages, force, model -> identity(model, stages));
  }

  /**
   * @param identified says what the run is made from
   */
  void run(List<Stage> stages, boolean force, Function<ModelFolder, RunIdentity> identified) {
    RunFolder folder = RunFolder.qualified(hadoop, config.warehouse(), config.runId());
    ModelFolder model = ModelFolder.open(Path.of(config.model().path()));
    if (stages.contains(Stage.SCAN)) {
      ScanJob.check(config, model);
    }
    if (stages.contains(Stage.INTERPRET)) {
      InterpretJob.check(config, model);
    }
    new RunOpener(hadoop, folder).requireWritable();
    try (RunLock lock = RunLock.acquire(hadoop, folder, messages::println)) {
      RunManifest manifest =
          new RunOpener(hadoop, folder)
              .open(() -> held(lock, identified.apply(model)), stages.get(0), force);
      run(stages, manifest, model, lock);
    }
  }

  /** To identify a run takes as long as to read its model, and what follows may discard files. */
  private static RunIdentity held(RunLock lock, RunIdentity identity) {
    lock.requireHeld();
    return identity;
  }

  private void run(List<Stage> stages, RunManifest manifest, ModelFolder model, RunLock lock) {
    RunFolder folder = manifest.folder();
    // Of a driver that was killed after the manifest knew of a stage.
    Stream.of(Stage.values())
        .filter(manifest::isComplete)
        .forEach(stage -> deleteStaging(stage, folder));
    if (stages.stream().allMatch(manifest::isComplete)) {
      SparkStages.startIfTheMasterInsists(config);
    }
    if (manifest.status() == RunManifest.Status.COMPLETE) {
      messages.printf(
          "The run %s is complete: nothing to do (--force computes it again).%n", folder.runId());
    } else {
      runMissing(stages, manifest, model, lock);
    }
    if (stages.contains(Stage.EDIT) && manifest.isComplete(Stage.EDIT)) {
      config.edit().writeModel().ifPresent(wanted -> writeModel(wanted, manifest, model));
    }
  }

  private void runMissing(
      List<Stage> stages, RunManifest manifest, ModelFolder model, RunLock lock) {
    RunFolder folder = manifest.folder();
    checkPrecondition(stages.get(0), manifest);
    if (!stages.stream().allMatch(manifest::isComplete)) {
      runStages(stages, manifest, model, lock);
    }
    if (config.stages().stream().allMatch(manifest::isComplete)) {
      FaultPoint.BEFORE_COMPLETE.reached(folder.runId());
      lock.requireHeld();
      manifest.completed();
      messages.printf("The run %s is complete: %s%n", folder.runId(), folder.manifest());
    } else {
      messages.printf("The run %s still lacks: %s%n", folder.runId(), missing(manifest));
    }
  }

  private void writeModel(WriteModel wanted, RunManifest manifest, ModelFolder model) {
    RunFolder folder = manifest.folder();
    EditedModel.write(
        hadoop,
        manifest.tables().getOrDefault(EditedModel.TABLE, List.of()).stream()
            .map(
                file -> new org.apache.hadoop.fs.Path(folder.table(EditedModel.TABLE), file.name()))
            .toList(),
        model,
        folder.runId(),
        manifest.json().at("/model/weights_sha256").asText(),
        wanted);
    messages.printf("The edited model is in %s%n", wanted.folder());
  }

  private static void checkPrecondition(Stage first, RunManifest manifest) {
    boolean readsCorpus = first != Stage.INGEST && first.readsCorpus();
    if (readsCorpus && !manifest.isComplete(Stage.INGEST)) {
      throw missing(manifest, "no ingested corpus", Stage.INGEST);
    }
    if (first == Stage.INTERPRET && !manifest.isComplete(Stage.SCAN)) {
      throw missing(manifest, "no scan to interpret", Stage.SCAN);
    }
    boolean readsNeurons = first != Stage.ATTRIBUTE && first.readsFacts();
    if (readsNeurons && !manifest.isComplete(Stage.ATTRIBUTE)) {
      throw missing(manifest, "no knowledge neurons", Stage.ATTRIBUTE);
    }
  }

  private static CensusException missing(RunManifest manifest, String what, Stage needed) {
    return CensusException.configuration(
        "The run %s in %s has %s: run %s first, or run for all stages"
            .formatted(
                manifest.folder().runId(), manifest.folder().warehouse(), what, needed.word()));
  }

  /** Later stages read the sequences, not the corpus, which may be gone by then. */
  private RunIdentity identity(ModelFolder model, List<Stage> stages) {
    List<CorpusFile> corpus = stages.contains(Stage.INGEST) ? corpus() : null;
    List<CorpusFile> facts = stages.contains(Stage.ATTRIBUTE) ? facts() : null;
    return new RunIdentity(config, ModelIdentity.of(model), corpus, facts);
  }

  private List<CorpusFile> corpus() {
    return files("corpus.input", config.corpus().input()).toList();
  }

  private List<CorpusFile> facts() {
    FactsConfig facts = config.facts();
    return Stream.of(
            files("facts.input", facts.input()),
            files("facts.templates", facts.templates()),
            files("facts.pairs", facts.pairs()))
        .flatMap(files -> files)
        .distinct()
        .toList();
  }

  private Stream<CorpusFile> files(String key, List<String> inputs) {
    return CorpusInputs.list(hadoop, key, inputs).parallelStream()
        .map(input -> CorpusFile.of(hadoop, input.path(), input.bytes()));
  }

  private String missing(RunManifest manifest) {
    return String.join(
        ", ",
        config.stages().stream()
            .filter(stage -> !manifest.isComplete(stage))
            .map(Stage::word)
            .toList());
  }

  private void runStages(
      List<Stage> stages, RunManifest manifest, ModelFolder model, RunLock lock) {
    try (StageRunner runner = runners.start(manifest.folder(), model)) {
      lock.onLoss(runner::close);
      for (Stage stage : stages) {
        if (manifest.isComplete(stage)) {
          messages.printf("%s is complete already.%n", stage.word());
        } else {
          runStage(stage, runner, manifest, lock);
        }
      }
    }
  }

  private void runStage(Stage stage, StageRunner runner, RunManifest manifest, RunLock lock) {
    lock.requireHeld();
    manifest.stageStarted(stage, Versions.all());
    try {
      StageResult result = runner.run(stage);
      FaultPoint.AFTER_STAGE.reached(stage.word());
      publish(stage, result, manifest.folder(), lock);
      manifest.corpusCounts(result.corpusCounts());
      if (!result.counters().isEmpty()) {
        manifest.counters(stage, result.counters());
      }
      FaultPoint.BEFORE_MANIFEST.reached(stage.word());
      lock.requireHeld();
      manifest.stageCompleted(stage, result.tables(), result.skipped());
      FaultPoint.AFTER_MANIFEST.reached(stage.word());
      lock.requireHeld();
      deleteStaging(stage, manifest.folder());
    } catch (Exception | Error e) {
      // Spark throws its checked exceptions without declaring them.
      throw recorded(stage, e, manifest, lock);
    }
  }

  private void publish(Stage stage, StageResult result, RunFolder folder, RunLock lock) {
    TablePublisher publisher = new TablePublisher(hadoop, folder, lock::requireNotLate);
    result
        .tables()
        .forEach(
            (table, files) -> {
              lock.requireHeld();
              publisher.publish(
                  new org.apache.hadoop.fs.Path(folder.staging(stage.word()), table), table, files);
            });
  }

  /** What is left is not needed; a failure to delete it is no reason to fail. */
  private void deleteStaging(Stage stage, RunFolder folder) {
    org.apache.hadoop.fs.Path staging = folder.staging(stage.word());
    try {
      staging.getFileSystem(hadoop).delete(staging, true);
    } catch (IOException e) {
      messages.printf(
          "%s: cannot be deleted (%s); it is not needed any more%n", staging, e.getMessage());
    }
  }

  private static CensusException recorded(
      Stage stage, Throwable failure, RunManifest manifest, RunLock lock) {
    CensusException cause =
        CensusException.in(failure)
            .orElseGet(
                () ->
                    CensusException.runFailed(
                        "%s failed: %s%nRun the same command again to continue; --debug shows where it failed."
                            .formatted(stage.word(), Failures.summary(failure)),
                        failure));
    try {
      lock.requireHeld();
    } catch (CensusException lost) {
      // The manifest is a successor's, and work that was ended for its sake did not fail by itself.
      lost.addSuppressed(cause);
      return lost;
    }
    try {
      manifest.failed(stage, cause.getMessage());
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
    return cause;
  }
}
