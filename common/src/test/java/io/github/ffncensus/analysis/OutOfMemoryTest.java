package io.github.ffncensus.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.stats.NeuronStatsRow;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A device that runs out of memory, at any point of a batch, changes no result. */
class OutOfMemoryTest {
  private static final int BUDGET = 256;
  private static final TriggerSearch TRIGGERS =
      new TriggerSearch(
          5, TriggerSearch.Distinct.SEQUENCE, List.of(Polarity.POSITIVE, Polarity.NEGATIVE), 1);
  private static final NeuronStatistics STATISTICS = new NeuronStatistics();
  private static Transformer model;
  private static List<TokenSequence> corpus;
  private static Outcome undisturbed;

  /** Times that each sequence was seen at each layer by an observer on the device. */
  private static final class Sightings implements DeviceObserver {
    final Map<List<Long>, Integer> seen = new HashMap<>();

    @Override
    public Set<Tap> taps() {
      return EnumSet.of(Tap.COEFFICIENTS);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      assertThat(layer.coefficients().getShape().get(0)).isEqualTo(batch.size());
      batch
          .sequences()
          .forEach(s -> seen.merge(List.of((long) layer.layer(), s.id()), 1, Integer::sum));
    }

    @Override
    public void finish(Analysis.PartialSink sink) {}
  }

  private record Outcome(
      Map<List<Long>, Integer> sightings,
      List<Trigger> triggers,
      List<NeuronStatsRow> statistics,
      long tokensDone,
      int halvings) {}

  @BeforeAll
  static void load() {
    model =
        TransformerLoader.load(
            ModelFolder.open(Fixture.named("bert-gelu").folder()), Device.cpu(), Precision.FLOAT32);
    corpus = RandomSequences.of(model.architecture(), 90, 12);
    undisturbed = scan(model::observe);
    assertThat(undisturbed.halvings()).isZero();
    assertThat(undisturbed.sightings()).hasSize(90 * model.architecture().layers());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 16})
  void batchesThatAreTooLarge_areHalved(int most) {
    int[] refused = new int[1];
    Outcome outcome =
        scan(
            (batch, observers) -> {
              if (batch.size() > most) {
                refused[0]++;
                throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
              }
              model.observe(batch, observers);
            });
    assertThat(outcome.halvings()).isEqualTo(refused[0]).isPositive();
    assertSame(outcome);
  }

  /** The failure comes at a layer, before the observer of that number sees it. */
  @ParameterizedTest
  @CsvSource({
    "0, 0", "0, 1", "0, 2", "0, 3", "1, 0", "1, 1", "1, 2", "1, 3", "2, 0", "2, 1", "2, 2", "2, 3"
  })
  void failureInTheMiddleOfABatch_isObservedOnce(int layer, int observer) {
    Outcome outcome =
        scan(
            (batch, observers) -> {
              List<ForwardObserver> failing = new ArrayList<>(observers);
              if (batch.size() > 3) {
                failing.add(Math.min(observer, observers.size()), failingAt(layer));
              }
              model.observe(batch, failing);
            });
    assertThat(outcome.halvings()).isPositive();
    assertSame(outcome);
  }

  /** Each half gets as far as another layer before it fails. */
  @Test
  void repeatedFailuresAtChangingLayers_areObservedOnce() {
    Outcome outcome =
        scan(
            (batch, observers) -> {
              List<ForwardObserver> failing = new ArrayList<>(observers);
              if (batch.size() > 1) {
                failing.add(batch.size() % observers.size(), failingAt(batch.size() % 3));
              }
              model.observe(batch, failing);
            });
    assertThat(outcome.halvings()).isGreaterThan(20);
    assertSame(outcome);
  }

  @Test
  void singleSequenceThatDoesNotFit_isNamed() {
    TokenSequence longest = BatchPlan.of(corpus, BUDGET).batches().get(0).sequences().get(0);
    CensusException failure =
        catchThrowableOfType(
            CensusException.class,
            () ->
                scan(
                    (batch, observers) -> {
                      throw new EngineException(
                          "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes");
                    }));
    assertThat(failure.kind()).isEqualTo(CensusException.Kind.RUN_FAILED);
    assertThat(failure)
        .hasMessageContaining(
            "sequence " + longest.id() + " of " + longest.length() + " tokens does not fit")
        .hasCauseInstanceOf(EngineException.class);
  }

  @Test
  void otherEngineFailures_passThrough() {
    EngineException failure = new EngineException("mat1 and mat2 shapes cannot be multiplied");
    assertThatThrownBy(
            () ->
                scan(
                    (batch, observers) -> {
                      throw failure;
                    }))
        .isSameAs(failure);
  }

  private static ForwardObserver failingAt(int at) {
    return new ForwardObserver() {
      @Override
      public Set<Tap> taps() {
        return Set.of();
      }

      @Override
      public void layer(LayerActivations layer, TokenBatch batch) {
        if (layer.layer() == at) {
          throw new EngineException("CUDA error: out of memory");
        }
      }
    };
  }

  private static Outcome scan(ForwardPass forward) {
    Sightings sightings = new Sightings();
    ShardObserver triggers = TRIGGERS.observe(model, 0);
    ShardObserver statistics = STATISTICS.observe(model, 0);
    long[] tokens = new long[1];
    ShardScan scan =
        new ShardScan(forward, List.of(triggers, sightings, statistics), done -> tokens[0] += done);
    scan.run(BatchPlan.of(corpus, BUDGET));
    List<Trigger> found = new ArrayList<>();
    ScanRun.blocks(triggers)
        .forEach((b, packed) -> found.addAll(TRIGGERS.triggers(b.layer(), b.number(), packed)));
    List<NeuronStatsRow> rows = new ArrayList<>();
    ScanRun.blocks(statistics)
        .forEach((b, packed) -> rows.addAll(NeuronStatistics.rows(b.layer(), b.number(), packed)));
    return new Outcome(sightings.seen, found, rows, tokens[0], scan.halvings());
  }

  private static void assertSame(Outcome outcome) {
    assertThat(outcome.sightings()).isEqualTo(undisturbed.sightings());
    assertThat(outcome.tokensDone()).isEqualTo(undisturbed.tokensDone());
    assertThat(outcome.triggers()).hasSameSizeAs(undisturbed.triggers());
    for (int i = 0; i < outcome.triggers().size(); i++) {
      Trigger actual = outcome.triggers().get(i);
      Trigger expected = undisturbed.triggers().get(i);
      assertThat(actual.neuron()).isEqualTo(expected.neuron());
      assertThat(actual.rank()).isEqualTo(expected.rank());
      assertThat(actual.coefficient()).isCloseTo(expected.coefficient(), within(1e-5f));
    }
    for (int i = 0; i < outcome.statistics().size(); i++) {
      NeuronStatsRow actual = outcome.statistics().get(i);
      NeuronStatsRow expected = undisturbed.statistics().get(i);
      assertThat(actual.tokenCount()).isEqualTo(expected.tokenCount());
      assertThat(actual.mean()).isCloseTo(expected.mean(), within(1e-5));
      assertThat(actual.stddev()).isCloseTo(expected.stddev(), within(1e-5));
      assertThat(actual.max()).isCloseTo(expected.max(), within(1e-5f));
    }
  }
}
