package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.perturbations.NeuronSample;
import io.github.ffncensus.model.Architecture;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Addresses the triggers of sampled neurons to the shards that hold their sequences. */
final class ToWinners implements FlatMapFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final BitSet[] sample;
  private final long[] firstIds;

  /**
   * @param firstIds first sequence id of each shard
   */
  ToWinners(NeuronSample sample, Architecture architecture, long[] firstIds) {
    this.sample = new BitSet[architecture.layers()];
    Arrays.setAll(this.sample, layer -> sample.of(layer, architecture.intermediate()));
    this.firstIds = firstIds.clone();
  }

  @Override
  public Iterator<Row> call(Row trigger) {
    int layer = trigger.getInt(0);
    int neuron = trigger.getInt(1);
    if (!sample[layer].get(neuron)) {
      return Collections.emptyIterator();
    }
    long sequenceId = trigger.getLong(4);
    int found = Arrays.binarySearch(firstIds, sequenceId);
    int shard = found >= 0 ? found : -found - 2;
    int block = (int) ((sequenceId - firstIds[shard]) / PerturbationTable.BLOCK_SEQUENCES);
    return Collections.singletonList(
            RowFactory.create(
                shard,
                block,
                layer,
                neuron,
                trigger.getInt(2),
                trigger.getFloat(3),
                sequenceId,
                trigger.getInt(5)))
        .iterator();
  }
}
