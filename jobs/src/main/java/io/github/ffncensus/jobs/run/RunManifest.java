package io.github.ffncensus.jobs.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.secret.Secrets;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * The record of a run, {@code manifest.json}: what it is made from, how far it is, and, once
 * complete, which files are its result. Every change is on disk, whole, before the method returns.
 * One driver at a time may write it.
 */
public final class RunManifest {

  /** How far a run or a stage is. */
  public enum Status {
    RUNNING,
    COMPLETE,
    FAILED;

    public String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final String SKIPPED = "skipped_shards";

  /** Of a restart that is not finished. */
  private static final String DISCARD = "discard_from";

  private final AtomicFile file;
  private final Secrets secrets;
  private final RunFolder folder;
  private final ObjectNode root;

  private RunManifest(AtomicFile file, Secrets secrets, RunFolder folder, ObjectNode root) {
    this.file = file;
    this.secrets = secrets;
    this.folder = folder;
    this.root = root;
  }

  /** The manifest as it lies in the warehouse; empty if there is none. */
  public static Optional<RunManifest> read(Configuration hadoop, RunFolder folder) {
    AtomicFile file = new AtomicFile(hadoop, folder.manifest());
    try {
      byte[] bytes = file.read();
      if (bytes == null) {
        return Optional.empty();
      }
      if (JSON.readTree(bytes) instanceof ObjectNode root) {
        return Optional.of(new RunManifest(file, Secrets.ofProcess(hadoop), folder, root));
      }
      throw damaged(folder, null);
    } catch (JsonProcessingException e) {
      throw damaged(folder, e);
    } catch (IOException e) {
      throw CensusException.runFailed(
          "%s: cannot be read: %s".formatted(folder.manifest(), e.getMessage()), e);
    }
  }

  private static CensusException damaged(RunFolder folder, Throwable cause) {
    return CensusException.runFailed(
        "%s: is not the JSON of a manifest; restore it, or delete it to run %s anew"
            .formatted(folder.manifest(), folder.runId()),
        cause);
  }

  /** A manifest for a run that has none yet; not written before its first change. */
  public static RunManifest create(Configuration hadoop, RunFolder folder, RunIdentity identity) {
    RunManifest manifest =
        new RunManifest(
            new AtomicFile(hadoop, folder.manifest()),
            Secrets.ofProcess(hadoop),
            folder,
            JSON.createObjectNode());
    manifest
        .root
        .put("run_id", folder.runId())
        .put("status", Status.RUNNING.word())
        .put("created_at", now())
        .put("attempt", 1);
    manifest.describe(identity);
    return manifest;
  }

  /**
   * Begins a new attempt: these stages and all later ones are to be computed again. What they
   * published stays listed until it is replaced; what they left unpublished is {@link #toDiscard}.
   */
  public void restart(Stage first, RunIdentity identity) {
    root.put("status", Status.RUNNING.word()).put("attempt", root.path("attempt").asInt() + 1);
    root.remove(List.of("completed_at", "error"));
    List<SkippedShard> skipped = new ArrayList<>(skippedShards());
    for (Stage stage : Stage.values()) {
      if (stage.compareTo(first) >= 0) {
        stages().remove(stage.word());
        skipped.removeIf(shard -> shard.stage().equals(stage.word()));
      }
    }
    putSkipped(skipped);
    Stage earliest = toDiscard().filter(pending -> pending.compareTo(first) < 0).orElse(first);
    root.put(DISCARD, earliest.word());
    describe(identity);
    write();
  }

  /**
   * From which stage on the files of an earlier attempt must go before the run goes on; also if
   * another driver began to delete them.
   */
  Optional<Stage> toDiscard() {
    String word = root.path(DISCARD).asText();
    return Stream.of(Stage.values()).filter(stage -> stage.word().equals(word)).findFirst();
  }

  /** They are gone. */
  void discarded() {
    root.remove(DISCARD);
    write();
  }

  private void describe(RunIdentity identity) {
    root.set("configuration", identity.config().resolved());
    ModelIdentity model = identity.model();
    root.putObject("model")
        .put("name", model.name())
        .put("path", model.path())
        .put("model_type", model.modelType())
        .put("causal", model.causal())
        .put("weights_sha256", model.weightsSha256())
        .put("layers", model.layers())
        .put("neurons_per_layer", model.neuronsPerLayer())
        .put("tokenizer_sha256", model.tokenizerSha256())
        .put("config_sha256", model.configSha256())
        .put("precision", identity.config().resolved().at("/model/precision").asText());
    putInputs("corpus", identity.corpus());
    putInputs("facts", identity.facts());
    root.remove("parents");
    if (!identity.parents().isEmpty()) {
      root.set("parents", JSON.valueToTree(identity.parents()));
    }
  }

  /** Notes inputs that an earlier command of the run did not read; those it has read stay. */
  void addInputs(RunIdentity identity) {
    if (root.at("/corpus/inputs").isMissingNode()) {
      putInputs("corpus", identity.corpus());
    }
    if (root.at("/facts/inputs").isMissingNode()) {
      putInputs("facts", identity.facts());
    }
  }

