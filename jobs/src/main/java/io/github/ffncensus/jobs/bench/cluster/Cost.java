package io.github.ffncensus.jobs.bench.cluster;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * What some work took.
 *
 * @param elapsed seconds
 * @param processor seconds of processor time of the whole process, which other load on the machine
 *     hardly touches
 */
record Cost(double elapsed, double processor) {

  /** Measures from its making on. */
  static final class Watch {
    private final long start = System.nanoTime();
    private final double processorBefore = processorSeconds();

    Cost read() {
      return new Cost((System.nanoTime() - start) / 1e9, processorSeconds() - processorBefore);
    }

    private static double processorSeconds() {
      OperatingSystemMXBean system =
          ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      return system.getProcessCpuTime() / 1e9;
    }
  }

  static Cost measure(Runnable work) {
    Watch watch = new Watch();
    work.run();
    return watch.read();
  }
}
