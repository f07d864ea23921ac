package io.github.ffncensus.knowledge.attribution;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.knowledge.AnswerScores;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.model.DeviceMemory;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attributes answers to neurons: Attr_i = (c_i - b_i) times the mean of dF/dc_i on the straight
 * path from b to c, one layer at a time, at the answer's positions.
 *
 * <p>Prompts of like length share a batch with all their steps, cut by memory alone; how they are
 * cut changes results by rounding only. A batch that does not fit the device is run again in
 * halves, down to one step of one prompt. For one thread.
 */
public final class IntegratedGradients implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IntegratedGradients.class);

  /** Of the logits of one batch, of which there are about three copies for the backward pass. */
  private static final long LOGIT_BYTES_ON_HOST = 64L << 20;

  private static final long LOGIT_BYTES_ON_GPU = 1L << 30;

  /**
   * A batch filled to less than one part in so many takes in shorter prompts too. Matrix products
   * of a few hundred rows are nearly as fast as larger ones, so that padding soon costs more.
   */
  private static final int UNFILLED = 8;

  private final Transformer model;
  private final AttributionOptions options;
  private final Baseline baseline;
  private final NDManager manager;
  private final AnswerScores scores;
  private final IntConsumer beforeRows;

  /**
   * Paths from zero.
   *
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public IntegratedGradients(Transformer model, AttributionOptions options) {
    this(model, options, null);
  }

  /**
   * Paths from given coefficients, such as the neurons' means over a corpus.
   *
   * @param baseline b, (layers, neurons); null for zero
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public IntegratedGradients(Transformer model, AttributionOptions options, float[][] baseline) {
    this(model, options, baseline, rows -> {});
  }

  /**
   * @param beforeRows told how many rows are about to run
   */
  IntegratedGradients(
      Transformer model, AttributionOptions options, float[][] baseline, IntConsumer beforeRows) {
    model.requireHead("there is no answer to attribute");
    TorchEngine.prepareThread();
    this.model = model;
    this.options = options;
    this.baseline = new Baseline(model, baseline);
    this.manager = model.newScope();
    this.scores = new AnswerScores(manager);
    this.beforeRows = beforeRows;
  }

  /** As {@link #attribute(List, Consumer)}, for requests without given tokens or foils. */
  public void attributePrompts(List<EncodedPrompt> prompts, Consumer<PromptAttribution> sink) {
    attribute(prompts.stream().map(AttributionRequest::of).toList(), sink);
  }

  /**
   * Attributes the answers of prompts.
   *
   * @param sink told each prompt's result, batch by batch: longest prompts first
   * @throws CensusException of kind RUN_FAILED if one step of one prompt does not fit the device
   */
  public void attribute(List<AttributionRequest> requests, Consumer<PromptAttribution> sink) {
    List<Sized> sorted = new ArrayList<>();
    requests.forEach(request -> sorted.add(sized(request)));
    sorted.sort(Comparator.comparingInt(Sized::slots).thenComparingInt(Sized::length).reversed());
    for (int from = 0; from < sorted.size(); ) {
      Sized largest = sorted.get(from);
      int to = from + 1;
      long lanes = largest.lanes();
      while (to < sorted.size()
          && joins(sorted.get(to), largest, lanes * options.steps())
          && fits((lanes + sorted.get(to).lanes()) * options.steps(), largest)) {
        lanes += sorted.get(to).lanes();
        to++;
      }
      int stepsAtOnce = options.steps();
      while (stepsAtOnce > 1 && !fits(lanes * stepsAtOnce, largest)) {
        stepsAtOnce = half(stepsAtOnce);
      }
      run(sorted.subList(from, to).stream().map(Sized::request).toList(), stepsAtOnce, sink);
      from = to;
    }
  }

  /**
   * What a request takes.
   *
   * @param lanes contexts that go through the model
   * @param slots positions of each that are scaled
   * @param length tokens of the longest
   */
  private record Sized(AttributionRequest request, int lanes, int slots, int length) {}

  private Sized sized(AttributionRequest request) {
    boolean causal = model.architecture().causal();
    List<Lane> lanes = Lane.of(List.of(request), options.path(), causal);
    return new Sized(
        request,
        lanes.size(),
        lanes.stream()
            .mapToInt(lane -> causal ? lane.span() : lane.positions().length)
            .max()
            .orElseThrow(),
        lanes.stream().mapToInt(lane -> lane.tokens().length).max().orElseThrow());
  }

  /** Whether padding a request costs less than what a batch without it would leave unused. */
  private boolean joins(Sized next, Sized largest, long rows) {
    return next.slots() == largest.slots()
        && (next.length() == largest.length()
            || rows * tokensPerRow(largest) < options.rowTokens() / UNFILLED);
  }

  /** Tokens of a scaled copy that go through the layers above. */
  private long tokensPerRow(Sized largest) {
    return model.architecture().causal() ? largest.slots() : largest.length();
  }

  private boolean fits(long rows, Sized largest) {
    long perRow = tokensPerRow(largest);
    long logits = rows * largest.slots() * model.architecture().vocabulary() * Float.BYTES;
    return rows * perRow <= options.rowTokens()
        && logits <= (model.device().isGpu() ? LOGIT_BYTES_ON_GPU : LOGIT_BYTES_ON_HOST);
  }

  private static int half(int steps) {
    return (steps + 1) / 2;
  }

  private void run(
      List<AttributionRequest> requests, int stepsAtOnce, Consumer<PromptAttribution> sink) {
    List<PromptAttribution> results;
    try {
      results =
          new BatchAttribution(model, scores, options, baseline, requests)
              .run(stepsAtOnce, beforeRows);
    } catch (EngineException e) {
      if (!DeviceMemory.isExhausted(e)) {
        throw e;
      }
      runSmaller(requests, stepsAtOnce, sink, e);
      return;
    }
    results.forEach(sink);
  }

  private void runSmaller(
      List<AttributionRequest> requests,
      int stepsAtOnce,
      Consumer<PromptAttribution> sink,
      EngineException cause) {
    int middle = requests.size() / 2;
    if (middle > 0) {
      LOG.warn("out of device memory at {} prompts; halving", requests.size());
      run(requests.subList(0, middle), stepsAtOnce, sink);
      run(requests.subList(middle, requests.size()), stepsAtOnce, sink);
    } else if (stepsAtOnce > 1) {
      LOG.warn("out of device memory at {} steps of one prompt; halving", stepsAtOnce);
      run(requests, half(stepsAtOnce), sink);
    } else {
      EncodedPrompt prompt = requests.get(0).prompt();
      throw CensusException.runFailed(
          "prompt "
              + prompt.promptId()
              + " of fact "
              + prompt.factId()
              + " does not fit the device's memory even alone; use a device with more",
          cause);
    }
  }

  @Override
  public void close() {
    scores.close();
    manager.close();
  }
}
