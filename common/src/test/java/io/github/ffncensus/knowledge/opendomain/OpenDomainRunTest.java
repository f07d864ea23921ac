package io.github.ffncensus.knowledge.opendomain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.EngineException;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.knowledge.opendomain.FactNeurons.Neuron;
import io.github.ffncensus.knowledge.opendomain.OpenDomainRun.Text;
import io.github.ffncensus.knowledge.opendomain.ReadingRules.MaskRead;
import io.github.ffncensus.knowledge.opendomain.ReadingRules.WordKind;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Coefficients that are read many at a time equal those of one text at a time. */
class OpenDomainRunTest {
  private static final int MASK = 4;
  private static final int FACTS = 6;

  /** What a run gave. */
  private record Read(long sequenceId, Reading reading, double[] values) {}

  @ParameterizedTest
  @CsvSource({
    "bert-gelu, FIRST",
    "bert-gelu, MEAN",
    "xlm-roberta-gelu, MEAN",
    "gpt2-gelu-new, FIRST",
    "llama-silu, MEAN"
  })
  void values_equalThoseOfOneTextAtATime(String fixture, MaskRead read) {
    try (Transformer model = DeviceShards.model(fixture)) {
      ReadingRules rules = rules(model, read);
      List<FactNeurons> neurons = neurons(model.architecture());
      List<Text> texts = texts(model.architecture());
      List<Read> reads = run(model, model::observe, rules, neurons, texts);
      int next = 0;
      for (Text text : texts) {
        for (Reading reading : text.readings()) {
          Read actual = reads.get(next++);
          assertThat(actual.sequenceId()).isEqualTo(text.sequenceId());
          assertThat(actual.reading()).isEqualTo(reading);
          double[] expected = alone(model, rules, neurons.get(reading.fact()), text, reading);
          assertThat(actual.values()).hasSameSizeAs(expected);
          for (int i = 0; i < expected.length; i++) {
            assertThat(actual.values()[i]).isCloseTo(expected[i], within(1e-5));
          }
        }
      }
      assertThat(reads).hasSize(next).hasSizeGreaterThan(100);
    }
  }

  /** From the definition, with the whole text and nothing else in the batch. */
  private static double[] alone(
      Transformer model, ReadingRules rules, FactNeurons neurons, Text text, Reading reading) {
    int[] tokens = text.tokens().clone();
    boolean masked = !model.architecture().causal();
    int from = masked ? reading.place().from() : reading.place().from() - 1;
    int to = masked && rules.read() == MaskRead.MEAN ? reading.place().to() : from + 1;
    for (int t = reading.place().from(); masked && t < reading.place().to(); t++) {
      tokens[t] = MASK;
    }
    AllCoefficients all = AllCoefficients.of(model, List.of(TokenSequence.of(0, tokens)));
    double[] values = new double[neurons.size()];
    for (int i = 0; i < values.length; i++) {
      for (int position = from; position < to; position++) {
        values[i] += all.row(neurons.get(i).layer(), 0, position)[neurons.get(i).index()];
      }
      values[i] /= to - from;
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-gelu-new"})
  void aText_runsOnceForAllFactsThatShareIt(String fixture) {
    try (Transformer model = DeviceShards.model(fixture)) {
      boolean masked = !model.architecture().causal();
      List<Reading> readings = new ArrayList<>();
      for (int fact = 0; fact < FACTS; fact++) {
        readings.add(
            new Reading(fact, TextClass.HEAD_ONLY, new TokenRange(1 + fact % 2, 2 + fact % 2)));
      }
      List<TokenSequence> ran = new ArrayList<>();
      run(
          model,
          (batch, observers) -> {
            ran.addAll(batch.sequences());
            model.observe(batch, observers);
          },
          rules(model, MaskRead.FIRST),
          neurons(model.architecture()),
          List.of(new Text(3, new int[] {9, 8, 7, 6}, readings)));
      assertThat(ran)
          .extracting(sequence -> Arrays.toString(sequence.tokens()))
          .containsExactlyInAnyOrder(
              masked ? new String[] {"[9, 4, 7, 6]", "[9, 8, 4, 6]"} : new String[] {"[9, 8]"});
    }
  }

  @Test
  void deviceThatRunsOutOfMemory_changesNothing() {
    try (Transformer model = DeviceShards.model("bert-gelu")) {
      ReadingRules rules = rules(model, MaskRead.MEAN);
      List<FactNeurons> neurons = neurons(model.architecture());
      List<Text> texts = texts(model.architecture());
      int[] refused = new int[1];
      List<Read> halved =
          run(
              model,
              (batch, observers) -> {
                if (batch.size() > 2) {
                  refused[0]++;
                  throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
                }
                model.observe(batch, observers);
              },
              rules,
              neurons,
              texts);
      List<Read> expected = run(model, model::observe, rules, neurons, texts);
      assertThat(refused[0]).isPositive();
      assertThat(halved).hasSameSizeAs(expected);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(halved.get(i).reading()).isEqualTo(expected.get(i).reading());
        assertThat(halved.get(i).values()).containsExactly(expected.get(i).values(), within(1e-5));
      }
    }
  }

  private static List<Read> run(
      Transformer model,
      ForwardPass forward,
      ReadingRules rules,
      List<FactNeurons> neurons,
      List<Text> texts) {
    List<Read> reads = new ArrayList<>();
    new OpenDomainRun(model, forward, rules, neurons, 128, tokens -> {})
        .run(
            texts.iterator(),
            0,
            (sequenceId, reading, values) -> reads.add(new Read(sequenceId, reading, values)));
    return reads;
  }

  private static ReadingRules rules(Transformer model, MaskRead read) {
    return new ReadingRules(
        model.architecture().causal() ? -1 : MASK, read, WordKind.UNICODE, 0, 1);
  }

  /** From none to some in every layer. */
  private static List<FactNeurons> neurons(Architecture architecture) {
    Random random = new Random(3);
    List<FactNeurons> neurons = new ArrayList<>();
    for (int fact = 0; fact < FACTS; fact++) {
      List<Neuron> own = new ArrayList<>();
      for (int i = 0; i < 2 * fact; i++) {
        own.add(
            new Neuron(
                random.nextInt(architecture.layers()),
                random.nextInt(architecture.intermediate())));
      }
      neurons.add(FactNeurons.of(List.of(own)));
    }
    return neurons;
  }

  private static List<Text> texts(Architecture architecture) {
    Random random = new Random(5);
    List<Text> texts = new ArrayList<>();
    for (TokenSequence sequence : RandomSequences.of(architecture, 60, 6)) {
      List<Reading> readings = new ArrayList<>();
      for (int i = random.nextInt(7); i > 0 && sequence.length() > 1; i--) {
        int from = 1 + random.nextInt(sequence.length() - 1);
        int to = Math.min(sequence.length(), from + 1 + random.nextInt(3));
        readings.add(
            new Reading(
                random.nextInt(FACTS),
                TextClass.values()[random.nextInt(3)],
                new TokenRange(from, to)));
      }
      texts.add(new Text(sequence.id(), sequence.tokens(), readings));
    }
    return texts;
  }
}
