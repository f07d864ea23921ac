package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.ingest.NumberedSplit.ShardFile;
import io.github.ffncensus.jobs.run.InheritedPermissions;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.task.PartitionTasks;
import io.github.ffncensus.jobs.task.Staging;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.table.RejectRow;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Reads the corpus and stages the files of {@code sequences} and {@code rejects}, each in a folder
 * of that name in the run's staging folder of the ingest, and writes the shard plan. Publishing the
 * files is left to the caller.
 *
 * <p>There are two passes over splits. The first reads, cuts and tokenizes into staging files; then
 * the counts of all splits, and the documents whose id is taken, are known. The second numbers the
 * sequences in corpus order and writes the files of the shards. The rows and their order follow
 * from corpus, model and configuration alone; the driver holds a few numbers per split.
 */
public final class IngestJob {
  private final SparkSession spark;
  private final JavaSparkContext tasks;
  private final CensusConfig config;
  private final RunFolder folder;
  private final ModelFolder model;
  private final Progress progress;
  private final Configuration hadoop;
  private final Path staging;

  public IngestJob(
      SparkSession spark,
      CensusConfig config,
      RunFolder folder,
      ModelFolder model,
      Progress progress) {
    this.spark = spark;
    this.tasks = JavaSparkContext.fromSparkContext(spark.sparkContext());
    this.config = config;
    this.folder = folder;
    this.model = model;
    this.progress = progress;
    this.hadoop = spark.sparkContext().hadoopConfiguration();
    this.staging = folder.staging("ingest");
  }

  /**
   * Reads everything anew, whatever an earlier attempt left behind.
   *
   * @throws CensusException of kind INPUT if the corpus cannot be read or gives no sequence, or if
   *     more of it is rejected than configured
   */
  public IngestResult run() {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(model.path())) {
      tokenizer.requireFits(model.vocabularySize());
    }
    List<CorpusInput> files = CorpusInputs.list(hadoop, "corpus.input", config.corpus().input());
    List<Split> splits = SplitPlanner.plan(files, config);
    deleteStaging();
    IngestContext context = context();

    progress.stage("ingest: read", splits.size(), "splits");
    List<TokenizedSplit> tokenized =
        PartitionTasks.run(
            tasks,
            splits,
            new TokenizeSplit(context),
            TokenizedSplit.class,
            split -> progress.advance(1, split.tally().tokens()));
    progress.finish();
    checkRead(files, tokenized);

