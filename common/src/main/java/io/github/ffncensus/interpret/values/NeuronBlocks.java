package io.github.ffncensus.interpret.values;

import ai.djl.engine.EngineException;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.DeviceMemory;
import io.github.ffncensus.model.Transformer;

/**
 * Ranges of a layer's neurons whose logits are in memory together.
 *
 * @param neurons of a block
 * @param stepNeurons of those, how many are reduced together
 */
record NeuronBlocks(int neurons, int stepNeurons) {
  /** Of the logits of one block. */
  private static final long BLOCK_BYTES = 64L << 20;

  /** Of the logits that one step reduces on a CPU: what a core's caches hold. */
  private static final long CPU_STEP_BYTES = 1L << 20;

  /** Works on neurons from, inclusive, to, exclusive; must change nothing when it fails. */
  interface Block {
    void run(int from, int to);
  }

  static NeuronBlocks of(Transformer model) {
    int neurons = rows(BLOCK_BYTES, model);
    return new NeuronBlocks(
        neurons, model.device().isGpu() ? neurons : rows(CPU_STEP_BYTES, model));
  }

  private static int rows(long bytes, Transformer model) {
    long ofOneNeuron = (long) Float.BYTES * model.architecture().vocabulary();
    return (int) Math.max(1, bytes / ofOneNeuron);
  }

  /** Ascending; a block that does not fit the device is worked through in halves. */
  void forEach(int from, int to, Block block) {
    for (int start = from; start < to; start += neurons) {
      inHalves(start, Math.min(to, start + neurons), block);
    }
  }

  private static void inHalves(int from, int to, Block block) {
    try {
      block.run(from, to);
    } catch (EngineException e) {
      if (to - from == 1 || !DeviceMemory.isExhausted(e)) {
        throw e;
      }
      int middle = (from + to) >>> 1;
      inHalves(from, middle, block);
      inHalves(middle, to, block);
    }
  }

  /**
   * @param mean of a neuron's logits
   * @throws CensusException of kind INPUT if it is not finite
   */
  static void checkFinite(int layer, int neuron, float mean) {
    if (!Float.isFinite(mean)) {
      throw CensusException.input(
          "the value vector of neuron "
              + neuron
              + " of layer "
              + layer
              + " gives logits that are not finite; is the model's precision too small for it?");
    }
  }
}
