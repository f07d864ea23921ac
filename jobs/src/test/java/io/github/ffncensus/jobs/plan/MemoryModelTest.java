package io.github.ffncensus.jobs.plan;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.TriggerSearch;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.ScanResult;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.util.SizeEstimator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The formulas for memory against objects on a heap. */
class MemoryModelTest {
  private static final int TASKS = 2_000;
  private static final int OBSERVED = 40;

  @TempDir Path folder;

  @Test
  void recordsOfTheDriver_areTheObjectsOfARun() throws IOException {
    try (ScanFixture fixture = new ScanFixture("local[2]", folder)) {
      ScanFixture.Run run = fixture.ingest("planned", "gpt2-gelu-new");
      ScanResult result = run.scan(Progress.SILENT);
      long tokens = run.plan().tokens();
      CorpusSize size = new CorpusSize(1, 1, run.plan().sequences(), tokens, 5 * tokens);
      MemoryModel memory = new MemoryModel(run.config, run.model.architecture(), size);

      Map<String, List<TableFile>> grow = new TreeMap<>();
      grow.put("activations", result.tables().get("activations"));
      grow.put("sequences", run.sequenceTable());
      assertThat((double) grow.get("activations").size()).isEqualTo(memory.activationFiles());
      assertThat((double) grow.get("sequences").size())
          .isBetween(memory.sequenceFiles() - 1, memory.sequenceFiles() + 1);
      long measured =
          SizeEstimator.estimate(run.plan())
              + SizeEstimator.estimate(new ArrayList<>(run.shardRecords()))
              + SizeEstimator.estimate(grow)
              + SizeEstimator.estimate(new ObjectMapper().valueToTree(grow));
      assertThat((double) measured).isBetween(0.6 * memory.records(), 1.5 * memory.records());
    }
  }

  /** In a process of its own: what other tests leave behind may be let go at any time. */
  @Test
  void tasksOfSpark_takeWhatIsPlanned() throws IOException {
    double planned = memory(500.0 * TASKS, 1, "ingest.shard-tokens=500").sparkTasks();
    assertThat((double) SparkTaskHeap.measure(TASKS, folder))
        .isBetween(0.5 * planned, 1.5 * planned);
  }

  @Test
  void observersOfATask_takeWhatIsPlanned() {
    ModelFolder model = ModelFolder.open(Fixture.named("gpt2-gelu-new").folder());
    TokenSequence sequence = TokenSequence.of(0, 5, 6, 7, 8, 9);
    try (Transformer transformer = TransformerLoader.load(model, Device.cpu(), Precision.FLOAT32)) {
      List<ShardObserver> observers = new ArrayList<>();
      long before = 0;
      for (int i = 0; i <= OBSERVED; i++) {
        List<ShardObserver> pair =
            List.of(
                new NeuronStatistics().observe(transformer, 0),
                new TriggerSearch(
                        25, TriggerSearch.Distinct.SEQUENCE, List.of(Polarity.POSITIVE), 1)
                    .observe(transformer, 0));
        new ShardScan(transformer::observe, pair, tokens -> {})
            .run(BatchPlan.of(List.of(sequence), 100));
        observers.addAll(pair);
        if (i == 0) {
          before = heap();
        }
      }
      double measured = (heap() - before) / (double) OBSERVED;
      observers.forEach(ShardObserver::close);
      double planned = memory(5, 1, "scan.activations.mode=off").taskHeap(false);
      assertThat(measured).isBetween(0.8 * planned, 1.2 * planned);
    }
  }

  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private MemoryModel memory(double tokens, double sequences, String setting) {
    CensusConfig config = PlanConfigs.of(folder, setting);
    return new MemoryModel(
        config,
        ModelFolder.open(Fixture.named("gpt2-gelu-new").folder()).architecture(),
        new CorpusSize(1, sequences, sequences, tokens, 5 * tokens));
  }
}