    List<StagedSplit> staged = staged(splits, tokenized);
    boolean ownIds = tokenized.stream().anyMatch(split -> split.documentsWithId() > 0);
    Map<Integer, SplitDuplicates> duplicates =
        ownIds ? DuplicateFinder.find(spark, context, staged) : Map.of();
    List<NumberedSplit> numbered = number(context, staged, tokenized, duplicates);
    Tally tally = new Tally();
    numbered.forEach(split -> tally.add(split.tally()));
    checkUsable(tally);
    return result(files, tally, numbered);
  }

  private IngestContext context() {
    return new IngestContext(
        Staging.open(tasks, staging),
        config,
        folder.runId(),
        model.path().toAbsolutePath().toString(),
        model.maxSequenceTokens(),
        model.vocabularySize());
  }

  private void deleteStaging() {
    try {
      staging.getFileSystem(hadoop).delete(staging, true);
    } catch (IOException e) {
      throw CensusException.runFailed(staging + " cannot be deleted: " + e.getMessage(), e);
    }
  }

  private void checkRead(List<CorpusInput> files, List<TokenizedSplit> tokenized) {
    Tally tally = new Tally();
    tokenized.forEach(split -> tally.add(split.tally()));
    if (tally.documents() == 0) {
      throw CensusException.input(
          "the corpus is empty: there is no document in the "
              + files.size()
              + " files of corpus.input = "
              + config.corpus().input());
    }
    if (tally.rejected(RejectReason.MISSING_FIELD) == tally.documents()) {
      throw CensusException.input(
          "none of the "
              + tally.documents()
              + " documents of corpus.input = "
              + config.corpus().input()
              + ", the first in "
              + files.get(0).path()
              + ", has the field "
              + config.corpus().textField()
              + " as text; set corpus.text-field to the one that holds the text");
    }
  }

  /** Joins splits with what is in files before them, so that lines can be numbered. */
  private List<StagedSplit> staged(List<Split> splits, List<TokenizedSplit> tokenized) {
    List<StagedSplit> staged = new ArrayList<>(splits.size());
    String path = null;
    long units = 0;
    for (int i = 0; i < splits.size(); i++) {
      Split split = splits.get(i);
      long[] chunkUnits = tokenized.get(i).chunkUnits();
      for (int chunk = 0; chunk < chunkUnits.length; chunk++) {
        String next = split.chunks().get(chunk).path();
        units = next.equals(path) ? units : 0;
        path = next;
        if (chunk == 0) {
          staged.add(
              new StagedSplit(
                  split, tokenized.get(i).file(), units, SplitPlanner.hasUnits(config.corpus())));
        }
        units += chunkUnits[chunk];
      }
    }
    return staged;
  }

  private List<NumberedSplit> number(
      IngestContext context,
      List<StagedSplit> staged,
      List<TokenizedSplit> tokenized,
      Map<Integer, SplitDuplicates> duplicates) {
    List<NumberSplit.Work> work = new ArrayList<>(staged.size());
    long sequences = 0;
    long tokens = 0;
    for (int i = 0; i < staged.size(); i++) {
      SplitDuplicates taken = duplicates.getOrDefault(i, new SplitDuplicates(i, null, 0, 0, 0));
      work.add(new NumberSplit.Work(staged.get(i), taken.file(), sequences, tokens));
      sequences += tokenized.get(i).tally().sequences() - taken.sequences();
      tokens += tokenized.get(i).tally().tokens() - taken.tokens();
    }
    long shards = ShardBounds.count(tokens, config.ingest().shardTokens());
    progress.stage("ingest: write", work.size(), "splits");
    List<NumberedSplit> numbered =
        PartitionTasks.run(
            tasks,
            work,
            new NumberSplit(context, tokens, shards),
            NumberedSplit.class,
            split -> progress.advance(1, split.tally().tokens()));
    progress.finish();
    return numbered;
  }

  private void checkUsable(Tally tally) {
    double fraction = (double) tally.documentsInRejects() / tally.documents();
    double allowed = config.corpus().maxRejectedFraction();
    String problem;
    if (tally.sequences() == 0) {
      problem = "no document of the corpus can be used";
    } else if (fraction > allowed) {
      problem = "more documents are rejected than corpus.max-rejected-fraction = " + allowed;
    } else {
      return;
    }
    throw CensusException.input(
        problem
            + ": of "
            + tally.documents()
            + " documents "
            + tally.reasons()
            + ". Look at them with SQL, for example in DuckDB: SELECT * FROM '"
            + new Path(staging, "rejects")
            + "/*.parquet'");
  }

  private IngestResult result(List<CorpusInput> files, Tally tally, List<NumberedSplit> numbered) {
    List<TableFile> sequences = new ArrayList<>();
    List<TableFile> rejects = new ArrayList<>();
    for (NumberedSplit split : numbered) {
      split.sequences().forEach(file -> sequences.add(file.file()));
      if (split.rejects() != null) {
        rejects.add(split.rejects());
      }
    }
    if (rejects.isEmpty()) {
      rejects.add(emptyRejects());
    }
    ShardPlan plan = plan(numbered);
    plan.write(hadoop, folder.shardPlan());
    return new IngestResult(
        files,
        tally.documents(),
        tally.documentsInSequences(),
        tally.documentsInRejects(),
        tally.sequences(),
        tally.tokens(),
        sequences,
        rejects,
        plan);
  }

  /** A table that no file is in cannot be queried. */
  private TableFile emptyRejects() {
    Path parent = new Path(staging, "rejects");
    InheritedPermissions.folder(hadoop, parent);
    Path file = new Path(parent, "part-empty.parquet");
    try (ParquetTableWriter<RejectRow> writer =
        ParquetTableWriter.create(hadoop, file, "rejects", folder.runId(), RejectRow.ENCODER)) {
      return writer.finish();
    } catch (IOException e) {
      throw CensusException.runFailed(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /** The shards that have sequences; one longer than a shard leaves the next ones without. */
  private static ShardPlan plan(List<NumberedSplit> numbered) {
    Map<Long, List<ShardFile>> byShard = new TreeMap<>();
    for (NumberedSplit split : numbered) {
      for (ShardFile file : split.sequences()) {
        byShard.computeIfAbsent(file.shard(), shard -> new ArrayList<>()).add(file);
      }
    }
    List<ShardPlan.Shard> shards = new ArrayList<>(byShard.size());
    for (List<ShardFile> files : byShard.values()) {
      shards.add(
          new ShardPlan.Shard(
              shards.size(),
              files.get(0).firstSequenceId(),
              files.stream().mapToLong(file -> file.file().rows()).sum(),
              files.stream().mapToLong(ShardFile::tokens).sum(),
              files.stream().map(file -> file.file().name()).toList()));
    }
    return new ShardPlan(shards);
  }
}
