package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.jobs.run.RunIdentity.Difference;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Opens a run for writing, or refuses: before any work, and without harm to what the run id already
 * holds.
 */
public final class RunOpener {

  private final Configuration hadoop;
  private final RunFolder folder;

  public RunOpener(Configuration hadoop, RunFolder folder) {
    this.hadoop = hadoop;
    this.folder = folder;
  }

  /**
   * The run's manifest, made if there is none.
   *
   * @param identified taken here and not before, because it reads the whole model
   * @param first the first stage that the command runs
   * @param force whether that stage and all later ones are to be computed again
   * @throws CensusException of kind CONFIGURATION if the run id belongs to another configuration,
   *     model or corpus
   */
  public RunManifest open(Supplier<RunIdentity> identified, Stage first, boolean force) {
    RunIdentity identity = identified.get();
    RunManifest manifest = RunManifest.read(hadoop, folder).orElse(null);
    if (manifest == null) {
      return RunManifest.create(hadoop, folder, identity);
    }
    List<Difference> differences = identity.differences(manifest.json());
    boolean recomputed =
        force
            && differences.stream()
                .allMatch(difference -> difference.stage().compareTo(first) >= 0);
    // What failed before its first stage was done has left nothing that another try could mix with.
    boolean nothingDone =
        first == Stage.INGEST
            && manifest.status() == RunManifest.Status.FAILED
            && Stream.of(Stage.values()).noneMatch(manifest::isComplete);
    if (!differences.isEmpty() && !recomputed && !nothingDone) {
      throw refusal(differences);
    }
    if (force || (nothingDone && !differences.isEmpty())) {
      manifest.restart(first, identity);
    }
    manifest
        .toDiscard()
        .ifPresent(
            from -> {
              discardUnpublished(from);
              manifest.discarded();
            });
    manifest.addInputs(identity);
    return manifest;
  }

  private CensusException refusal(List<Difference> differences) {
    Stage concerned =
        differences.stream().map(Difference::stage).min(Comparator.naturalOrder()).orElseThrow();
    return CensusException.configuration(
        """
        The run %s in %s was made with another configuration, model or corpus:
          %s
        Use another run-id, or %s --force to compute this one again and replace its tables."""
            .formatted(
                folder.runId(),
                folder.warehouse(),
                differences.stream().map(Difference::text).collect(Collectors.joining("\n  ")),
                concerned == Stage.INGEST ? "run" : "run --force or " + concerned.word()));
  }

  /**
   * @throws CensusException of kind CONFIGURATION if the warehouse cannot be written
   */
  public void requireWritable() {
    Path probe = new Path(folder.warehouse(), "_probe-" + UUID.randomUUID());
    try {
      FileSystem fs = probe.getFileSystem(hadoop);
      InheritedPermissions.mkdirs(fs, folder.warehouse());
      fs.create(probe).close();
      fs.delete(probe, false);
    } catch (IOException | RuntimeException e) {
      throw CensusException.configuration(
          "census.warehouse = %s: cannot be written (%s); name a folder that this user may write"
              .formatted(folder.warehouse(), e.getMessage()),
          e);
    }
  }

  private void discardUnpublished(Stage first) {
    try {
      FileSystem fs = folder.warehouse().getFileSystem(hadoop);
      for (Stage stage : Stage.values()) {
        if (stage.compareTo(first) >= 0) {
          FaultPoint.BEFORE_DISCARD.reached(stage.word());
          fs.delete(folder.staging(stage.word()), true);
        }
      }
      if (first == Stage.INGEST) {
        fs.delete(folder.shardPlan(), false);
      }
    } catch (IOException e) {
      throw CensusException.runFailed(
          "%s: cannot be emptied: %s".formatted(folder.staging(), e.getMessage()), e);
    }
  }
}
