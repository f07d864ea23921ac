package io.github.ffncensus.bench;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.knowledge.EncodedPrompt;
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
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Prompts with answers of one token, for benchmarks. */
public interface BenchmarkPrompts {

  /** Some prompts in random order; other seeds give others. */
  List<EncodedPrompt> draw(int count, long seed);

  /** What they are, in words. */
  String description();

  /** Prompts of random tokens, as long as real ones, with the answer's place anywhere. */
  static BenchmarkPrompts random(Architecture architecture) {
    return new RandomPrompts(TextLengths.prompts(), architecture.vocabulary());
  }

  /**
   * Prompts of facts.
   *
   * @param facts one fact to a line, as JSON; gzipped if its name ends with .gz
   * @param mostTokens longer prompts are left out
   * @throws CensusException of kind INPUT if the file cannot be read, if the model reads none of
   *     its prompts or if it has fewer tokens than the tokenizer
   */
  static BenchmarkPrompts ofFacts(
      Path facts, ModelTokenizer tokenizer, Architecture architecture, int mostTokens) {
    if (tokenizer.vocabularySize() > architecture.vocabulary()) {
      throw CensusException.input(
          "the tokenizer has %,d tokens, the model %,d: use a smaller tokenizer, or its own model"
              .formatted(tokenizer.vocabularySize(), architecture.vocabulary()));
    }
    PromptEncoder encoder =
        new PromptEncoder(
            tokenizer, architecture.causal(), Fill.LEFT_TO_RIGHT, "[MASK]", mostTokens);
    List<PromptEncoder.Result> all = encoder.encodeAll(read(facts));
    List<EncodedPrompt> usable =
        all.stream()
            .map(PromptEncoder.Result::encoded)
            .filter(prompt -> prompt != null && prompt.answerTokens() == 1)
            .toList();
    if (usable.isEmpty()) {
      throw CensusException.input(
          facts + ": no prompt with an answer of one token; this model cannot be measured with it");
    }
    return new FactPrompts(facts, usable, all.size());
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
