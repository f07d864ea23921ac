package io.github.ffncensus.analysis.activations;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.activations.ActivationMode.Neuron;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The per-token record against an oracle that keeps every coefficient. */
class ActivationRecorderTest {
  private static final int WIDTH = 72;
  private static Transformer model;
  private static List<TokenSequence> corpus;
  private static AllCoefficients all;

  private record Token(int layer, long sequence, int position, int id) {}

  @BeforeAll
  static void load() {
    ModelFolder folder = ModelFolder.open(Fixture.named("bert-gelu").folder());
    model = TransformerLoader.load(folder, Device.cpu(), Precision.FLOAT32);
    assertThat(model.architecture().intermediate()).isEqualTo(WIDTH);
    corpus = RandomSequences.of(model.architecture(), 40, 9);
    all = AllCoefficients.of(model, corpus);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 32, WIDTH, 1000})
  void top_recordsTheLargestOfEachToken(int perToken) {
    assertThat(record(new ActivationMode.Top(perToken)))
        .isEqualTo(
            expected(
                (layer, row) ->
                    IntStream.range(0, WIDTH)
                        .boxed()
                        .sorted(Comparator.comparingDouble((Integer i) -> -row[i]))
                        .limit(perToken)
                        .toList()));
  }

  @ParameterizedTest
  @CsvSource({"0", "0.05", "-0.01", "-1000", "1000"})
  void threshold_recordsWhatIsAboveIt_andNoTokenWithoutAny(float threshold) {
    Map<Token, Map<Integer, Float>> recorded = record(new ActivationMode.Threshold(threshold));
    assertThat(recorded)
        .isEqualTo(
            expected(
                (layer, row) ->
                    IntStream.range(0, WIDTH).boxed().filter(i -> row[i] > threshold).toList()));
    assertThat(recorded.isEmpty()).isEqualTo(threshold == 1000);
  }

  @Test
  void neurons_recordsTheChosen_onTheirLayersOnly() {
    List<Neuron> chosen =
        List.of(new Neuron(2, 71), new Neuron(0, 3), new Neuron(2, 0), new Neuron(0, 3));
    assertThat(record(new ActivationMode.Neurons(chosen)))
        .isEqualTo(
            expected(
                (layer, row) ->
                    switch (layer) {
                      case 0 -> List.of(3);
                      case 2 -> List.of(0, 71);
                      default -> List.of();
                    }));
  }

  @Test
  void all_recordsEverything() {
    Map<Token, Map<Integer, Float>> recorded = record(new ActivationMode.All());
    assertThat(recorded)
        .isEqualTo(expected((layer, row) -> IntStream.range(0, WIDTH).boxed().toList()));
    int textTokens = corpus.stream().mapToInt(TokenSequence::textTokens).sum();
    assertThat(recorded).hasSize(textTokens * model.architecture().layers());
  }

  private interface Choice {
    List<Integer> of(int layer, float[] row);
  }

  /** By token, the chosen neurons in order with their coefficients. */
  private static Map<Token, Map<Integer, Float>> expected(Choice choice) {
    Map<Token, Map<Integer, Float>> expected = new TreeMap<>(order());
    for (int layer = 0; layer < model.architecture().layers(); layer++) {
      for (TokenSequence sequence : corpus) {
        for (int position = 0; position < sequence.length(); position++) {
          float[] row = all.row(layer, sequence.id(), position);
          List<Integer> neurons = choice.of(layer, row);
          if (!sequence.special()[position] && !neurons.isEmpty()) {
            Map<Integer, Float> coefficients = new LinkedHashMap<>();
            neurons.forEach(neuron -> coefficients.put(neuron, row[neuron]));
            expected.put(
                new Token(layer, sequence.id(), position, sequence.tokens()[position]),
                coefficients);
          }
        }
      }
    }
    return inOrder(expected);
  }

  private static Map<Token, Map<Integer, Float>> record(ActivationMode mode) {
    Map<Token, Map<Integer, Float>> recorded = new TreeMap<>(order());
    List<Token> tokens = new ArrayList<>();
    ActivationRecorder recorder =
        new ActivationRecorder(
            mode,
            model.architecture(),
            (layer, sequence, position, id, neurons, coefficients, count) -> {
              Map<Integer, Float> row = new LinkedHashMap<>();
              for (int i = 0; i < count; i++) {
                row.put(neurons[i], coefficients[i]);
              }
              tokens.add(new Token(layer, sequence, position, id));
              recorded.put(tokens.get(tokens.size() - 1), row);
            });
    // Batches of one sequence compute the same bits as the oracle.
    new ShardScan(model::observe, List.of(recorder), done -> {}).run(BatchPlan.of(corpus, 1));
    assertThat(tokens).doesNotHaveDuplicates();
    return inOrder(recorded);
  }

  /** Makes the order of neurons count: each is numbered by its place. */
  private static Map<Token, Map<Integer, Float>> inOrder(Map<Token, Map<Integer, Float>> rows) {
    rows.replaceAll(
        (token, row) -> {
          int[] neurons = row.keySet().stream().mapToInt(i -> i).toArray();
          Map<Integer, Float> placed = new LinkedHashMap<>();
          for (int place = 0; place < neurons.length; place++) {
            placed.put(place * WIDTH + neurons[place], row.get(neurons[place]));
          }
          assertThat(Arrays.stream(neurons).distinct().count()).isEqualTo(neurons.length);
          return placed;
        });
    return rows;
  }

  private static Comparator<Token> order() {
    return Comparator.comparingInt(Token::layer)
        .thenComparingLong(Token::sequence)
        .thenComparingInt(Token::position);
  }
}