  private void putInputs(String section, List<CorpusFile> files) {
    if (files == null) {
      return;
    }
    ArrayNode inputs = root.withObjectProperty(section).putArray("inputs");
    for (CorpusFile input : files) {
      inputs
          .addObject()
          .put("path", input.path())
          .put("bytes", input.bytes())
          .put("fingerprint", input.fingerprint());
    }
  }

  public RunFolder folder() {
    return folder;
  }

  public Status status() {
    return status(root.path("status"));
  }

  public boolean isComplete(Stage stage) {
    return root.at("/stages/" + stage.word() + "/status").asText().equals(Status.COMPLETE.word());
  }

  public int attempt() {
    return root.path("attempt").asInt();
  }

  /** The whole document, to be read only. */
  public JsonNode json() {
    return root;
  }

  /** Files by table, as published. */
  public Map<String, List<TableFile>> tables() {
    Map<String, List<TableFile>> tables = new LinkedHashMap<>();
    root.path("tables")
        .properties()
        .forEach(
            table -> {
              List<TableFile> files = new ArrayList<>();
              for (JsonNode entry : table.getValue().path("files")) {
                files.add(
                    new TableFile(
                        entry.path("name").asText(),
                        entry.path("rows").asLong(),
                        entry.path("bytes").asLong(),
                        entry.path("sha256").asText()));
              }
              tables.put(table.getKey(), files);
            });
    return tables;
  }

  /** A stage begins, or begins again after a failure. */
  public void stageStarted(Stage stage, Map<String, String> versions) {
    root.put("status", Status.RUNNING.word()).remove("error");
    root.set("versions", JSON.valueToTree(versions));
    stages().putObject(stage.word()).put("status", Status.RUNNING.word()).put("started_at", now());
    write();
  }

  /** Counts of the corpus: documents, sequences, tokens and the like. */
  public void corpusCounts(Map<String, Long> counts) {
    counts.forEach(root.withObjectProperty("corpus")::put);
  }

  /** What a stage tells of its speed and its precision. */
  public void counters(Stage stage, Map<String, Object> counters) {
    root.set(stage.word(), JSON.valueToTree(counters));
  }

  /** The shards that the run does without so far. */
  public List<SkippedShard> skippedShards() {
    List<SkippedShard> skipped = new ArrayList<>();
    root.path(SKIPPED).forEach(node -> skipped.add(SkippedShard.read(node)));
    return skipped;
  }

  private void putSkipped(List<SkippedShard> skipped) {
    root.remove(SKIPPED);
    skipped.forEach(shard -> shard.write(root.withArrayProperty(SKIPPED).addObject()));
  }

  /** The stage's tables are in place, made without some shards. */
  public void stageCompleted(
      Stage stage, Map<String, List<TableFile>> published, List<SkippedShard> skipped) {
    List<SkippedShard> all = new ArrayList<>(skippedShards());
    all.removeIf(shard -> shard.stage().equals(stage.word()));
    all.addAll(skipped);
    putSkipped(all);
    published.forEach(
        (table, files) -> {
          long rows = files.stream().mapToLong(TableFile::rows).sum();
          ObjectNode node = root.withObjectProperty("tables").putObject(table).put("rows", rows);
          ArrayNode list = node.putArray("files");
          for (TableFile f : files) {
            list.addObject()
                .put("name", f.name())
                .put("rows", f.rows())
                .put("bytes", f.bytes())
                .put("sha256", f.sha256());
          }
        });
    ObjectNode node = stages().withObjectProperty(stage.word());
    String end = now();
    Duration taken =
        Duration.between(Instant.parse(node.path("started_at").asText(end)), Instant.parse(end));
    node.put("status", Status.COMPLETE.word())
        .put("completed_at", end)
        .put("seconds", taken.toMillis() / 1000.0);
    write();
  }

  /** All tables of the run are in place: from now on it is visible. */
  public void completed() {
    root.put("status", Status.COMPLETE.word()).put("completed_at", now());
    write();
  }

  public void failed(Stage stage, String message) {
    root.put("status", Status.FAILED.word());
    stages().withObjectProperty(stage.word()).put("status", Status.FAILED.word());
    root.putObject("error").put("stage", stage.word()).put("message", message);
    write();
  }

  private ObjectNode stages() {
    return root.withObjectProperty("stages");
  }

  private Status status(JsonNode node) {
    for (Status status : Status.values()) {
      if (status.word().equals(node.asText())) {
        return status;
      }
    }
    throw damaged(folder, null);
  }

  private void write() {
    root.put("updated_at", now());
    secrets.redact(root);
    try {
      file.write(JSON.writeValueAsBytes(root));
    } catch (IOException e) {
      throw CensusException.runFailed(
          "%s: cannot be written: %s".formatted(folder.manifest(), e.getMessage()), e);
    }
  }

  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
  }
}
