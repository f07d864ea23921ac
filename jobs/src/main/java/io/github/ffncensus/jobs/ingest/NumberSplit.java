package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.ingest.NumberedSplit.ShardFile;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.table.RejectRow;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.Function;

/** Task: gives a split's sequences their ids and writes the table files, one or more per shard. */
final class NumberSplit implements Function<NumberSplit.Work, NumberedSplit> {
  private final IngestContext context;
  private final long totalTokens;
  private final long shards;

  /**
   * @param duplicates null if there are none
   * @param firstSequenceId sequences in earlier splits
   * @param firstToken tokens in earlier splits
   */
  record Work(StagedSplit staged, String duplicates, long firstSequenceId, long firstToken)
      implements Serializable {}

  NumberSplit(IngestContext context, long totalTokens, long shards) {
    this.context = context;
    this.totalTokens = totalTokens;
    this.shards = shards;
  }

  @Override
  public NumberedSplit call(Work work) throws IOException {
    Path staged = context.staging().file(IngestContext.TOKENIZED, work.staged().file());
    try (ParquetTableReader reader = ParquetTableReader.open(context.staging().hadoop(), staged);
        Duplicates duplicates = new Duplicates(context, work.duplicates());
        Attempt attempt = new Attempt(work)) {
      for (TableRow row = reader.next(); row != null; row = reader.next()) {
        StagedRow next = StagedRow.decode(row);
        if (next.reason() != null) {
          attempt.reject(next, next.reason(), next.detail());
        } else if (!duplicates.contains(next.document())) {
          attempt.write(next);
        } else if (next.ordinal() == 0) {
          attempt.reject(
              next, RejectReason.DUPLICATE_ID, "an earlier document of the corpus has this id");
        }
      }
      return attempt.finish();
    }
  }

  /** The numbers of a split's duplicates; asked in ascending order. */
  private static final class Duplicates implements AutoCloseable {
    private final DataInputStream in;
    private long next = -1;

    Duplicates(IngestContext context, String name) throws IOException {
      if (name == null) {
        in = null;
        next = Long.MAX_VALUE;
      } else {
        Path file = context.staging().file(IngestContext.DUPLICATES, name);
        in =
            new DataInputStream(
                new BufferedInputStream(file.getFileSystem(context.staging().hadoop()).open(file)));
      }
    }

    boolean contains(long document) throws IOException {
      while (next < document) {
        try {
          next = in.readLong();
        } catch (EOFException e) {
          next = Long.MAX_VALUE;
        }
      }
      return next == document;
    }

    @Override
    public void close() throws IOException {
      if (in != null) {
        in.close();
      }
    }
  }

  private final class Attempt implements AutoCloseable {
    private final StagedSplit split;
    private final ShardBounds bounds;
    private final List<ShardFile> files = new ArrayList<>();
    private final Tally tally = new Tally();
    private ParquetTableWriter<SequenceRow> sequences;
    private ParquetTableWriter<RejectRow> rejects;
    private long shard = -1;
    private long shardFirstId;
    private long shardFirstToken;
    private long nextId;
    private long tokensBefore;

    Attempt(Work work) {
      this.split = work.staged();
      this.nextId = work.firstSequenceId();
      this.tokensBefore = work.firstToken();
      this.bounds = ShardBounds.from(totalTokens, shards, tokensBefore);
    }

    void write(StagedRow row) throws IOException {
      long itsShard = bounds.shardOf(tokensBefore);
      if (itsShard != shard) {
        finishShard();
        shard = itsShard;
        shardFirstId = nextId;
        shardFirstToken = tokensBefore;
        String name =
            "part-%05d-%05d-%s.parquet".formatted(shard, index(), context.staging().attempt());
        sequences =
            ParquetTableWriter.create(
                context.staging().hadoop(),
                context.staging().file("sequences", name),
                "sequences",
                context.runId(),
                SequenceRow.ENCODER);
      }
      sequences.write(
          new SequenceRow(
              nextId,
              split.documentId(row.chunk(), row.unit(), row.documentId()),
              row.ordinal(),
              row.text(),
              row.tokens().ids(),
              row.tokens().starts(),
              row.tokens().ends()));
      nextId++;
      tokensBefore += row.tokens().ids().length;
      tally.addUsed(row.ordinal() == 0 ? 1 : 0, 1, row.tokens().ids().length);
    }

    void reject(StagedRow row, RejectReason reason, String detail) throws IOException {
      if (rejects == null) {
        String name = "part-%05d-%s.parquet".formatted(index(), context.staging().attempt());
        rejects =
            ParquetTableWriter.create(
                context.staging().hadoop(),
                context.staging().file("rejects", name),
                "rejects",
                context.runId(),
                RejectRow.ENCODER);
      }
      rejects.write(
          new RejectRow(
              split.split().chunks().get(row.chunk()).path(),
              split.documentId(row.chunk(), row.unit(), row.documentId()),
              reason.key(),
              place(row) + detail));
      tally.addRejected(reason, 1);
    }

    private String place(StagedRow row) {
      if (!split.hasUnits()) {
        return "";
      }
      String unit =
          switch (context.config().corpus().format()) {
            case PARQUET -> "row ";
            case TEXT, JSONL -> "line ";
          };
      return unit + split.number(row.chunk(), row.unit()) + ": ";
    }

    NumberedSplit finish() throws IOException {
      finishShard();
      TableFile rejectFile = rejects == null ? null : rejects.finish();
      return new NumberedSplit(files, rejectFile, tally);
    }

    private void finishShard() throws IOException {
      if (sequences != null) {
        long tokens = tokensBefore - shardFirstToken;
        files.add(new ShardFile(shard, sequences.finish(), shardFirstId, tokens));
        sequences = null;
      }
    }

    private int index() {
      return split.split().index();
    }

    @Override
    public void close() throws IOException {
      if (sequences != null) {
        sequences.close();
      }
      if (rejects != null) {
        rejects.close();
      }
    }
  }
}
