package io.github.ffncensus.knowledge.attribution;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.AnswerScores;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.ResumablePass;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** Integrated gradients of one batch of requests: a clean pass, then the paths of each layer. */
final class BatchAttribution {
  private final Transformer model;
  private final AnswerScores scores;
  private final AttributionOptions options;
  private final Baseline baseline;
  private final List<AttributionRequest> requests;
  private final List<Lane> lanes;
  private final int layers;

  BatchAttribution(
      Transformer model,
      AnswerScores scores,
      AttributionOptions options,
      Baseline baseline,
      List<AttributionRequest> requests) {
    this.model = model;
    this.scores = scores;
    this.options = options;
    this.baseline = baseline;
    this.requests = requests;
    this.lanes = Lane.of(requests, options.path(), model.architecture().causal());
    this.layers = model.architecture().layers();
  }

  /** What the clean pass says of a request's answer, by piece. */
  private record Answer(double[] logProbabilities, int[] ranks, int[] predicted) {
    Answer(int pieces) {
      this(new double[pieces], new int[pieces], new int[pieces]);
    }

    AnswerReading reading() {
      return new AnswerReading(
          Arrays.stream(logProbabilities).average().orElseThrow(),
          Arrays.stream(ranks).max().orElseThrow(),
          predicted);
    }
  }

  /**
   * Runs the batch.
   *
   * @param stepsAtOnce scaled copies of each context that go through the model together
   * @param beforeRows told how many rows are about to run
   * @return by request
   */
  List<PromptAttribution> run(int stepsAtOnce, IntConsumer beforeRows) {
    List<TokenSequence> sequences = new ArrayList<>();
    lanes.forEach(lane -> sequences.add(TokenSequence.of(sequences.size(), lane.tokens())));
    int[][] positions = lanes.stream().map(Lane::positions).toArray(int[][]::new);
    try (ResumablePass pass = model.resumable(new TokenBatch(sequences), positions);
        NDManager scope = model.newScope()) {
      LaneArrays arrays = new LaneArrays(lanes, pass, scope);
      Answer[] answers = read(pass, arrays, scope);
      Objective objective = objective(answers, arrays);
      NDArray slots = arrays.atSlots(lane -> 1);
      NDArray units =
          arrays.groups(
              requests.size(), Lane::request, lane -> (double) lane.unitPieces() / pieces(lane));
      NDArray means = arrays.groups(requests.size(), Lane::request, lane -> 1.0 / pieces(lane));
      double[] full = byRequest(objective.of(cleanStates(pass, scope)).toFloatArray());
      double[][] zeroed = new double[requests.size()][layers];
      float[][][] coefficients = new float[requests.size()][layers][];
      float[][][] attributions = new float[requests.size()][layers][];
      double[] alphas = options.rule().alphas(options.steps());
      for (int l = 0; l < layers; l++) {
        try (NDManager layerScope = scope.newSubManager()) {
          LayerPath path = new LayerPath(model, pass, l, baseline, slots, layerScope);
          NDArray gradient = path.meanGradient(alphas, stepsAtOnce, objective, beforeRows);
          float[][] attributed = path.attributions(gradient, units);
          float[][] clean = path.coefficients(means);
          double[] atBaseline = byRequest(path.targetAt(0, objective, beforeRows));
          for (int r = 0; r < requests.size(); r++) {
            attributions[r][l] = attributed[r];
            coefficients[r][l] = clean[r];
            zeroed[r][l] = atBaseline[r];
          }
        }
      }
      List<PromptAttribution> results = new ArrayList<>();
      for (int r = 0; r < requests.size(); r++) {
        results.add(
            new PromptAttribution(
                requests.get(r).prompt(),
                answers[r].reading(),
                answers[r].logProbabilities(),
                answers[r].ranks(),
                full[r],
                zeroed[r],
                coefficients[r],
                attributions[r]));
      }
      return results;
    }
  }

  private int pieces(Lane lane) {
    return requests.get(lane.request()).prompt().answerTokens();
  }

  private Answer[] read(ResumablePass pass, LaneArrays arrays, NDManager scope) {
    Answer[] answers =
        requests.stream()
            .map(request -> new Answer(request.prompt().answerTokens()))
            .toArray(Answer[]::new);
    long[] gold = arrays.tokens(gold());
    NDArray rows = cleanStates(pass, scope).reshape(gold.length, -1);
    AnswerScores.Scores read = scores.read(model.logits(rows), gold);
    arrays.forEach(
        (lane, index, piece) -> {
          Answer answer = answers[lane.request()];
          answer.logProbabilities[piece] = read.logProbabilities()[index];
          answer.ranks[piece] = read.ranks()[index];
          answer.predicted[piece] = read.predicted()[index];
        });
    return answers;
  }

  /** (lanes, 1, slots, hidden). */
  private static NDArray cleanStates(ResumablePass pass, NDManager scope) {
    NDArray states = pass.states().expandDims(1);
    states.attach(scope);
    return states;
  }

  private Objective objective(Answer[] answers, LaneArrays arrays) {
    List<int[]> tokens =
        switch (options.tokens()) {
          case GOLD -> gold();
          case PREDICTED -> Arrays.stream(answers).map(Answer::predicted).toList();
          case GIVEN -> requests.stream().map(request -> joined(request.given())).toList();
        };
    boolean contrast = options.target() == AttributionTarget.CONTRAST;
    NDArray foils =
        contrast
            ? arrays.tokenArray(requests.stream().map(request -> joined(request.foils())).toList())
            : null;
    int units = lanes.get(lanes.size() - 1).unit() + 1;
    return new Objective(
        model,
        scores,
        options.target(),
        arrays.tokenArray(tokens),
        foils,
        arrays.atSlots(lane -> 1.0 / lane.unitPieces()).expandDims(1),
        arrays.groups(units, Lane::unit, lane -> 1));
  }

  private List<int[]> gold() {
    return requests.stream()
        .map(
            request ->
                joined(request.prompt().contexts().stream().map(AnswerContext::answers).toList()))
        .toList();
  }

  private static int[] joined(List<int[]> byContext) {
    return byContext.stream().flatMapToInt(Arrays::stream).toArray();
  }

  /** Means over the units of each request. */
  private double[] byRequest(float[] ofUnits) {
    double[] means = new double[requests.size()];
    for (Lane lane : lanes) {
      // A lane carries its own pieces' part of its unit's share in its request.
      double share = (double) lane.pieces().length / pieces(lane);
      means[lane.request()] += ofUnits[lane.unit()] * share;
    }
    return means;
  }
}
