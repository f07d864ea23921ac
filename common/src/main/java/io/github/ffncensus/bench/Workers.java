package io.github.ffncensus.bench;

import io.github.ffncensus.model.TorchEngine;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.DoubleStream;

/** Threads that compute at the same time, each with one engine thread, as tasks under Spark do. */
final class Workers implements AutoCloseable {
  private final int count;
  private final ExecutorService pool;

  Workers(int count) {
    this.count = count;
    this.pool = Executors.newFixedThreadPool(count);
  }

  /**
   * What some work took.
   *
   * @param elapsed seconds until all workers were done
   * @param processor seconds of processor time of all workers
   */
  record Time(double elapsed, double processor) {}

  /** Lets every worker do its part, which is told the worker's number. */
  Time measure(IntConsumer part) {
    List<Future<Double>> running = new ArrayList<>();
    long start = System.nanoTime();
    for (int worker = 0; worker < count; worker++) {
      int number = worker;
      running.add(pool.submit(() -> processorSeconds(() -> part.accept(number))));
    }
    double processor = 0;
    for (Future<Double> worker : running) {
      try {
        processor += worker.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
    return new Time((System.nanoTime() - start) / 1e9, processor);
  }

  /** What some work takes of this thread. */
  static double processorSeconds(Runnable work) {
    TorchEngine.prepareThread();
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    work.run();
    return (threads.getCurrentThreadCpuTime() - start) / 1e9;
  }

  static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  @Override
  public void close() {
    pool.shutdown();
  }
}
