package io.github.ffncensus.interpret.patterns;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Property 19: a key of a blind first layer that is made for one token. */
class PlantedPatternTest {
  private static final String LAYER = "transformer.h.0.";
  private static final int NEURON = 11;
  private static final int TOKEN = 42;
  private static final PatternSettings SETTINGS =
      new PatternSettings("zxx", List.of(), 10, 3, 0.01, 1);

  @TempDir Path folder;

  @Test
  void keyOfOneToken_hasThatTokenAsItsPattern() {
    try (Transformer model = planted()) {
      List<TokenSequence> corpus = withToken(RandomSequences.of(model.architecture(), 120, 4));
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
      assertThat(first.pattern().text()).isEqualTo("t" + TOKEN);
      assertThat(first.support()).isEqualTo(found.labels().prefixes());
      assertThat(found.labels().notCovered()).isZero();
    }
  }

  /** Every third sequence gets the token somewhere. */
  private static List<TokenSequence> withToken(List<TokenSequence> corpus) {
    List<TokenSequence> changed = new ArrayList<>();
    for (TokenSequence sequence : corpus) {
      int[] tokens = sequence.tokens().clone();
      int place = (int) sequence.id() % tokens.length;
      if (sequence.id() % 3 == 0 && !sequence.special()[place]) {
        tokens[place] = TOKEN;
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

  /** Attention and positions add nothing; the key is the token's FFN input, cut off below it. */
  private Transformer planted() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    copy.config().put("activation_function", "relu");
    Arrays.fill(copy.values(LAYER + "attn.c_proj.weight"), 0);
    Arrays.fill(copy.values(LAYER + "attn.c_proj.bias"), 0);
    Arrays.fill(copy.values("transformer.wpe.weight"), 0);
    float[] gain = copy.values(LAYER + "ln_2.weight");
    float[] shift = copy.values(LAYER + "ln_2.bias");
    float[] embedding = copy.values("transformer.wte.weight");
    int width = gain.length;
    double[][] inputs = new double[embedding.length / width][];
    for (int token = 0; token < inputs.length; token++) {
      inputs[token] = normed(embedding, token * width, gain, shift);
    }
    double own = dot(inputs[TOKEN], inputs[TOKEN]);
    double next =
        IntStream.range(0, inputs.length)
            .filter(token -> token != TOKEN)
            .mapToDouble(token -> dot(inputs[token], inputs[TOKEN]))
            .max()
            .orElseThrow();
    assertThat(next).as("the token is the most aligned one").isLessThan(own);
    float[] keys = copy.values(LAYER + "mlp.c_fc.weight");
    int neurons = keys.length / width;
    for (int i = 0; i < width; i++) {
      keys[i * neurons + NEURON] = (float) inputs[TOKEN][i];
    }
    copy.values(LAYER + "mlp.c_fc.bias")[NEURON] = (float) (-(own + next) / 2);
    return TransformerLoader.load(ModelFolder.open(copy.write()), Device.cpu(), Precision.FLOAT32);
  }

  private static double[] normed(float[] values, int from, float[] gain, float[] shift) {
    double mean = 0;
    for (int i = 0; i < gain.length; i++) {
      mean += values[from + i] / gain.length;
    }
    double variance = 0;
    for (int i = 0; i < gain.length; i++) {
      variance += (values[from + i] - mean) * (values[from + i] - mean) / gain.length;
    }
    double[] normed = new double[gain.length];
    for (int i = 0; i < gain.length; i++) {
      normed[i] = (values[from + i] - mean) / Math.sqrt(variance + 1e-5) * gain[i] + shift[i];
    }
    return normed;
  }

  private static double dot(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
  }
}
