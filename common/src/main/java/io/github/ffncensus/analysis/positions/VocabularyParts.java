package io.github.ffncensus.analysis.positions;

import java.util.ArrayList;
import java.util.List;

/**
 * A vocabulary cut into parts whose logits are computed together, and those into blocks of few
 * tokens of which only the best logit is kept. The tokens of a block lie a stride apart, so that
 * blocks are reduced along the slow axis.
 */
final class VocabularyParts {
  /** Tokens of a block, except for the last few tokens, which are blocks of their own. */
  static final int BLOCK = 8;

  private final List<Part> parts = new ArrayList<>();
  private final int[] firsts;
  private final int[] strides;

  /**
   * Tokens whose logits are computed together.
   *
   * @param to exclusive
   * @param block tokens in each of its blocks
   */
  record Part(int from, int to, int block) {
    int blocks() {
      return (to - from) / block;
    }
  }

  /**
   * @param size of a part, in tokens
   */
  VocabularyParts(int vocabulary, int size) {
    int inBlocks = vocabulary - vocabulary % BLOCK;
    int step = Math.max(BLOCK, size - size % BLOCK);
    for (int from = 0; from < inBlocks; from += step) {
      parts.add(new Part(from, Math.min(inBlocks, from + step), BLOCK));
    }
    if (inBlocks < vocabulary) {
      parts.add(new Part(inBlocks, vocabulary, 1));
    }
    int blocks = parts.stream().mapToInt(Part::blocks).sum();
    firsts = new int[blocks];
    strides = new int[blocks];
    int at = 0;
    for (Part part : parts) {
      for (int block = 0; block < part.blocks(); block++) {
        firsts[at] = part.from() + block;
        strides[at++] = part.block() == 1 ? 0 : part.blocks();
      }
    }
  }

  List<Part> parts() {
    return parts;
  }

  /** Blocks of the whole vocabulary, in the order of the parts. */
  int blocks() {
    return firsts.length;
  }

  /** The tokens of a block, ascending; a token that is a block of its own, so many times. */
  void tokens(int block, long[] into, int at) {
    for (int i = 0; i < BLOCK; i++) {
      into[at + i] = firsts[block] + (long) i * strides[block];
    }
  }
}
