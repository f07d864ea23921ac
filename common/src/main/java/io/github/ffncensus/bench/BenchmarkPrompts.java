package io.github.ffncensus.bench;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.FactLines;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.knowledge.facts.PromptEncoder.Fill;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;

/** Prompts with answers of one token, for benchmarks. */
@FunctionalInterface
public interface BenchmarkPrompts {

  /** Some prompts in random order; other seeds give others. */
  List<EncodedPrompt> draw(int count, long seed);

  /** Prompts of random tokens, as long as real ones, with the answer's place anywhere. */
  static BenchmarkPrompts random(Architecture architecture) {
    TextLengths lengths = TextLengths.prompts();
    return (count, seed) -> {
      Random random = new Random(seed);
      List<EncodedPrompt> prompts = new ArrayList<>();
      for (int length : lengths.spread(count)) {
        int[] tokens = random.ints(length, 0, architecture.vocabulary()).toArray();
        int[] position = {random.nextInt(length)};
        int[] answer = {random.nextInt(architecture.vocabulary())};
        AnswerContext context = new AnswerContext(tokens, position, answer);
        prompts.add(new EncodedPrompt("", "", prompts.size(), List.of(context)));
      }
      Collections.shuffle(prompts, random);
      return prompts;
    };
  }

  /**
   * Prompts of facts.
   *
   * @param facts one fact to a line, as JSON; gzipped if its name ends with .gz
   * @throws CensusException of kind INPUT if the file cannot be read or the model reads none of its
   *     prompts
   */
  static BenchmarkPrompts ofFacts(Path facts, ModelTokenizer tokenizer, Architecture architecture) {
    PromptEncoder encoder =
        new PromptEncoder(
            tokenizer,
            architecture.causal(),
            Fill.LEFT_TO_RIGHT,
            "[MASK]",
            architecture.maxSequenceTokens());
    List<EncodedPrompt> all =
        encoder.encodeAll(read(facts)).stream()
            .filter(result -> result.encoded() != null)
            .map(PromptEncoder.Result::encoded)
            .filter(prompt -> prompt.answerTokens() == 1)
            .toList();
    if (all.isEmpty()) {
      throw CensusException.input(
          facts + ": no prompt with an answer of one token; this model cannot be measured with it");
    }
    return (count, seed) -> new Random(seed).ints(count, 0, all.size()).mapToObj(all::get).toList();
  }

  private static List<Fact> read(Path facts) {
    List<Fact> read = new ArrayList<>();
    try (InputStream file = Files.newInputStream(facts);
        InputStream bytes = facts.toString().endsWith(".gz") ? new GZIPInputStream(file) : file;
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8))) {
      long number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Fact fact = FactLines.parse(++number, line, reject -> {});
        if (fact != null) {
          read.add(fact);
        }
      }
    } catch (IOException e) {
      throw CensusException.input(facts + ": cannot be read: " + e, e);
    }
    return read;
  }
}
