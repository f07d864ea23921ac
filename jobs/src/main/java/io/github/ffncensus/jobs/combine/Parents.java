package io.github.ffncensus.jobs.combine;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.run.CorpusFile;
import io.github.ffncensus.jobs.run.ModelIdentity;
import io.github.ffncensus.jobs.run.ParentRun;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunIdentity;
import io.github.ffncensus.jobs.run.RunManifest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** Finds the runs that are to be combined, and refuses those that do not go together. */
public final class Parents {
  private static final List<String> CORPUS_COUNTS =
      List.of("documents", "documents_in_sequences", "documents_in_rejects", "sequences", "tokens");
  private static final List<String> SCAN_COUNTS =
      List.of("shards", "sequences", "rejected_sequences", "tokens", "text_tokens");

  private final List<RunManifest> manifests;
  private final List<Parent> parents = new ArrayList<>();

  /**
   * @param target folder of the combined run, in the same warehouse
   * @param runIds in the order in which their sequences are to follow each other
   * @throws CensusException of kind CONFIGURATION if there are fewer than two, or one is not
   *     scanned
   */
  public Parents(Configuration hadoop, RunFolder target, List<String> runIds) {
    if (runIds.size() < 2
        || new HashSet<>(runIds).size() < runIds.size()
        || runIds.contains(target.runId())) {
      throw CensusException.configuration(
          "--runs %s --as %s: name two or more different runs, and a new one"
              .formatted(String.join(",", runIds), target.runId()));
    }
    this.manifests = runIds.stream().map(runId -> manifest(hadoop, target, runId)).toList();
    long sequences = 0;
    int shards = 0;
    for (RunManifest manifest : manifests) {
      Map<String, Long> counts = counts(manifest.json().path("corpus"), CORPUS_COUNTS);
      ShardPlan plan = ShardPlan.read(hadoop, manifest.folder().shardPlan());
      ParentRun run =
          new ParentRun(
              manifest.folder().runId(),
              manifest.attempt(),
              counts.get("documents"),
              sequences,
              counts.get("sequences"));
      parents.add(
          new Parent(
              manifest.folder(),
              run,
              shards,
              plan,
              manifest.tables(),
              manifest.skippedShards().stream()
                  .filter(shard -> shard.ofCorpus() && shard.stage().equals(Stage.SCAN.word()))
                  .toList(),
              counts,
              counts(manifest.json().path("scan"), SCAN_COUNTS)));
      sequences += run.sequences();
      shards += plan.shards().size();
    }
  }

  private static RunManifest manifest(Configuration hadoop, RunFolder target, String runId) {
    RunManifest manifest =
        RunManifest.read(hadoop, target.sibling(runId))
            .orElseThrow(
                () ->
                    CensusException.configuration(
                        "--runs %s: there is no such run in %s; the command runs lists those there are"
                            .formatted(runId, target.warehouse())));
    if (!manifest.isComplete(Stage.INGEST) || !manifest.isComplete(Stage.SCAN)) {
      throw CensusException.configuration(
          "--runs %s: the run has no complete scan; finish it first".formatted(runId));
    }
    return manifest;
  }

  private static Map<String, Long> counts(JsonNode section, List<String> names) {
    Map<String, Long> counts = new LinkedHashMap<>();
    names.forEach(name -> counts.put(name, section.path(name).asLong()));
    return counts;
  }

  List<Parent> all() {
    return parents;
  }

  /**
   * What the combined run is made from.
   *
   * @param config its configuration, which must be that of its parents
   * @throws CensusException of kind CONFIGURATION if a parent was made with another configuration
   *     or model, or if two of them read the same file
   */
  public RunIdentity identity(CensusConfig config, ModelIdentity model) {
    RunIdentity identity =
        new RunIdentity(config, model, inputs(), null, parents.stream().map(Parent::run).toList());
    for (RunManifest manifest : manifests) {
      List<String> differences = identity.differencesOfCensus(manifest.json());
      if (!differences.isEmpty()) {
        throw CensusException.configuration(
            """
            The run %s was made with another configuration or model, so that its numbers are not of one census with the others:
              %s"""
                .formatted(manifest.folder().runId(), String.join("\n  ", differences)));
      }
    }
    requireSameTables();
    return identity;
  }

  /** The files of all corpora; none twice, under whatever name. */
  private List<CorpusFile> inputs() {
    List<CorpusFile> inputs = new ArrayList<>();
    Map<String, String> known = new HashMap<>();
    for (RunManifest manifest : manifests) {
      Map<String, String> ofRun = new HashMap<>();
      for (JsonNode file : manifest.json().at("/corpus/inputs")) {
        CorpusFile input =
            new CorpusFile(
                file.path("path").asText(),
                file.path("bytes").asLong(),
                file.path("fingerprint").asText());
        inputs.add(input);
        String said = "%s of the run %s".formatted(input.path(), manifest.folder().runId());
        ofRun.put(input.path(), said);
        if (input.bytes() > 0) {
          ofRun.put(input.fingerprint(), said);
        }
      }
      ofRun.forEach(
          (key, said) -> {
            if (known.containsKey(key)) {
              throw CensusException.configuration(
                  "The runs have documents in common: %s is the same file as %s; combine runs over different documents"
                      .formatted(said, known.get(key)));
            }
          });
      known.putAll(ofRun);
    }
    return inputs;
  }

  /** A run of an earlier version may lack a table. */
  private void requireSameTables() {
    for (String table : CombineJob.SCAN_TABLES) {
      List<Boolean> has =
          manifests.stream().map(manifest -> manifest.tables().containsKey(table)).toList();
      if (has.contains(true) && has.contains(false)) {
        throw CensusException.configuration(
            "The run %s has no table %s, and another one has; scan it again with scan --force"
                .formatted(parents.get(has.indexOf(false)).run().runId(), table));
      }
    }
  }
}
