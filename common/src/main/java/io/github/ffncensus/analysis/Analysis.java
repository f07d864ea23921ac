package io.github.ffncensus.analysis;

import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.Transformer;
import java.io.Serializable;

/**
 * One analysis of a corpus: an observer that watches a shard's forward passes on an executor, and a
 * merge of what the observers of different shards packed.
 *
 * <p>An implementation is a serializable description, made from the configuration on the driver.
 */
public interface Analysis extends Serializable {

  /** Neurons of one layer that travel and merge together. */
  int BLOCK_NEURONS = 256;

  /** Name under which partial results are kept, unique among the analyses of a scan. */
  String name();

  /**
   * Starts watching one shard.
   *
   * @param shard number of the shard, from 0
   */
  ShardObserver observe(Transformer model, int shard);

  /** How many blocks the result of a layer has, at most. */
  default int blocksPerLayer(Architecture architecture) {
    return blocks(architecture.intermediate());
  }

  /**
   * Merges two packed blocks of the same neurons. Associative and commutative to the bit: the
   * result is a function of the set of shards, whatever the order of arrival.
   */
  byte[] merge(byte[] left, byte[] right);

  /**
   * Watches the forward passes of one shard, in one of two ways: as a {@link DeviceObserver} or a
   * {@link RowObserver}.
   */
  sealed interface ShardObserver extends AutoCloseable permits DeviceObserver, RowObserver {

    /** Hands over everything observed, once, after the shard's last batch. */
    void finish(PartialSink sink);

    /** Frees device memory and files; after a failure, drops what was observed. */
    @Override
    default void close() {}
  }

  /**
   * Works on the device. {@link #layer} either takes a batch's layer in completely or fails without
   * having changed anything, so that a batch that ran out of device memory can be run again in
   * halves.
   */
  non-sealed interface DeviceObserver extends ShardObserver, ForwardObserver {}

  /** Works on the host, where the coefficients of a CPU device already are. */
  non-sealed interface RowObserver extends ShardObserver {

    /** Takes in some sequences of a batch at one layer. */
    void rows(int layer, RowBlock block);
  }

  /** Takes the packed blocks of a shard. */
  interface PartialSink {

    /**
     * @param block number of the block within the layer, from 0; of an analysis by neuron, neuron /
     *     {@link #BLOCK_NEURONS}
     */
    void put(int layer, int block, byte[] packed);
  }

  /** Number of blocks of a layer. */
  static int blocks(int neurons) {
    return (neurons + BLOCK_NEURONS - 1) / BLOCK_NEURONS;
  }
}
