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
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
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
    ExamplesConfig config = setup.config().interpret().examples();
    ExampleSearch search =
        new ExampleSearch(
            model,
            new PositionSample.PerSequence(config.positionsPerSequence(), config.seed()),
            NeuronQuantiles.read(setup, model.architecture(), stats),
            config.perBand(),
            config.seed());
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) done -> search.close());
    new ShardScan(
            model::observe, List.of(search), tokens -> TaskContext.get().killTaskIfInterrupted())
        .run(BatchPlan.of(piece.read(setup, plan), setup.config().scan().batchTokens()));
    Stream<ActivationExample> examples =
        IntStream.range(0, model.architecture().layers())
            .boxed()
            .flatMap(layer -> search.examples(layer).stream());
    return examples.map(example -> row(example, piece.number())).iterator();
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
