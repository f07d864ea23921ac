package io.github.ffncensus.bench;

import ai.djl.Device;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.interpret.memories.MemoryPosition;
import io.github.ffncensus.interpret.memories.MemoryReadings;
import io.github.ffncensus.interpret.memories.MemoryReadings.Part;
import io.github.ffncensus.model.RandomTransformer;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Times the per-dimension analysis of Geva et al. 2021 on a random model of their model's shape: a
 * random position in each of some sentences of real lengths, read as the tables {@code
 * memory_positions} and {@code memory_ablations} are made. As under Spark, each worker thread
 * computes on its own with one engine thread, and all share one set of weights.
 */
public final class MemoryBenchmark {
  private final Device device;
  private final int workers;
  private final int sentences;
  private final int vocabulary;
  private final int strongest;
  private final int batchTokens;

  /**
   * @param strongest memories that are removed at each position
   */
  public MemoryBenchmark(
      Device device, int workers, int sentences, int vocabulary, int strongest, int batchTokens) {
    this.device = device;
    this.workers = workers;
    this.sentences = sentences;
    this.vocabulary = vocabulary;
    this.strongest = strongest;
    this.batchTokens = batchTokens;
  }

  /**
   * What was measured.
   *
   * @param positions one per sentence
   * @param removals predictions without a memory
   * @param seconds from the first sentence to the last result; the model is there already
   * @param parts mean over the workers, which work at the same time
   */
  public record Result(
      int positions, long tokens, long removals, double seconds, Map<Part, Time> parts) {}

  /**
   * What a part takes.
   *
   * @param elapsed seconds
   * @param processor seconds of processor time, which other load on the machine hardly touches;
   *     says nothing of a GPU
   */
  public record Time(double elapsed, double processor) {

    private Time plus(Time other) {
      return new Time(elapsed + other.elapsed, processor + other.processor);
    }
  }

  /** Runs once. */
  public Result run() {
    List<TokenSequence> corpus = corpus();
    List<List<TokenSequence>> pieces = new ArrayList<>();
    int size = Math.min(MemoryReadings.SEQUENCES, (sentences + workers - 1) / workers);
    for (int from = 0; from < sentences; from += size) {
      pieces.add(corpus.subList(from, Math.min(sentences, from + size)));
    }
    Map<Part, Time> times = new EnumMap<>(Part.class);
    ExecutorService pool = Executors.newFixedThreadPool(workers);
    try (Transformer model = RandomTransformer.wikiText103(device, vocabulary)) {
      long start = System.nanoTime();
      List<Future<List<MemoryPosition>>> running = new ArrayList<>();
      for (List<TokenSequence> piece : pieces) {
        running.add(pool.submit(() -> read(model, piece, times)));
      }
      List<MemoryPosition> positions = new ArrayList<>();
      for (Future<List<MemoryPosition>> piece : running) {
        positions.addAll(piece.get());
      }
      return new Result(
          positions.size(),
          corpus.stream().mapToLong(TokenSequence::length).sum(),
          positions.stream().mapToLong(position -> position.memories().size()).sum(),
          (System.nanoTime() - start) / 1e9,
          times);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      pool.shutdown();
    }
  }

  private List<MemoryPosition> read(
      Transformer model, List<TokenSequence> piece, Map<Part, Time> times) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long[] processor = {threads.getCurrentThreadCpuTime()};
    return new MemoryReadings(
            model,
            new PositionSample.PerSequence(1, 1),
            strongest,
            batchTokens,
            tokens -> {},
            (part, nanoseconds) -> {
              long before = processor[0];
              processor[0] = threads.getCurrentThreadCpuTime();
              Time time =
                  new Time(nanoseconds / 1e9 / workers, (processor[0] - before) / 1e9 / workers);
              synchronized (times) {
                times.merge(part, time, Time::plus);
              }
            })
        .read(piece);
  }

  private List<TokenSequence> corpus() {
    TextLengths lengths = TextLengths.sentences();
    Random random = new Random(1);
    List<TokenSequence> sequences = new ArrayList<>();
    for (int id = 0; id < sentences; id++) {
      int[] tokens = random.ints(lengths.draw(random), 0, vocabulary).toArray();
      sequences.add(TokenSequence.of(id, tokens));
    }
    return sequences;
  }
}
