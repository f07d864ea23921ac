package io.github.ffncensus.jobs.cluster;

import java.util.Random;

/** What is random in these tests: {@code -Dcluster.seed=...} has it again. */
final class TestSeed {
  private static final long SEED = Long.getLong("cluster.seed", System.nanoTime() & 0xffff);

  private TestSeed() {}

  static Random random() {
    System.out.println("-Dcluster.seed=" + SEED);
    return new Random(SEED);
  }
}
