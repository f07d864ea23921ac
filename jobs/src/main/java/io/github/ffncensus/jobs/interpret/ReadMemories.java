package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.interpret.memories.MemoryAblation;
import io.github.ffncensus.interpret.memories.MemoryPosition;
import io.github.ffncensus.interpret.memories.MemoryReadings;
import io.github.ffncensus.jobs.config.CensusConfig.Memories;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.interpret.MemoryTables.Files;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;

/** Task: the sampled positions of some sequences. No files for a model without a head. */
final class ReadMemories implements Function<SampledSequences, Files>, ModelTask {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final ShardPlan plan;

  ReadMemories(TaskSetup setup, ShardPlan plan) {
    this.setup = setup;
    this.plan = plan;
  }

  /** A memory with the position that it is at. */
  private record Ablation(MemoryPosition position, MemoryAblation memory) {}

  @Override
  public Files call(SampledSequences piece) throws IOException {
    Transformer model = setup.model();
    if (!model.hasHead()) {
      return new Files(new ArrayList<>(), new ArrayList<>());
    }
    Memories config = setup.config().interpret().memories();
    MemoryReadings readings =
        new MemoryReadings(
            model,
            new PositionSample.PerSequence(config.positionsPerSequence(), config.seed()),
            config.strongest(),
            setup.config().scan().batchTokens(),
            tokens -> TaskContext.get().killTaskIfInterrupted(),
            (part, nanoseconds) -> {
              // Times are for the benchmark.
            });
    List<MemoryPosition> positions = readings.read(piece.read(setup, plan));
    Encoder encoder = new Encoder(setup.tokenizer());
    try (ParquetTableWriter<MemoryPosition> rows =
            setup.create(MemoryTables.POSITIONS, piece.number(), encoder::position);
        ParquetTableWriter<Ablation> ablations =
            setup.create(MemoryTables.ABLATIONS, piece.number(), encoder::ablation)) {
      for (MemoryPosition position : positions) {
        rows.write(position);
        for (MemoryAblation memory : position.memories()) {
          ablations.write(new Ablation(position, memory));
        }
      }
      return new Files(
          new ArrayList<>(List.of(rows.finish())), new ArrayList<>(List.of(ablations.finish())));
    }
  }

  private record Encoder(ModelTokenizer tokenizer) {

    void position(MemoryPosition row, RowWriter out) {
      out.intValue("layer", row.layer());
      out.longValue("sequence_id", row.sequenceId());
      out.intValue("position", row.position());
      token(out, "token_id", "token", row.tokenId());
      token(out, "output_token_id", "output_token", row.outputToken());
      out.doubleValue("output_probability", row.outputProbability());
      out.doubleValue("output_entropy", row.outputEntropy());
      out.floatValue("residual_length", row.residualLength());
      out.intValue("residual_rank", row.residualRank());
      out.intValue("active_memories", row.activeMemories());
      out.doubleValue("total_contribution", row.totalContribution());
      token(out, "residual_token_id", "residual_token", row.residualToken());
      out.intValue("residual_output_rank", row.residualOutputRank());
      out.doubleValue("residual_output_probability", row.residualOutputProbability());
      token(out, "ffn_token_id", "ffn_token", row.ffnToken());
      out.intValue("ffn_output_rank", row.ffnOutputRank());
      out.doubleValue("ffn_output_probability", row.ffnOutputProbability());
      out.intValue("residual_token_rank_in_ffn", row.residualTokenRankInFfn());
      out.doubleValue("residual_token_probability_in_ffn", row.residualTokenProbabilityInFfn());
      if (row.medianOutputRank() != null) {
        out.intValue("median_output_rank", row.medianOutputRank());
      }
      out.intValue("output_voters", row.outputVoters());
      if (row.memoriesForFfnToken() != null) {
        out.intValue("memories_for_ffn_token", row.memoriesForFfnToken());
      }
    }

    void ablation(Ablation row, RowWriter out) {
      MemoryPosition position = row.position();
      MemoryAblation memory = row.memory();
      out.intValue("layer", position.layer());
      out.longValue("sequence_id", position.sequenceId());
      out.intValue("position", position.position());
      out.intValue("rank", memory.rank());
      out.intValue("neuron", memory.neuron());
      out.floatValue("coefficient", memory.coefficient());
      out.floatValue("contribution", memory.contribution());
      token(out, "value_token_id", "value_token", memory.valueToken());
      token(out, "output_token_id", "output_token", position.outputToken());
      out.intValue("output_rank_in_value", memory.outputRank());
      out.doubleValue("output_probability_in_value", memory.outputProbability());
      out.intValue("ffn_token_rank_in_value", memory.ffnTokenRank());
      out.doubleValue("ffn_token_probability_in_value", memory.ffnTokenProbability());
      out.doubleValue("log_probability_change", memory.logProbabilityChange());
      out.booleanValue("changes_prediction", memory.changesPrediction());
      token(out, "prediction_without_id", "prediction_without", memory.predictionWithout());
    }

    private void token(RowWriter out, String id, String name, int token) {
      out.intValue(id, token);
      out.string(name, PredictedToken.name(tokenizer, token));
    }
  }
}
