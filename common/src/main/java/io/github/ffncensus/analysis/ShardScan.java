package io.github.ffncensus.analysis;

import ai.djl.engine.EngineException;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.RowObserver;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.model.DeviceMemory;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.TorchEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a model over the sequences of one shard, once, for all observers.
 *
 * <p>A batch that does not fit the device's memory is run again in halves, down to single
 * sequences. Observers that already took in some layers of it are not called for those again, so
 * every activation is observed exactly once.
 */
public final class ShardScan {
  private static final Logger LOG = LoggerFactory.getLogger(ShardScan.class);

  /**
   * The forward pass as this class uses it: {@link io.github.ffncensus.model.Transformer#observe}.
   */
  @FunctionalInterface
  public interface ForwardPass {
    void observe(TokenBatch batch, List<? extends ForwardObserver> observers);
  }

  private final ForwardPass forward;
  private final List<ForwardObserver> observers;
  private final LongConsumer tokensDone;
  private int halvings;

  /**
   * @param tokensDone told the tokens of each finished batch, without padding
   */
  public ShardScan(
      ForwardPass forward, List<? extends ShardObserver> observers, LongConsumer tokensDone) {
    this.forward = forward;
    this.observers = forwardObservers(observers);
    this.tokensDone = tokensDone;
  }

  private static List<ForwardObserver> forwardObservers(List<? extends ShardObserver> observers) {
    List<ForwardObserver> all = new ArrayList<>();
    all.add(new FiniteCheck());
    List<RowObserver> onHost = new ArrayList<>();
    for (ShardObserver observer : observers) {
      if (observer instanceof DeviceObserver onDevice) {
        all.add(onDevice);
      } else if (observer instanceof RowObserver rows) {
        onHost.add(rows);
      }
    }
    if (!onHost.isEmpty()) {
      all.add(new HostRows(onHost));
    }
    return all;
  }

  /**
   * Runs all batches, every sequence of which is needed.
   *
   * @throws UnreadableSequences if the forward pass fails for a single sequence
   * @throws CensusException of kind RUN_FAILED if a single sequence does not fit the device
   */
  public void run(BatchPlan plan) {
    run(plan, 0);
  }

  /**
   * Runs all batches.
   *
   * @param rejectable sequences that the caller can do without: of those for which the forward pass
   *     fails, one more is looked for in a batch
   * @throws UnreadableSequences if the forward pass fails for single sequences
   * @throws CensusException of kind RUN_FAILED if a single sequence does not fit the device
   */
  public void run(BatchPlan plan, int rejectable) {
    TorchEngine.prepareThread();
    for (TokenBatch batch : plan.batches()) {
      try {
        run(batch, new int[observers.size()]);
      } catch (RuntimeException e) {
        throw blamed(batch, e, rejectable + 1);
      }
      tokensDone.accept(batch.tokens());
    }
  }

  private RuntimeException blamed(TokenBatch batch, RuntimeException failure, int enough) {
    SortedMap<Long, String> reasons = PoisonSearch.in(batch, forward, enough);
    return reasons.isEmpty() ? failure : new UnreadableSequences(reasons, failure);
  }

  /** How often a batch was halved for want of device memory. */
  public int halvings() {
    return halvings;
  }

  /**
   * @param layersSeen per observer, how many layers of these sequences it took in already
   */
  private void run(TokenBatch batch, int[] layersSeen) {
    List<Resuming> resuming = new ArrayList<>();
    for (int i = 0; i < layersSeen.length; i++) {
      resuming.add(new Resuming(observers.get(i), layersSeen[i]));
    }
    try {
      forward.observe(batch, resuming);
    } catch (EngineException e) {
      if (!DeviceMemory.isExhausted(e)) {
        throw e;
      }
      if (batch.size() == 1) {
        TokenSequence sequence = batch.sequences().get(0);
        throw CensusException.runFailed(
            "sequence "
                + sequence.id()
                + " of "
                + sequence.length()
                + " tokens does not fit the device's memory even alone; use a device with more, or"
                + " census.model.precision = float16",
            e);
      }
      halve(batch, resuming.stream().mapToInt(observer -> observer.layersSeen).toArray());
    }
  }

  private void halve(TokenBatch batch, int[] layersSeen) {
    halvings++;
    int half = batch.size() / 2;
    LOG.warn("out of device memory at {} x {} tokens; halving", batch.size(), batch.length());
    run(new TokenBatch(batch.sequences().subList(0, half)), layersSeen.clone());
    run(new TokenBatch(batch.sequences().subList(half, batch.size())), layersSeen.clone());
  }

  /** Passes on the layers that an observer has not seen yet. */
  private static final class Resuming implements ForwardObserver {
    private final ForwardObserver observer;
    private int layersSeen;

    Resuming(ForwardObserver observer, int layersSeen) {
      this.observer = observer;
      this.layersSeen = layersSeen;
    }

    @Override
    public Set<Tap> taps() {
      return observer.taps();
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      if (layer.layer() >= layersSeen) {
        observer.layer(layer, batch);
        layersSeen = layer.layer() + 1;
      }
    }
  }
}
