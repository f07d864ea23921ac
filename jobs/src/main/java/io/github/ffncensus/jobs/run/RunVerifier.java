package io.github.ffncensus.jobs.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableSchema;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/**
 * Compares a published run with its manifest, byte by byte and by what the tables must contain.
 * Changes nothing.
 */
public final class RunVerifier {

  private final Configuration hadoop;
  private final RunFolder folder;
  private final JsonNode manifest;
  private final Map<String, List<TableFile>> tables;
  private final List<SkippedShard> skipped;
  private final List<String> problems = new ArrayList<>();
  private final Set<String> damaged = new HashSet<>();

  private RunVerifier(Configuration hadoop, RunManifest manifest) {
    this.hadoop = hadoop;
    this.folder = manifest.folder();
    this.manifest = manifest.json();
    this.tables = manifest.tables();
    this.skipped = manifest.skippedShards();
  }

  /** All that is wrong with a run, each problem in a line; none if it is sound. */
  public static List<String> verify(Configuration hadoop, RunManifest manifest) {
    return new RunVerifier(hadoop, manifest).problems(manifest);
  }

  private List<String> problems(RunManifest run) {
    if (run.status() != RunManifest.Status.COMPLETE) {
      problems.add(
          "%s: the run is %s, not complete".formatted(folder.manifest(), run.status().word()));
    }
    for (String table : TableSchema.tables()) {
      checkFiles(table, tables.getOrDefault(table, List.of()));
    }
    TableContentChecks contents = new TableContentChecks(hadoop, folder, problems);
    checkContents("sequences", contents::sequenceIdsAreDense);
    JsonNode model = manifest.path("model");
    int layers = model.path("layers").asInt();
    int neurons = model.path("neurons_per_layer").asInt();
    checkContents(
        "neuron_stats",
        files -> contents.neuronsAreComplete("neuron_stats", files, layers, neurons));
    // Without a single row: the model cannot predict.
    if (hasRows("value_predictions") && isWhole("values")) {
      checkContents(
          "value_predictions",
          files -> contents.neuronsAreComplete("value_predictions", files, layers, neurons));
    }
    for (String table : List.of("layer_composition", "prediction_refinement")) {
      if (hasRows(table)) {
        checkContents(table, files -> contents.layersAreComplete(table, files, layers));
      }
    }
    checkContents("prediction_refinement", contents::classesPartition);
    if (hasRows("value_lenses") && isWhole("lenses")) {
      checkContents("value_lenses", files -> contents.neuronsOfEachLens(files, layers, neurons));
    }
    checkContents("trigger_prefixes", files -> contents.ranksAreGapless(files, layers, neurons));
    OpenDomainChecks openDomain = new OpenDomainChecks(contents);
    checkContents(OpenDomainChecks.ACTIVATIONS, openDomain::activationsAgree);
    checkContents(OpenDomainChecks.TRIGGERS, openDomain::ranksAreGapless);
    PatternChecks patterns = new PatternChecks(contents, layers, neurons);
    checkContents("trigger_pattern_scores", patterns::scoresAreSound);
    checkContents("trigger_patterns", patterns::patternsAreSound);
    checkContents("pattern_summary", patterns::summaryIsSound);
    checkContents("activation_examples", contents::examplesAreGapless);
    checkContents("memory_ablations", contents::memoriesAreRanked);
    EditChecks edits = new EditChecks(contents, layers, neurons);
    checkContents("fact_interventions", edits::interventionsAreSound);
    checkContents("neuron_interactions", edits::interactionsAreSound);
    checkContents("fact_edits", edits::editsAreSound);
    checkContents("edit_deltas", edits::deltasAreSound);
    KnowledgeChecks knowledge = new KnowledgeChecks(contents, layers, neurons);
    checkContents("attribution_layers", knowledge::layersFollowEachOther);
    checkContents("knowledge_neurons", knowledge::neuronsAreShared);
    checkContents("relation_neurons", knowledge::ranksAreGapless);
    checkAttributionLayers(layers);
    checkDocuments();
    if (run.isComplete(Stage.SCAN)) {
      checkScannedSequences();
    }
    return problems;
  }

  /** Whether no piece of a part was skipped. */
  private boolean isWhole(String part) {
    return skipped.stream().noneMatch(shard -> shard.part().equals(part));
  }

  private boolean hasRows(String table) {
    return manifest.at("/tables/%s/rows".formatted(table)).asLong() > 0;
  }

  /** Damaged files would only yield further, puzzling problems. */
  private void checkContents(String table, TableContentChecks.Check check) {
    List<TableFile> files = tables.get(table);
    if (files == null || damaged.contains(table)) {
      return;
    }
    try {
      check.accept(files);
    } catch (IOException | RuntimeException e) {
      problems.add("%s: cannot be read: %s".formatted(folder.table(table), e));
    }
  }

