package io.github.ffncensus.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkPromptsTest {
  private static final Path MODEL = Fixture.named("bert-gelu").folder();

  @TempDir Path folder;

  private static Architecture architecture() {
    return ModelFolder.open(MODEL).architecture();
  }

  /** 171,455 prompts have 11.17 tokens on average; few are longer than 20. */
  @Test
  void randomPrompts_areAsLongAsRealOnes() {
    List<EncodedPrompt> prompts = BenchmarkPrompts.random(architecture()).draw(500, 1);
    int[] lengths = prompts.stream().mapToInt(p -> p.contexts().get(0).tokens().length).toArray();
    assertThat(Arrays.stream(lengths).average().orElseThrow()).isCloseTo(11.17, within(0.05));
    assertThat(lengths).contains(7, 17).doesNotContain(2, 40);
    assertThat(prompts).allMatch(prompt -> prompt.answerTokens() == 1);
  }

  @Test
  void promptsOfFacts_areThoseWithOneAnswerToken() throws IOException {
    Path facts = folder.resolve("facts.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(facts))) {
      out.write(
          """
          {"relation":"r","fact_id":"a","head":"h","answer":"the","prompts":["is [MASK] river"]}
          {"relation":"r","fact_id":"b","head":"h","answer":"Xenon","prompts":["is [MASK] it"]}
          no fact
          """
              .getBytes(StandardCharsets.UTF_8));
    }
    try (ModelTokenizer tokenizer = ModelTokenizer.open(MODEL)) {
      BenchmarkPrompts source = BenchmarkPrompts.ofFacts(facts, tokenizer, architecture(), 64);
      List<EncodedPrompt> prompts = source.draw(3, 1);
      assertThat(source.description()).contains("the 1 of 2 whose answer is one token");
      assertThat(prompts).hasSize(3).allMatch(prompt -> prompt.factId().equals("a"));
    }
  }

  @Test
  void factsThatCannotBeMeasured_areNamed() throws IOException {
    Path facts = Files.writeString(folder.resolve("facts.jsonl"), "no fact\n");
    try (ModelTokenizer tokenizer = ModelTokenizer.open(MODEL)) {
      assertThatThrownBy(() -> BenchmarkPrompts.ofFacts(facts, tokenizer, architecture(), 64))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("facts.jsonl: no prompt");
      assertThatThrownBy(
              () ->
                  BenchmarkPrompts.ofFacts(
                      folder.resolve("missing.jsonl"), tokenizer, architecture(), 64))
          .isInstanceOf(CensusException.class)
          .hasMessageContaining("missing.jsonl: cannot be read");
    }
  }
}
