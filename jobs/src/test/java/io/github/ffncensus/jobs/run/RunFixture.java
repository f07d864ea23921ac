package io.github.ffncensus.jobs.run;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.ConfigLoader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RejectRow;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * A small complete run of a model of 2 layers with 3 neurons, which tests publish, damage and look
 * at.
 */
final class RunFixture {

  static final Configuration HADOOP = new Configuration();

  record Stats(int layer, int neuron) {}

  record Trigger(int layer, int neuron, String polarity, int rank, float coefficient) {}

  /** A layer of {@code prediction_refinement}, its positions by class. */
  record Refinement(int layer, long positions, long residual, long ffn, double residualShare) {}

  final Path warehouse;
  final RunFolder folder;
  List<Long> sequenceIds = List.of(0L, 1L, 2L, 3L);
  List<Stats> stats = new ArrayList<>();
  List<Trigger> triggers = new ArrayList<>();

  /** What the manifest says of the scan. */
  long scannedSequences = 4;

  List<SkippedShard> skipped = List.of();

  /** Rows of activation_examples; null for a run without the table. */
  List<Example> examples;

  record Example(Stats neuron, String band, int number, long positionsInBand) {}

  /** Rows of value_lenses; null for a run without the table. */
  List<OfLens> lenses;

  record OfLens(Stats neuron, String lens) {}

  /** Rows of memory_ablations; null for a run without the table. */
  List<Memory> memories;

  record Memory(long sequenceId, int position, int rank, float contribution) {}

  /** Neurons with value predictions; null for a run without the table. */
  List<Stats> predictions;

  /** Layers with refinement; null for a run without the table. */
  List<Refinement> refinement;

  RunFixture(Path warehouse) {
    this.warehouse = warehouse;
    this.folder = RunFolder.qualified(HADOOP, warehouse.toString(), "r1");
    for (int layer = 0; layer < 2; layer++) {
      for (int neuron = 0; neuron < 3; neuron++) {
        stats.add(new Stats(layer, neuron));
        for (int rank = 1; rank <= 3; rank++) {
          triggers.add(new Trigger(layer, neuron, "positive", rank, 4 - rank));
          triggers.add(new Trigger(layer, neuron, "negative", rank, rank - 4));
        }
      }
    }
  }