  private void checkFiles(String table, List<TableFile> files) {
    Path target = folder.table(table);
    try {
      FileSystem fs = target.getFileSystem(hadoop);
      Set<String> extra = new HashSet<>(TablePublisher.lengths(fs, target).keySet());
      for (TableFile file : files) {
        extra.remove(file.name());
        String problem = checkFile(fs, new Path(target, file.name()), file);
        if (problem != null) {
          problems.add(new Path(target, file.name()) + ": " + problem);
          damaged.add(table);
        }
      }
      extra.stream()
          .sorted()
          .forEach(
              name ->
                  problems.add(
                      new Path(target, name)
                          + ": is not part of the run, but readers of the table find it"));
    } catch (IOException e) {
      problems.add("%s: cannot be listed: %s".formatted(target, e.getMessage()));
      damaged.add(table);
    }
    long rows = files.stream().mapToLong(TableFile::rows).sum();
    long recorded = manifest.path("tables").path(table).path("rows").asLong();
    if (rows != recorded) {
      problems.add(
          "%s: tables.%s.rows is %,d, its files have %,d"
              .formatted(folder.manifest(), table, recorded, rows));
    }
  }

  private String checkFile(FileSystem fs, Path path, TableFile file) {
    try {
      long bytes = fs.getFileStatus(path).getLen();
      if (bytes != file.bytes()) {
        return "has %,d bytes, the manifest says %,d".formatted(bytes, file.bytes());
      }
      String sha256 = sha256(fs, path);
      if (!sha256.equals(file.sha256())) {
        return "its content changed: SHA-256 is %s, the manifest says %s"
            .formatted(sha256, file.sha256());
      }
      long rows = rows(path);
      return rows == file.rows()
          ? null
          : "has %,d rows, the manifest says %,d".formatted(rows, file.rows());
    } catch (FileNotFoundException e) {
      return "is missing";
    } catch (IOException | RuntimeException e) {
      return "cannot be read: " + e.getMessage();
    }
  }

  private static String sha256(FileSystem fs, Path path) throws IOException {
    try (InputStream in = fs.open(path);
        DigestInputStream digest =
            new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      byte[] buffer = new byte[1 << 16];
      while (digest.read(buffer) >= 0) {
        // The stream keeps the sum.
      }
      return HexFormat.of().formatHex(digest.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private long rows(Path path) throws IOException {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(path, hadoop))) {
      return reader.getRecordCount();
    }
  }

  private void checkAttributionLayers(int layers) {
    long prompts = manifest.at("/tables/fact_prompts/rows").asLong();
    long rows = manifest.at("/tables/attribution_layers/rows").asLong();
    if (tables.containsKey("attribution_layers") && rows != prompts * layers) {
      problems.add(
          "%s: %,d prompts in fact_prompts make %,d rows of attribution_layers, not %,d"
              .formatted(folder.manifest(), prompts, prompts * layers, rows));
    }
  }

  /** Every sequence was read by the scan, could not be read, or is in a shard that was skipped. */
  private void checkScannedSequences() {
    long read = manifest.at("/scan/sequences").asLong();
    long rejected = manifest.at("/tables/scan_rejects/rows").asLong();
    long left =
        skipped.stream()
            .filter(shard -> shard.ofCorpus() && shard.stage().equals(Stage.SCAN.word()))
            .mapToLong(SkippedShard::sequences)
            .sum();
    long sequences = manifest.at("/tables/sequences/rows").asLong();
    if (read + rejected + left != sequences) {
      problems.add(
          "%s: of %,d sequences the scan read %,d, %,d are in scan_rejects and %,d in skipped shards"
              .formatted(folder.manifest(), sequences, read, rejected, left));
    }
  }

  private void checkDocuments() {
    JsonNode corpus = manifest.path("corpus");
    long documents = corpus.path("documents").asLong();
    long inSequences = corpus.path("documents_in_sequences").asLong();
    long inRejects = corpus.path("documents_in_rejects").asLong();
    if (documents != inSequences + inRejects) {
      problems.add(
          "%s: %,d documents were read, but %,d are in sequences and %,d in rejects"
              .formatted(folder.manifest(), documents, inSequences, inRejects));
    }
    long sequences = corpus.path("sequences").asLong();
    long rows = manifest.at("/tables/sequences/rows").asLong();
    if (sequences != rows) {
      problems.add(
          "%s: corpus.sequences is %,d, the table sequences has %,d rows"
              .formatted(folder.manifest(), sequences, rows));
    }
  }
}
