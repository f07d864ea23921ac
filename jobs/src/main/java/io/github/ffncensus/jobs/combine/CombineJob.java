package io.github.ffncensus.jobs.combine;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.positions.PositionAnalysis;
import io.github.ffncensus.jobs.combine.CopyRows.Piece;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.run.SkippedShard;
import io.github.ffncensus.jobs.run.StageResult;
import io.github.ffncensus.jobs.scan.NeuronStatsRows;
import io.github.ffncensus.jobs.scan.PositionTables;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The stages ingest and scan of a combined run: what its parents have ingested one after the other,
 * and what a scan of all of it counts, made from their tables alone. What cannot be made from them
 * exactly is the last bits of moments, see {@code docs/numbers.md}.
 */
public final class CombineJob {
  private static final String SEQUENCES = "sequences";
  private static final String REJECTS = "rejects";
  private static final String ACTIVATIONS = "activations";
  private static final String SCAN_REJECTS = "scan_rejects";
  private static final int NAMED_DOCUMENTS = 5;

  /** What a scan makes; those of two runs with one configuration are the same. */
  static final List<String> SCAN_TABLES =
      List.of(
          NeuronStatsRows.TABLE,
          CombineTriggers.TABLE,
          ACTIVATIONS,
          SCAN_REJECTS,
          PositionTables.COUNTS);

  private final StageContext context;
  private final List<Parent> parents;

  public CombineJob(StageContext context, Parents parents) {
    this.context = context;
    this.parents = parents.all();
  }

  /**
   * The sequences and rejects of all parents, and the plan of their shards.
   *
   * @throws CensusException of kind CONFIGURATION if parents have documents in common
   */
  public StageResult ingest() {
    refuseCommonDocuments();
    Map<String, List<TableFile>> copies = new LinkedHashMap<>();
    for (String table : List.of(SEQUENCES, REJECTS)) {
      copies.put(table, copy(table));
      context.made(table, copies.get(table));
    }
    plan(copies.get(SEQUENCES))
        .write(context.spark().hadoopConfiguration(), context.setup().folder().shardPlan());
    Map<String, Long> counts = new TreeMap<>();
    parents.forEach(
        parent -> parent.counts().forEach((name, value) -> counts.merge(name, value, Long::sum)));
    return new StageResult(context.made(), counts, Map.of(), List.of());
  }

  /** The tables of the scan. */
  public StageResult scan() {
    if (isMade(NeuronStatsRows.TABLE)) {
      context.made(
          NeuronStatsRows.TABLE,
          context.run(ranges(NeuronStatsRows.TABLE), new CombineStats(context.setup())));
    }
    if (isMade(CombineTriggers.TABLE)) {
      context.made(
          CombineTriggers.TABLE,
          context.run(ranges(CombineTriggers.TABLE), new CombineTriggers(context.setup())));
    }
    for (String table : List.of(ACTIVATIONS, SCAN_REJECTS)) {
      if (isMade(table)) {
        context.made(table, copy(table));
      }
    }
    if (isMade(PositionTables.COUNTS)) {
      context.step("positions", this::positions);
    }
    Map<String, Object> counters = new LinkedHashMap<>();
    parents.forEach(
        parent ->
            parent
                .scanCounts()
                .forEach(
                    (name, value) -> counters.merge(name, value, (a, b) -> (Long) a + (Long) b)));
    return new StageResult(context.made(), Map.of(), counters, skipped());
  }

  private boolean isMade(String table) {
    return parents.get(0).tables().containsKey(table);
  }

  private void refuseCommonDocuments() {
    Dataset<Row> documents = null;
    for (int i = 0; i < parents.size(); i++) {
      Parent parent = parents.get(i);
      Dataset<Row> ofParent =
          rows(parent, SEQUENCES)
              .filter(col("ordinal").equalTo(0))
              .select(col("document_id"), lit(parent.run().runId()).as("run"));
      documents = documents == null ? ofParent : documents.union(ofParent);
    }
    List<Row> common =
        documents
            .groupBy("document_id")
            .agg(count("run").as("runs"), min("run").as("run"))
            .filter(col("runs").gt(1))
            .orderBy("document_id")
            .limit(NAMED_DOCUMENTS)
            .collectAsList();
    if (!common.isEmpty()) {
      throw CensusException.configuration(
          "The runs have documents in common, such as %s, which would count twice: combine runs over different documents"
              .formatted(
                  String.join(
                      ", ", common.stream().map(document -> document.getString(0)).toList())));
    }
  }

  private Dataset<Row> rows(Parent parent, String table) {
    String[] paths =
        parent.files(table).stream()
            .map(file -> parent.path(table, file.name()))
            .toArray(String[]::new);
    return context.session().read().parquet(paths);
  }

  /** Copies of the files of all parents, in their order. */
  private List<TableFile> copy(String table) {
    List<Piece> pieces = new ArrayList<>();
    for (Parent parent : parents) {
      for (TableFile file : parent.files(table)) {
        pieces.add(
            new Piece(
                pieces.size(),
                table,
                parent.path(table, file.name()),
                parent.run().firstSequenceId()));
      }
    }
    return context.tasks(
        PartWork.of(table, pieces, Piece::number, Piece::path),
        new CopyRows(context.setup()),
        TableFile.class);
  }

  private PartWork<SameRange> ranges(String table) {
    return PartWork.of(table, SameRange.of(parents, table), SameRange::number, SameRange::text);
  }

  /** The shards of all parents, their files under the names of their copies. */
  private ShardPlan plan(List<TableFile> copies) {
    Map<String, String> names = new LinkedHashMap<>();
    int next = 0;
    for (Parent parent : parents) {
      for (TableFile file : parent.files(SEQUENCES)) {
        names.put(parent.path(SEQUENCES, file.name()), copies.get(next++).name());
      }
    }
    List<Shard> shards = new ArrayList<>();
    for (Parent parent : parents) {
      for (Shard shard : parent.plan().shards()) {
        shards.add(
            new Shard(
                parent.firstShard() + shard.index(),
                parent.run().firstSequenceId() + shard.firstSequenceId(),
                shard.sequences(),
                shard.tokens(),
                shard.files().stream()
                    .map(file -> names.get(parent.path(SEQUENCES, file)))
                    .toList()));
      }
    }
    return new ShardPlan(shards);
  }

  /** From the numbers of all parents the tables that are computed from them. */
  private void positions() {
    int neurons = context.model().architecture().intermediate();
    Map<Integer, byte[]> layers = new TreeMap<>();
    Map<Integer, List<Row>> byLayer = new TreeMap<>();
    for (Parent parent : parents) {
      for (Row row : rows(parent, PositionTables.COUNTS).collectAsList()) {
        byLayer.computeIfAbsent(row.getAs("layer"), layer -> new ArrayList<>()).add(row);
      }
    }
    byLayer.forEach(
        (layer, rows) ->
            layers.put(
                layer,
                PositionAnalysis.ofCounts(
                    neurons,
                    sink ->
                        rows.forEach(
                            row ->
                                sink.accept(
                                    row.getAs("quantity"),
                                    row.<Integer>getAs("bin"),
                                    row.<Long>getAs("count"))))));
    new PositionTables(
            context.setup().staging(),
            context.config(),
            context.setup().folder().runId(),
            context.setup().modelPath(),
            context.model().architecture())
        .write(layers)
        .forEach(context::made);
  }

  private List<SkippedShard> skipped() {
    List<SkippedShard> skipped = new ArrayList<>();
    for (Parent parent : parents) {
      parent.skipped().forEach(shard -> skipped.add(shard.shifted(parent.firstShard())));
    }
    return skipped;
  }
}
