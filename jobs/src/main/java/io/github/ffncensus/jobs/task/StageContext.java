package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.SkippedShard;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The driver's side of a stage that works in parts: what was published before it, what its parts
 * have made so far, and how they run their tasks.
 */
public final class StageContext {
  private final String stage;
  private final SparkSession session;
  private final JavaSparkContext spark;
  private final ModelFolder model;
  private final ShardPlan plan;
  private final Map<String, List<TableFile>> published;
  private final Map<String, List<TableFile>> made = new LinkedHashMap<>();
  private final Map<String, Object> notes = new LinkedHashMap<>();
  private final Progress progress;
  private final SkipList skips;
  private final List<SkippedShard> skipped = new ArrayList<>();
  private final TaskSetup setup;

  /**
   * @param plan the shards that the run reads; null for a stage that reads no corpus, of a run that
   *     has none
   * @param published files by table, as the manifest lists them
   * @param skips pieces of the stage's parts that are not to be computed
   */
  public StageContext(
      CensusConfig.Stage stage,
      SparkSession session,
      CensusConfig config,
      RunFolder folder,
      ModelFolder model,
      ShardPlan plan,
      Map<String, List<TableFile>> published,
      SkipList skips,
      Progress progress) {
    this.stage = stage.word();
    this.session = session;
    this.spark = new JavaSparkContext(session.sparkContext());
    this.model = model;
    this.plan = plan;
    this.published = published;
    this.skips = skips;
    this.progress = progress;
    this.setup =
        new TaskSetup(
            Staging.open(spark, folder.staging(stage.word())),
            config,
            folder,
            model.path().toAbsolutePath().toString(),
            model.weightsSha256());
  }

  public SparkSession session() {
    return session;
  }

  public JavaSparkContext spark() {
    return spark;
  }

  public ModelFolder model() {
    return model;
  }

  public ShardPlan plan() {
    return plan;
  }

  /** What tasks take along. */
  public TaskSetup setup() {
    return setup;
  }

  public CensusConfig config() {
    return setup.config();
  }

  /** Files of a table that an earlier stage published; none if it did not make the table. */
  public List<TableFile> published(String table) {
    return published.getOrDefault(table, List.of());
  }

  /** Keeps what a part has made, for the parts after it and for publication. */
  public void made(String table, List<TableFile> files) {
    made.put(table, files.isEmpty() ? List.of(emptyFile(table)) : files);
  }

  private TableFile emptyFile(String table) {
    return EmptyTable.write(
        spark.hadoopConfiguration(), setup.folder().staging(stage), table, setup.folder().runId());
  }

  public Map<String, List<TableFile>> made() {
    return made;
  }

  /** The pieces of parts that were skipped. */
  public List<SkippedShard> skipped() {
    return skipped;
  }

  /** Keeps something about the stage that the manifest is to tell; of what JSON can hold. */
  public void note(String key, Object value) {
    notes.put(key, value);
  }

  public Map<String, Object> notes() {
    return notes;
  }

  /** Whether a table has rows: a part that found nothing to write has left an empty file. */
  public boolean has(String table) {
    return made.getOrDefault(table, published(table)).stream().anyMatch(file -> file.rows() > 0);
  }

  /** The rows of a table of an earlier stage or part. */
  public Dataset<Row> rows(String table) {
    Path folder =
        made.containsKey(table)
            ? new Path(setup.folder().staging(stage), table)
            : setup.folder().table(table);
    List<TableFile> files = made.containsKey(table) ? made.get(table) : published(table);
    String[] paths =
        files.stream().map(file -> new Path(folder, file.name()).toString()).toArray(String[]::new);
    return session.read().parquet(paths);
  }

  /**
   * Runs a task per piece of work. What a finished task left is recorded and found again by the
   * next attempt at the run.
   *
   * @param task leaves its files in staging
   * @return all files
   */
  public <W extends Serializable> List<TableFile> run(
      PartWork<W> work, Function<W, ArrayList<TableFile>> task) {
    return tasks(work, piece -> new Files(task.call(piece)), Files.class).stream()
        .flatMap(done -> done.files().stream())
        .toList();
  }

  /**
   * As {@link #run}, for tasks that tell more than the files of one table.
   *
   * @param type a record of what can be written as JSON
   * @return what each task told, in the order of the pieces, without those that are skipped
   */
  public <W extends Serializable, R extends Serializable> List<R> tasks(
      PartWork<W> work, Function<W, R> task, Class<R> type) {
    return recorded(
        work, type, (missing, onDone) -> PieceTasks.run(spark, work.part(), missing, task, onDone));
  }

