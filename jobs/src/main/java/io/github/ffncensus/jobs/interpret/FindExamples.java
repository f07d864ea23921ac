package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.interpret.examples.ActivationExample;
import io.github.ffncensus.interpret.examples.ExampleSearch;
import io.github.ffncensus.jobs.config.ExamplesConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;

/** Task: draws examples of every neuron in a piece of the sample. */
final class FindExamples implements FlatMapFunction<SampledSequences, Row>, ModelTask {
  private static final long serialVersionUID = 1L;

  /** Of the examples of layers that are searched in one pass. */
  private static final long MOST_BYTES = 256L << 20;

  private final TaskSetup setup;
  private final ShardPlan plan;
  private final ArrayList<TableFile> stats;

  /**
   * @param stats files of {@code neuron_stats}
   */
  FindExamples(TaskSetup setup, ShardPlan plan, List<TableFile> stats) {
    this.setup = setup;
    this.plan = plan;
    this.stats = new ArrayList<>(stats);
  }

  /** Rows come layer by layer as they are asked for: a large model has millions. */
  @Override
  public Iterator<Row> call(SampledSequences piece) throws IOException {
    Transformer model = setup.model();
    Searches searches =
        new Searches(
            model,
            NeuronQuantiles.read(setup, model.architecture(), stats),
            piece.read(setup, plan));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) done -> searches.close());
    Stream<ActivationExample> examples =
        IntStream.range(0, model.architecture().layers())
            .boxed()
            .flatMap(layer -> searches.examples(layer).stream());
    return examples.map(example -> row(example, piece.number())).iterator();
  }

  /** Layers in order, as many in one pass of the model as their examples fit into memory. */
  private final class Searches implements AutoCloseable {
    private final Transformer model;
    private final float[][][] quantiles;
    private final List<TokenSequence> sequences;
    private final ExamplesConfig config = setup.config().interpret().examples();
    private ExampleSearch current;
    private int end;

    Searches(Transformer model, float[][][] quantiles, List<TokenSequence> sequences) {
      this.model = model;
      this.quantiles = quantiles;
      this.sequences = sequences;
    }

    List<ActivationExample> examples(int layer) {
      if (layer == end) {
        search(layer);
      }
      return current.examples(layer);
    }

    private void search(int from) {
      close();
      long bytes = ExampleSearch.bytesPerLayer(model.architecture(), config.perBand());
      end = (int) Math.min(quantiles.length, from + Math.max(1, MOST_BYTES / bytes));
      current =
          new ExampleSearch(
              model,
              new PositionSample.PerSequence(config.positionsPerSequence(), config.seed()),
              from,
              Arrays.copyOfRange(quantiles, from, end),
              config.perBand(),
              config.seed());
      new ShardScan(
              model::observe, List.of(current), tokens -> TaskContext.get().killTaskIfInterrupted())
          .run(BatchPlan.of(sequences, setup.config().scan().batchTokens()));
    }

    @Override
    public void close() {
      if (current != null) {
        current.close();
        current = null;
      }
    }
  }

  private static Row row(ActivationExample example, int piece) {
    return RowFactory.create(
        example.neuron() / Analysis.BLOCK_NEURONS,
        example.layer(),
        example.neuron(),
        example.band().ordinal(),
        example.key(),
        example.coefficient(),
        example.sequenceId(),
        example.position(),
        piece,
        example.positionsInBand());
  }
}
