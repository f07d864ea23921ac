package io.github.ffncensus.interpret.patterns;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.BlindModel;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Property 19: a key of a blind first layer that is made for one token. */
class PlantedPatternTest {
  private static final int NEURON = 11;
  private static final PatternSettings SETTINGS =
      new PatternSettings("zxx", List.of(), 10, 3, 0.01, 1);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-bias-tied", "bert-gelu"})
  void keyOfOneToken_hasThatTokenAsItsPattern(String fixture) {
    BlindModel blind = BlindModel.of(fixture, folder);
    List<float[]> inputs = inputs(blind);
    int token = mostAligned(inputs);
    try (Transformer model = planted(blind, inputs, token)) {
      List<TokenSequence> corpus =
          withToken(token, RandomSequences.of(model.architecture(), 120, 4));
      PatternBackground.Builder background = new PatternBackground.Builder(SETTINGS);
      for (TokenSequence sequence : corpus) {
        IntStream.range(0, sequence.length())
            .filter(position -> !sequence.special()[position])
            .forEach(position -> background.add(prefix(0, sequence, position)));
      }
      List<Trigger> triggers =
          AllCoefficients.of(model, corpus)
              .triggers(0, NEURON, Polarity.POSITIVE, Distinct.SEQUENCE, 25, 1);
      assertThat(triggers).hasSize(25);
      List<PrefixText> prefixes = new ArrayList<>();
      for (Trigger trigger : triggers) {
        prefixes.add(
            prefix(trigger.rank(), corpus.get((int) trigger.sequenceId()), trigger.position()));
      }
      KeyPatterns found = new PatternFinder(SETTINGS, background.build()).find(prefixes);
      assertThat(found.scores().lastTokenConcentration()).isEqualTo(1);
      assertThat(found.scores().lastTokenEffective()).isEqualTo(1);
      FoundPattern first = found.patterns().get(0);
      assertThat(first.pattern().kind()).isEqualTo(PatternKind.LAST_TOKEN);
      assertThat(first.pattern().text()).isEqualTo("t" + token);
      assertThat(first.support()).isEqualTo(found.labels().prefixes());
      assertThat(found.labels().notCovered()).isZero();
    }
  }

  /** Every third sequence gets the token somewhere. */
  private static List<TokenSequence> withToken(int token, List<TokenSequence> corpus) {
    List<TokenSequence> changed = new ArrayList<>();
    for (TokenSequence sequence : corpus) {
      int[] tokens = sequence.tokens().clone();
      int place = (int) sequence.id() % tokens.length;
      if (sequence.id() % 3 == 0 && !sequence.special()[place]) {
        tokens[place] = token;
      }
      changed.add(new TokenSequence(sequence.id(), tokens, sequence.special()));
    }
    return changed;
  }

  private static PrefixText prefix(int rank, TokenSequence sequence, int position) {
    String text =
        IntStream.rangeClosed(0, position)
            .mapToObj(i -> "t" + sequence.tokens()[i])
            .collect(Collectors.joining(" "));
    return new PrefixText(rank, "d" + sequence.id(), text, "t" + sequence.tokens()[position], null);
  }

  /** A token that is more aligned with its own FFN input than any other, since that is longest. */
  private static int mostAligned(List<float[]> inputs) {
    return IntStream.range(0, inputs.size())
        .boxed()
        .max(Comparator.comparingDouble(token -> dot(inputs.get(token), inputs.get(token))))
        .orElseThrow();
  }

  /** The key is the token's FFN input, and the bias cuts off all other tokens. */
  private static Transformer planted(BlindModel blind, List<float[]> inputs, int token) {
    float[] key = inputs.get(token);
    double next =
        IntStream.range(0, inputs.size())
            .filter(other -> other != token)
            .mapToDouble(other -> dot(inputs.get(other), key))
            .max()
            .orElseThrow();
    assertThat(next).as("the token is the most aligned one").isLessThan(dot(key, key));
    blind.plant(NEURON, key, (float) (-(dot(key, key) + next) / 2));
    return blind.load();
  }

  private static List<float[]> inputs(BlindModel blind) {
    try (Transformer model = blind.load()) {
      return IntStream.range(0, model.architecture().vocabulary())
          .mapToObj(token -> BlindModel.input(model, token))
          .toList();
    }
  }

  private static double dot(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(j -> (double) a[j] * b[j]).sum();
  }
}
