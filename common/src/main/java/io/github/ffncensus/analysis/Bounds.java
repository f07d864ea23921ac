package io.github.ffncensus.analysis;

import java.io.Serializable;

/**
 * The bounds of all blocks of a {@link BoundedAnalysis}. Tasks share them, so nobody changes them.
 *
 * @param blocks by layer and number of the block within it; null where no bound is known
 */
public record Bounds(float[][][] blocks) implements Serializable {

  /** As {@link BoundedAnalysis#bounds} gave them, or null. */
  public float[] of(int layer, int block) {
    return blocks[layer][block];
  }
}
