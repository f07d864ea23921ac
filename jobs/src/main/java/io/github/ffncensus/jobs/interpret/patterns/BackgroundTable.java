package io.github.ffncensus.jobs.interpret.patterns;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.config.PatternsConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Table {@code background_prefixes}: the positions of the corpus with the smallest hashes, which
 * are the same however it is sharded. Shards offer those below a bound that a few more than wanted
 * are expected to fall under; the texts of the corpus stay where they are.
 */
final class BackgroundTable {

  /** A position with its hash. */
  static final StructType CANDIDATE =
      StructType.fromDDL(
          "hash BIGINT, sequence_id BIGINT, position INT, document_id STRING, prefix STRING,"
              + " token_id INT, token STRING, next_token_id INT, next_token STRING");

  private static final String ORDER = "sequence_id";

  private BackgroundTable() {}

  static void write(StageContext context) {
    PatternsConfig config = context.config().interpret().patterns();
    int minPosition = context.config().scan().triggerPrefixes().minPosition();
    ShardPlan plan = context.plan();
    int special = specialTokens(context);
    long eligible = plan.tokens() - plan.sequences() * (special + minPosition - 1L);
    double share = shareToOffer(config.background(), eligible);
    Dataset<Row> candidates =
        context
            .session()
            .createDataset(
                context
                    .spark()
                    .parallelize(plan.shards(), Math.max(1, plan.shards().size()))
                    .flatMap(new SamplePrefixes(context.setup(), config.seed(), minPosition, share))
                    .rdd(),
                Encoders.row(CANDIDATE));
    List<TableFile> files =
        candidates
            .orderBy(col("hash"), col(ORDER), col("position"))
            .limit(config.background())
            .coalesce(1)
            .sortWithinPartitions(ORDER, "position")
            .javaRDD()
            .mapPartitions(new Write(context.setup()))
            .collect();
    long rows = files.stream().mapToLong(TableFile::rows).sum();
    if (rows < config.background() && share < 1) {
      throw new IllegalStateException(
          "%,d prefixes sampled of %,d or more".formatted(rows, eligible));
    }
    context.made(PatternTables.BACKGROUND, files);
  }

  /** Enough that a shortage is out of the question, by ten standard deviations. */
  private static double shareToOffer(int wanted, long eligible) {
    double offered = wanted + 10 * Math.sqrt(wanted);
    return offered >= eligible ? 1 : offered / eligible;
  }

  /** Tokens that the tokenizer adds are as many in every sequence. */
  private static int specialTokens(StageContext context) {
    List<Integer> starts =
        context.rows("sequences").select("token_starts").first().<Integer>getList(0);
    return (int) starts.stream().filter(start -> start < 0).count();
  }

  /** Task: the one file of the table; a corpus without tokens gives none. */
  private static final class Write implements FlatMapFunction<Iterator<Row>, TableFile> {
    private static final long serialVersionUID = 1L;

    private final TaskSetup setup;

    Write(TaskSetup setup) {
      this.setup = setup;
    }

    @Override
    public Iterator<TableFile> call(Iterator<Row> rows) throws IOException {
      try (ParquetTableWriter<Row> writer =
          setup.create(PatternTables.BACKGROUND, 0, Write::encode)) {
        while (rows.hasNext()) {
          writer.write(rows.next());
        }
        return List.of(writer.finish()).iterator();
      }
    }

    private static void encode(Row row, RowWriter out) {
      out.longValue("sequence_id", row.getLong(1));
      out.intValue("position", row.getInt(2));
      out.string("document_id", row.getString(3));
      out.string("prefix", row.getString(4));
      out.intValue("token_id", row.getInt(5));
      out.string("token", row.getString(6));
      if (!row.isNullAt(7)) {
        out.intValue("next_token_id", row.getInt(7));
        out.string("next_token", row.getString(8));
      }
    }
  }
}
