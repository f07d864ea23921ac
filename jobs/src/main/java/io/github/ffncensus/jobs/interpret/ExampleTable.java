package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.interpret.SequenceSample;
import io.github.ffncensus.jobs.config.ExamplesConfig;
import io.github.ffncensus.jobs.task.GpuStages;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.WriteRows;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Table {@code activation_examples}: positions from all over the range of each neuron's
 * coefficient. Pieces of a sample of the corpus go through the model once more; what is drawn in
 * each of them is drawn from again for all.
 */
final class ExampleTable {
  static final String TABLE = "activation_examples";

  /** Sequences that one task reads. */
  private static final int TOGETHER = 1024;

  /** What was drawn in a piece; {@code seen} positions of the piece lie in the band. */
  static final StructType CANDIDATE =
      StructType.fromDDL(
          "block INT, layer INT, neuron INT, band INT, key BIGINT, coefficient FLOAT,"
              + " sequence_id BIGINT, position INT, piece INT, seen BIGINT");

  /** What was drawn in the end, on its way to its text. */
  static final StructType DRAWN =
      StructType.fromDDL(
          "shard INT, layer INT, neuron INT, band INT, example INT, coefficient FLOAT,"
              + " sequence_id BIGINT, position INT, positions_in_band BIGINT");

  /** A row of the table, with the order of its band. */
  static final StructType EXAMPLE =
      StructType.fromDDL(
          "layer INT, neuron INT, band_order INT, band STRING, example INT, coefficient FLOAT,"
              + " sequence_id BIGINT, position INT, document_id STRING, prefix STRING,"
              + " token_id INT, token STRING, next_token_id INT, next_token STRING,"
              + " positions_in_band BIGINT");

  private ExampleTable() {}

  static void write(StageContext context) {
    ExamplesConfig config = context.config().interpret().examples();
    List<SampledSequences> pieces =
        SampledSequences.of(
            context, new SequenceSample(config.sequences(), config.seed()), TOGETHER);
    int layers = context.model().architecture().layers();
    Dataset<Row> drawn =
        candidates(context, pieces)
            .repartition(partitions(context, layers), col("layer"), col("block"))
            .sortWithinPartitions("layer", "neuron", "band", "key")
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>)
                    new DrawExamples(config.perBand(), context.plan()),
                Encoders.row(DRAWN));
    Dataset<Row> examples =
        drawn
            .repartition(partitions(context, context.plan().shards().size()), col("shard"))
            .sortWithinPartitions("shard", "sequence_id")
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>)
                    new LookUpExamples(context.setup(), context.plan()),
                Encoders.row(EXAMPLE))
            .repartition(partitions(context, layers), col("layer"))
            .sortWithinPartitions("layer", "neuron", "band_order", "example");
    context.made(TABLE, WriteRows.write(context, TABLE, examples));
  }

  private static Dataset<Row> candidates(StageContext context, List<SampledSequences> pieces) {
    FindExamples task =
        new FindExamples(context.setup(), context.plan(), context.published(NeuronQuantiles.TABLE));
    return context
        .session()
        .createDataset(
            GpuStages.withGpus(
                    context.spark().parallelize(pieces, Math.max(1, pieces.size())).flatMap(task))
                .rdd(),
            Encoders.row(CANDIDATE));
  }

  /** One partition per piece, but no more than keeps the cluster busy several times over. */
  private static int partitions(StageContext context, int pieces) {
    return Math.max(1, Math.min(pieces, 8 * context.spark().defaultParallelism()));
  }
}
