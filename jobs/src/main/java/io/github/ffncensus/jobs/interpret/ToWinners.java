package io.github.ffncensus.jobs.interpret;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Addresses the triggers of chosen neurons to the shards that hold their sequences. */
final class ToWinners implements FlatMapFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final BitSet[] chosen;
  private final long[] firstIds;

  /**
   * @param chosen neurons of each layer
   * @param firstIds first sequence id of each shard
   */
  ToWinners(BitSet[] chosen, long[] firstIds) {
    this.chosen = chosen.clone();
    this.firstIds = firstIds.clone();
  }

  @Override
  public Iterator<Row> call(Row trigger) {
    int layer = trigger.getInt(0);
    int neuron = trigger.getInt(1);
    if (!chosen[layer].get(neuron)) {
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
