package io.github.ffncensus.knowledge.intervention;

import ai.djl.ndarray.NDManager;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.knowledge.AnswerReader;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.Intervention;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Answers prompts while neurons are scaled: in every layer at once, at the answer's positions only,
 * and after the nonlinearity (Dai et al. 2022, section 4.2). Upper layers see what lower ones make
 * of it. Weights are untouched.
 *
 * <p>Trials of like length share batches, whatever is scaled in them. A batch that does not fit the
 * device is run again in halves.
 */
public final class InterventionRun {
  private final Transformer model;
  private final ForwardPass forward;
  private final int batchTokens;
  private final LongConsumer tokensDone;

  /** {@link Transformer#observe(TokenBatch, List, Intervention)}. */
  @FunctionalInterface
  interface ForwardPass {
    void observe(
        TokenBatch batch, List<? extends ForwardObserver> observers, Intervention intervention);
  }

  /**
   * @param batchTokens most tokens of a batch, padding included
   * @param tokensDone told the tokens of each finished batch, without padding
   */
  public InterventionRun(Transformer model, int batchTokens, LongConsumer tokensDone) {
    this(model, model::observe, batchTokens, tokensDone);
  }

  InterventionRun(
      Transformer model, ForwardPass forward, int batchTokens, LongConsumer tokensDone) {
    this.model = model;
    this.forward = forward;
    this.batchTokens = batchTokens;
    this.tokensDone = tokensDone;
  }

  /**
   * Runs all trials.
   *
   * @return a reading for each, in their order
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public List<AnswerReading> run(List<Trial> trials) {
    TorchEngine.prepareThread();
    try (NDManager scope = model.newScope();
        CoefficientScaling scaling = new CoefficientScaling(scope);
        AnswerReader reader = new AnswerReader(model)) {
      List<TokenSequence> sequences = new ArrayList<>();
      List<List<AnswerReader.Reading>> readings = new ArrayList<>();
      for (Trial trial : trials) {
        List<AnswerReader.Reading> ofTrial = new ArrayList<>();
        for (AnswerContext context : trial.prompt().contexts()) {
          TokenSequence sequence = TokenSequence.of(sequences.size(), context.tokens());
          sequences.add(sequence);
          scaling.add(sequence, context.positions(), trial.scaled());
          ofTrial.add(reader.add(sequence, context));
        }
        readings.add(ofTrial);
      }
      new ShardScan(
              (batch, observers) -> forward.observe(batch, observers, scaling.of(batch)),
              List.of(reader),
              tokensDone)
          .run(BatchPlan.of(sequences, batchTokens));
      return readings.stream().map(AnswerReader::combine).toList();
    }
  }
}