  CensusConfig config(String... overrides) {
    try {
      Path file = Files.writeString(Files.createTempFile("census", ".conf"), "");
      List<String> all =
          new ArrayList<>(
              List.of("run-id=r1", "warehouse=" + warehouse, "model.path=/m", "corpus.input=/c"));
      all.addAll(List.of(overrides));
      CensusConfig config = ConfigLoader.load(file, all);
      Files.delete(file);
      return config;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ModelIdentity model(String weights) {
    return new ModelIdentity("m", "/m", "gpt2", true, 2, 3, weights, "tokenizer", "config");
  }

  RunIdentity identity(String... overrides) {
    return new RunIdentity(
        config(overrides), model("weights"), List.of(new CorpusFile("file:/c", 10, "print")), null);
  }

  RunManifest open() {
    return new RunOpener(HADOOP, folder).open(this::identity, Stage.INGEST, false);
  }

  RunManifest publish() throws IOException {
    RunManifest manifest = open();
    TablePublisher publisher = new TablePublisher(HADOOP, folder);
    manifest.stageStarted(Stage.INGEST, Map.of("java", "17"));
    Map<String, List<TableFile>> ingested = new LinkedHashMap<>();
    List<SequenceRow> rows = sequenceIds.stream().map(RunFixture::sequence).toList();
    ingested.put(
        "sequences",
        List.of(
            write("sequences", "part-0.parquet", SequenceRow.ENCODER, rows.subList(0, 2)),
            write(
                "sequences", "part-1.parquet", SequenceRow.ENCODER, rows.subList(2, rows.size()))));
    RejectRow reject = new RejectRow("file:/c", "d9", "empty", "");
    ingested.put(
        "rejects", List.of(write("rejects", "part-0.parquet", RejectRow.ENCODER, List.of(reject))));
    ingested.forEach((table, files) -> publisher.publish(staged(table), table, files));
    manifest.corpusCounts(
        Map.of(
            "documents",
            5L,
            "documents_in_sequences",
            4L,
            "documents_in_rejects",
            1L,
            "sequences",
            4L));
    manifest.stageCompleted(Stage.INGEST, ingested, List.of());

    manifest.stageStarted(Stage.SCAN, Map.of("java", "17"));
    Map<String, List<TableFile>> scanned = new LinkedHashMap<>();
    scanned.put(
        "neuron_stats",
        List.of(write("neuron_stats", "part-0.parquet", RunFixture::encode, stats)));
    scanned.put(
        "trigger_prefixes",
        List.of(write("trigger_prefixes", "part-0.parquet", RunFixture::encode, triggers)));
    if (predictions != null) {
      scanned.put(
          "value_predictions",
          List.of(
              write(
                  "value_predictions",
                  "part-0.parquet",
                  RunFixture::encodePrediction,
                  predictions)));
    }
    if (examples != null) {
      scanned.put(
          "activation_examples",
          List.of(write("activation_examples", "part-0.parquet", RunFixture::encode, examples)));
    }
    if (lenses != null) {
      scanned.put(
          "value_lenses",
          List.of(write("value_lenses", "part-0.parquet", RunFixture::encode, lenses)));
    }
    if (memories != null) {
      scanned.put(
          "memory_ablations",
          List.of(write("memory_ablations", "part-0.parquet", RunFixture::encode, memories)));
    }
    if (refinement != null) {
      scanned.put(
          "prediction_refinement",
          List.of(
              write(
                  "prediction_refinement",
                  "part-0.parquet",
                  RunFixture::encodeRefinement,
                  refinement)));
    }
    scanned.forEach((table, files) -> publisher.publish(staged(table), table, files));
    manifest.counters(Stage.SCAN, Map.of("sequences", scannedSequences));
    manifest.stageCompleted(Stage.SCAN, scanned, skipped);
    manifest.completed();
    return manifest;
  }

  org.apache.hadoop.fs.Path staged(String table) {
    return new org.apache.hadoop.fs.Path(folder.staging("scan"), table);
  }

  Path published(String table, String file) {
    return warehouse.resolve(table).resolve("run_id=r1").resolve(file);
  }

  <T> TableFile write(String table, String name, RowEncoder<T> encoder, List<T> rows)
      throws IOException {
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(staged(table), name);
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(HADOOP, file, table, "r1", encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      return writer.finish();
    }
  }

  private static SequenceRow sequence(long id) {
    return new SequenceRow(id, "d" + id, 0, "text", new int[] {1}, new int[] {0}, new int[] {4});
  }

  private static void encode(Stats row, io.github.ffncensus.table.RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.longValue("token_count", 1);
    for (String column : List.of("mean", "stddev", "active_fraction")) {
      out.doubleValue(column, 0);
    }
    for (String column : List.of("min", "max", "p50", "p90", "p99", "p999")) {
      out.floatValue(column, 0);
    }
    out.longList("histogram", new long[] {1});
  }

  private static void encodePrediction(Stats row, io.github.ffncensus.table.RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.intList("top_token_ids", new int[] {1});
    out.stringList("top_tokens", List.of("text"));
    out.floatList("top_probabilities", new float[] {1});
    out.doubleValue("max_probability", 1);
    out.doubleValue("entropy", 0);
    out.intValue("agreement_count", 0);
    out.intValue("targets", 0);
    out.string("lens", "raw");
  }

  private static void encodeRefinement(Refinement row, io.github.ffncensus.table.RowWriter out) {
    out.intValue("layer", row.layer());
    out.longValue("positions", row.positions());
    out.doubleValue("residual", row.residualShare());
    out.doubleValue("ffn", row.ffn() / (double) row.positions());
    out.doubleValue("agreement", 0);
    out.doubleValue("composition", 0);
    out.longValue("residual_positions", row.residual());
    out.longValue("ffn_positions", row.ffn());
    out.longValue("agreement_positions", 0);
    out.longValue("composition_positions", 0);
    out.longValue("split_agreement_positions", 0);
    out.longValue("settled_positions", 0);
    out.string("lens", "head");
  }

  private static void encode(Trigger row, io.github.ffncensus.table.RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.string("polarity", row.polarity());
    out.intValue("rank", row.rank());
    out.floatValue("coefficient", row.coefficient());
    out.longValue("sequence_id", 0);
    out.intValue("position", 1);
    out.string("document_id", "d0");
    out.string("prefix", "text");
    out.intValue("token_id", 1);
    out.string("token", "text");
  }

  private static void encode(Example row, io.github.ffncensus.table.RowWriter out) {
    out.intValue("layer", row.neuron().layer());
    out.intValue("neuron", row.neuron().neuron());
    out.string("band", row.band());
    out.intValue("example", row.number());
    out.floatValue("coefficient", 1);
    out.longValue("sequence_id", 0);
    out.intValue("position", 1);
    out.string("document_id", "d0");
    out.string("prefix", "text");
    out.intValue("token_id", 1);
    out.string("token", "text");
    out.longValue("positions_in_band", row.positionsInBand());
  }

  private static void encode(OfLens row, io.github.ffncensus.table.RowWriter out) {
    out.intValue("layer", row.neuron().layer());
    out.intValue("neuron", row.neuron().neuron());
    out.string("lens", row.lens());
    out.intValue("top_token_id", 1);
    out.string("top_token", "text");
  }

  private static void encode(Memory row, io.github.ffncensus.table.RowWriter out) {
    out.intValue("layer", 1);
    out.longValue("sequence_id", row.sequenceId());
    out.intValue("position", row.position());
    out.intValue("rank", row.rank());
    out.intValue("neuron", row.rank());
    out.floatValue("coefficient", 1);
    out.floatValue("contribution", row.contribution());
    for (String column :
        List.of(
            "value_token_id",
            "output_token_id",
            "output_rank_in_value",
            "ffn_token_rank_in_value",
            "prediction_without_id")) {
      out.intValue(column, 1);
    }
    for (String column : List.of("value_token", "output_token", "prediction_without")) {
      out.string(column, "text");
    }
    for (String column :
        List.of(
            "output_probability_in_value",
            "ffn_token_probability_in_value",
            "log_probability_change")) {
      out.doubleValue(column, 0.5);
    }
    out.booleanValue("changes_prediction", false);
  }
}