  /** The shards of the corpus that the run reads, as the work of a part. */
  public PartWork<Shard> corpusShards(String part) {
    return PartWork.ofCorpus(part, plan.shards(), this::contents);
  }

  private String contents(Shard shard) {
    return ShardContents.read(spark.hadoopConfiguration(), setup.folder(), shard).text();
  }

  /**
   * As {@link #tasks}, where the work lies in the rows of a dataset: a task per group of rows.
   *
   * @param column of the group's number, an INT
   * @return the files of all groups, by table
   */
  public Map<String, List<TableFile>> groups(
      PartWork<Integer> groups, Dataset<Row> rows, String column, GroupTask task) {
    Contained contained = PieceTasks.contained(spark, groups.part());
    List<GroupFiles> results =
        recorded(
            groups,
            GroupFiles.class,
            (missing, onDone) ->
                PieceTasks.run(
                    spark,
                    List.copyOf(missing.keySet()),
                    numbers ->
                        GpuStages.on(
                            GroupedRows.map(
                                rows,
                                column,
                                numbers,
                                (group, ofGroup) ->
                                    contained.run(group, () -> task.call(group, ofGroup))),
                            task),
                    onDone));
    Map<String, List<TableFile>> tables = new LinkedHashMap<>();
    for (GroupFiles result : results) {
      result
          .tables()
          .forEach(
              (table, files) ->
                  tables.computeIfAbsent(table, name -> new ArrayList<>()).addAll(files));
    }
    return tables;
  }

  /** Runs pieces; returns why some of them failed. */
  @FunctionalInterface
  private interface Runner<W extends Serializable, R extends Serializable> {
    Map<Integer, String> run(TreeMap<Integer, W> missing, BiConsumer<Integer, R> onDone);
  }

  /** Finds the results of finished tasks, and runs the others but for those to skip. */
  private <W extends Serializable, R extends Serializable> List<R> recorded(
      PartWork<W> work, Class<R> type, Runner<W, R> runner) {
    TreeMap<Integer, W> pieces = new TreeMap<>(work.pieces());
    // Shards of the corpus that are skipped are not in the plan.
    Set<Integer> left = work.ofCorpus() ? Set.of() : skips.of(work.part(), work.pieces().keySet());
    for (int number : left) {
      W piece = pieces.remove(number);
      skipped.add(SkippedShard.of(stage, work.part(), number, work.holds().apply(piece)));
    }
    TaskRecords<R> records = records(work.part(), type);
    TreeMap<Integer, R> results = new TreeMap<>(records.find(pieces.keySet()));
    TreeMap<Integer, W> missing = new TreeMap<>(pieces);
    missing.keySet().removeAll(results.keySet());
    progress.stage(work.part(), pieces.size(), "tasks");
    progress.advance(results.size(), 0);
    Map<Integer, String> failures =
        runner.run(
            missing,
            (number, told) -> {
              records.write(number, told);
              results.put(number, told);
              progress.advance(1, 0);
            });
    progress.finish();
    if (!failures.isEmpty()) {
      throw FailedPieces.exception(stage, work, failures);
    }
    return List.copyOf(results.values());
  }

  /** The one file of a table that the driver itself writes. */
  public <T> ParquetTableWriter<T> create(String table, RowEncoder<T> encoder) throws IOException {
    String name = "part-00000-%s.parquet".formatted(setup.staging().driver());
    return ParquetTableWriter.create(
        setup.hadoop(), setup.staging().file(table, name), table, setup.folder().runId(), encoder);
  }

  /**
   * Runs a part that records no tasks of its own: as a whole, unless an earlier attempt at the run
   * has finished it.
   *
   * @param work tells {@link #made} what it has made
   */
  public void step(String part, Runnable work) {
    TaskRecords<Tables> records = records(part, Tables.class);
    progress.stage(part, 1, "tables");
    Tables finished = records.find(Set.of(0)).get(0);
    if (finished != null) {
      made.putAll(finished.tables());
    } else {
      Set<String> before = Set.copyOf(made.keySet());
      work.run();
      Map<String, List<TableFile>> tables = new LinkedHashMap<>(made);
      tables.keySet().removeAll(before);
      records.write(0, new Tables(tables));
    }
    progress.advance(1, 0);
    progress.finish();
  }

  private <R> TaskRecords<R> records(String part, Class<R> type) {
    return TaskRecords.open(
        spark.hadoopConfiguration(),
        new Path(setup.folder().staging(stage), "tasks-" + part),
        type);
  }

  /** What a successful attempt at a task left in staging. */
  record Files(ArrayList<TableFile> files) implements Serializable {}

  /** What a part that ran as a whole left in staging, by table. */
  record Tables(Map<String, List<TableFile>> tables) {}
}
