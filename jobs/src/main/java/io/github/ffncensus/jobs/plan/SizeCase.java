package io.github.ffncensus.jobs.plan;

import io.github.ffncensus.model.ActivationFunction;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Architecture.PositionEncoding;
import java.util.List;
import java.util.Optional;

/**
 * A model on a corpus, as {@code docs/scale.md} has it.
 *
 * @param tokens of the corpus
 * @param tokensPerSequence on average
 * @param workers that compute at the same time
 * @param gflops that each is assumed to sustain
 * @param onGpu whether they are GPUs
 * @param settings that the page advises
 */
record SizeCase(
    String name,
    Architecture architecture,
    double tokens,
    double tokensPerSequence,
    int workers,
    double gflops,
    boolean onGpu,
    List<String> settings) {
  private static final double TEXT_BYTES_PER_TOKEN = 4.3;
  private static final double FILE_BYTES_PER_TEXT_BYTE = 1.1;
  private static final double TOKENS_PER_DOCUMENT = 1000;

  /** From small to large. */
  static final List<SizeCase> ALL =
      List.of(
          new SizeCase(
              "BERT base, 100 million tokens",
              encoder(12, 768, 12, 3072, 28_996),
              1e8,
              25,
              16,
              40,
              false,
              List.of("scan.activations.mode=off", "ingest.shard-tokens=250000")),
          new SizeCase(
              "GPT-2 XL, 1 billion",
              decoder(48, 1600, 25, 6400, 50_257),
              1e9,
              500,
              8,
              100_000,
              true,
              List.of(
                  "model.precision=bfloat16",
                  "scan.activations.mode=off",
                  "ingest.shard-tokens=5000000")),
          new SizeCase(
              "LLaMA-like 7B, 10 billion",
              gated(32, 4096, 32, 32, 11_008, 32_000),
              1e10,
              1000,
              64,
              100_000,
              true,
              List.of(
                  "model.precision=bfloat16",
                  "scan.activations.mode=off",
                  "ingest.shard-tokens=5000000")),
          new SizeCase(
              "LLaMA-like 70B, 1 trillion",
              gated(80, 8192, 64, 8, 28_672, 128_256),
              1e12,
              2000,
              1024,
              100_000,
              true,
              List.of(
                  "model.precision=bfloat16",
                  "scan.activations.mode=off",
                  "ingest.shard-tokens=10000000")));

  CorpusSize corpus() {
    double textBytes = TEXT_BYTES_PER_TOKEN * tokens;
    return new CorpusSize(
        (long) (FILE_BYTES_PER_TEXT_BYTE * textBytes),
        tokens / TOKENS_PER_DOCUMENT,
        tokens / tokensPerSequence,
        tokens,
        textBytes);
  }

  private static Architecture encoder(
      int layers, int hidden, int heads, int neurons, int vocabulary) {
    return shape(false, layers, hidden, heads, heads, neurons, vocabulary, false);
  }

  private static Architecture decoder(
      int layers, int hidden, int heads, int neurons, int vocabulary) {
    return shape(true, layers, hidden, heads, heads, neurons, vocabulary, false);
  }

  private static Architecture gated(
      int layers, int hidden, int heads, int keyValueHeads, int neurons, int vocabulary) {
    return shape(true, layers, hidden, heads, keyValueHeads, neurons, vocabulary, true);
  }

  /** What sizes follow from; the rest is as common. */
  private static Architecture shape(
      boolean causal,
      int layers,
      int hidden,
      int heads,
      int keyValueHeads,
      int neurons,
      int vocabulary,
      boolean gated) {
    return new Architecture(
        causal,
        layers,
        hidden,
        heads,
        keyValueHeads,
        hidden / heads,
        neurons,
        vocabulary,
        causal ? 4096 : 512,
        causal,
        false,
        gated,
        false,
        1e-5,
        1,
        PositionEncoding.LEARNED,
        0,
        causal ? 4096 : 512,
        Optional.empty(),
        Optional.empty(),
        gated,
        gated ? ActivationFunction.SILU : ActivationFunction.GELU,
        !gated,
        !gated,
        !gated,
        causal ? 0 : 2,
        true,
        false,
        !gated,
        Optional.empty(),
        false,
        0);
  }
}
