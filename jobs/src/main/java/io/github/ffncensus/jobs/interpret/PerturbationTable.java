package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.interpret.perturbations.NeuronSample;
import io.github.ffncensus.interpret.perturbations.PerturbationSummary;
import io.github.ffncensus.interpret.perturbations.Removal;
import io.github.ffncensus.jobs.config.CensusConfig.Perturbations;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.task.ChosenNeurons;
import io.github.ffncensus.jobs.task.GpuStages;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Tables {@code trigger_perturbations} and {@code perturbation_summary}: the winners of a sample of
 * neurons go to where their sequences are read, are perturbed there, and come back as one file per
 * layer.
 */
final class PerturbationTable {
  static final String TABLE = "trigger_perturbations";
  static final String SUMMARY = "perturbation_summary";

  /** Consecutive sequences whose winners are run together; a block is in one shard. */
  static final int BLOCK_SEQUENCES = 8192;

  /** A winner on its way to its sequence. */
  static final StructType WINNER =
      StructType.fromDDL(
          "shard INT, block INT, layer INT, neuron INT, rank INT, coefficient FLOAT,"
              + " sequence_id BIGINT, position INT");

  /** A row of the table. */
  static final StructType PERTURBATION =
      StructType.fromDDL(
          "layer INT, neuron INT, rank INT, removed STRING, removed_token STRING,"
              + " coefficient FLOAT, perturbed_coefficient FLOAT, relative_change DOUBLE,"
              + " removed_token_id INT, removed_position INT, reread_coefficient FLOAT,"
              + " control_neuron INT, control_coefficient FLOAT,"
              + " control_perturbed_coefficient FLOAT, control_change DOUBLE");

  private PerturbationTable() {}

  static void write(StageContext context) {
    Architecture architecture = context.model().architecture();
    BitSet[] chosen = chosen(context.config().interpret().perturbations(), architecture);
    Dataset<Row> winners = winners(context, chosen);
    long[] ofLayer = new long[architecture.layers()];
    for (Row count : winners.groupBy("layer").count().collectAsList()) {
      ofLayer[count.getInt(0)] = count.getLong(1);
    }
    JavaRDD<Row> perturbed =
        winners
            .repartition(partitions(context, blocks(context)), col("shard"), col("block"))
            .sortWithinPartitions("shard", "block", "sequence_id", "layer", "neuron", "rank")
            .javaRDD()
            .mapPartitions(new PerturbWinners(context.setup(), context.plan()));
    List<LayerPerturbations> collected =
        context
            .session()
            .createDataset(GpuStages.withGpus(perturbed).rdd(), Encoders.row(PERTURBATION))
            .repartition(partitions(context, architecture.layers()), col("layer"))
            .sortWithinPartitions("layer", "neuron", "rank", "removed")
            .javaRDD()
            .mapPartitions(new WritePerturbations(context.setup(), ofLayer))
            .collect();
    List<LayerPerturbations> layers =
        collected.stream().sorted(Comparator.comparingInt(LayerPerturbations::layer)).toList();
    context.made(TABLE, layers.stream().map(LayerPerturbations::file).toList());
    writeSummary(context, summaries(layers, ofLayer), chosen);
  }

  /** The neurons of each layer that are listed, or sampled where none is. */
  private static BitSet[] chosen(Perturbations config, Architecture architecture) {
    if (!config.neurons().isEmpty()) {
      return ChosenNeurons.byLayer(config.neurons(), architecture);
    }
    NeuronSample sample = new NeuronSample(config.neuronsPerLayer(), config.seed());
    BitSet[] chosen = new BitSet[architecture.layers()];
    Arrays.setAll(chosen, layer -> sample.of(layer, architecture.intermediate()));
    return chosen;
  }

  private static Dataset<Row> winners(StageContext context, BitSet[] chosen) {
    Perturbations config = context.config().interpret().perturbations();
    long[] firstIds = context.plan().shards().stream().mapToLong(Shard::firstSequenceId).toArray();
    return context
        .rows("trigger_prefixes")
        .filter(col("polarity").equalTo("positive").and(col("rank").leq(config.ranks())))
        .select("layer", "neuron", "rank", "coefficient", "sequence_id", "position")
        .flatMap((FlatMapFunction<Row, Row>) new ToWinners(chosen, firstIds), Encoders.row(WINNER));
  }

  private static int blocks(StageContext context) {
    long blocks =
        context.plan().shards().stream()
            .mapToLong(shard -> (shard.sequences() + BLOCK_SEQUENCES - 1) / BLOCK_SEQUENCES)
            .sum();
    return (int) Math.min(blocks, Integer.MAX_VALUE);
  }

  /** One partition per piece, but no more than keeps the cluster busy several times over. */
  private static int partitions(StageContext context, int pieces) {
    return Math.max(1, Math.min(pieces, 8 * context.spark().defaultParallelism()));
  }

  /** Of every layer, also those that have no rows. */
  private static List<PerturbationSummary> summaries(
      List<LayerPerturbations> layers, long[] winners) {
    List<PerturbationSummary> summaries = new ArrayList<>();
    boolean[] known = new boolean[winners.length];
    for (LayerPerturbations layer : layers) {
      summaries.addAll(layer.summaries());
      known[layer.layer()] = true;
    }
    for (int layer = 0; layer < winners.length; layer++) {
      if (!known[layer]) {
        for (Removal removal : Removal.values()) {
          summaries.add(new PerturbationSummary.Sums().summary(layer, removal, winners[layer]));
        }
      }
    }
    summaries.sort(
        Comparator.comparingInt(PerturbationSummary::layer)
            .thenComparing(PerturbationSummary::removed));
    return summaries;
  }

  private static void writeSummary(
      StageContext context, List<PerturbationSummary> summaries, BitSet[] chosen) {
    try (ParquetTableWriter<PerturbationSummary> writer =
        context.create(
            SUMMARY, (row, out) -> encode(row, chosen[row.layer()].cardinality(), out))) {
      for (PerturbationSummary summary : summaries) {
        writer.write(summary);
      }
      context.made(SUMMARY, List.of(writer.finish()));
    } catch (IOException e) {
      throw CensusException.cannotWrite(SUMMARY, e);
    }
  }

  private static void encode(PerturbationSummary row, int sampledNeurons, RowWriter out) {
    out.intValue("layer", row.layer());
    out.string("removed", row.removed());
    out.intValue("sampled_neurons", sampledNeurons);
    out.longValue("rows", row.rows());
    out.longValue("undefined", row.undefined());
    if (row.rows() > 0) {
      out.doubleValue("mean_relative_change", row.meanRelativeChange());
      out.doubleValue("median_relative_change", row.medianRelativeChange());
      out.doubleValue("mean_control_change", row.meanControlChange());
      out.doubleValue("mean_absolute_control_change", row.meanAbsoluteControlChange());
    }
  }
}
