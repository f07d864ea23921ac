package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.run.RunFolder;
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
  private final Progress progress;
  private final TaskSetup setup;

  /**
   * @param plan null for a stage that reads no corpus, of a run that has none
   * @param published files by table, as the manifest lists them
   */
  public StageContext(
      CensusConfig.Stage stage,
      SparkSession session,
      CensusConfig config,
      RunFolder folder,
      ModelFolder model,
      ShardPlan plan,
      Map<String, List<TableFile>> published,
      Progress progress) {
    this.stage = stage.word();
    this.session = session;
    this.spark = new JavaSparkContext(session.sparkContext());
    this.model = model;
    this.plan = plan;
    this.published = published;
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
   * next attempt at the run, so the list of work must be a function of the run.
   *
   * @param part name of the part and of its records
   * @param task leaves its files in staging
   * @return all files
   */
  public <W extends Serializable> List<TableFile> run(
      String part, List<W> work, Function<W, ArrayList<TableFile>> task) {
    return runForTables(part, work, piece -> new TreeMap<>(Map.of(part, task.call(piece))))
        .getOrDefault(part, List.of());
  }

  /** Like {@code run}, for tasks that leave files of several tables: all files by table. */
  public <W extends Serializable> Map<String, List<TableFile>> runForTables(
      String part, List<W> work, Function<W, TreeMap<String, ArrayList<TableFile>>> task) {
    TaskRecords<Done> records = records(part, Done.class);
    List<Done> done = new ArrayList<>();
    List<Piece<W>> missing = new ArrayList<>();
    for (int i = 0; i < work.size(); i++) {
      Piece<W> piece = new Piece<>(i, work.get(i));
      records.find(i).ifPresentOrElse(done::add, () -> missing.add(piece));
    }
    progress.stage(part, work.size(), "tasks");
    progress.advance(done.size(), 0);
    done.addAll(
        PartitionTasks.run(
            spark,
            missing,
            piece -> new Done(piece.number(), task.call(piece.work())),
            Done.class,
            result -> {
              records.write(result.number(), result);
              progress.advance(1, 0);
            }));
    progress.finish();
    Map<String, List<TableFile>> all = new TreeMap<>();
    for (Done finished : done) {
      finished
          .files()
          .forEach(
              (table, files) ->
                  all.computeIfAbsent(table, none -> new ArrayList<>()).addAll(files));
    }
    return all;
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
    records
        .find(0)
        .ifPresentOrElse(
            finished -> made.putAll(finished.tables()),
            () -> {
              Set<String> before = Set.copyOf(made.keySet());
              work.run();
              Map<String, List<TableFile>> tables = new LinkedHashMap<>(made);
              tables.keySet().removeAll(before);
              records.write(0, new Tables(tables));
            });
    progress.advance(1, 0);
    progress.finish();
  }

  private <R> TaskRecords<R> records(String part, Class<R> type) {
    return TaskRecords.open(
        spark.hadoopConfiguration(),
        new Path(setup.folder().staging(stage), "tasks-" + part),
        type);
  }

  private record Piece<W extends Serializable>(int number, W work) implements Serializable {}

  /** What a successful attempt at a task left in staging, by table. */
  record Done(int number, TreeMap<String, ArrayList<TableFile>> files) implements Serializable {}

  /** What a part that ran as a whole left in staging, by table. */
  record Tables(Map<String, List<TableFile>> tables) {}
}
