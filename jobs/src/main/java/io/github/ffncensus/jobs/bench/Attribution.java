package io.github.ffncensus.jobs.bench;

import ai.djl.Device;
import io.github.ffncensus.bench.AttributionBenchmark;
import io.github.ffncensus.bench.BenchmarkPrompts;
import io.github.ffncensus.knowledge.attribution.AnswerPath;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.AttributionTarget;
import io.github.ffncensus.knowledge.attribution.StepRule;
import io.github.ffncensus.knowledge.attribution.TargetTokens;
import io.github.ffncensus.model.DeviceChoice;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.RandomTransformer;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench attribution}. */
@Command(
    name = "attribution",
    description =
        "Integrated gradients of a BERT-base-shaped random model on prompts of real lengths, beside the"
            + " straightforward way: one prompt at a time, padded to 128 tokens, from the embeddings up for every"
            + " layer and step. Medians over rounds.",
    mixinStandardHelpOptions = true)
final class Attribution implements Callable<Integer> {
  @Option(
      names = "--device",
      defaultValue = "auto",
      description = "auto, cpu or gpu:N; default ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--workers",
      description = "Threads that compute at once; default: one per processor, one on a GPU.")
  private int workers;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Measurements of each way; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--prompts",
      defaultValue = "24",
      description =
          "Prompts per worker and measurement, of the straightforward way 1; default ${DEFAULT-VALUE}.")
  private int prompts;

  @Option(
      names = "--steps",
      defaultValue = "20",
      description = "Points of the path; default ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--row-tokens",
      defaultValue = "2048",
      description = "Token budget of a batch, all scaled copies counted; default ${DEFAULT-VALUE}.")
  private int rowTokens;

  @ArgGroup(exclusive = false)
  private Real real;

  /** A model and facts of the user's. */
  static final class Real {
    @Option(names = "--model", required = true, description = "A model folder instead.")
    private Path model;

    @Option(
        names = "--facts",
        required = true,
        description = "Facts whose prompts it reads, one to a line as JSON; may be .gz.")
    private Path facts;
  }

  @Override
  public Integer call() {
    Device on = DeviceChoice.resolve(device, List.of());
    int threads =
        workers > 0 ? workers : on.isGpu() ? 1 : Runtime.getRuntime().availableProcessors();
    try (Transformer model = model(on)) {
      AttributionOptions options =
          new AttributionOptions(
              StepRule.MIDPOINT,
              steps,
              AttributionTarget.PROBABILITY,
              TargetTokens.GOLD,
              AnswerPath.JOINT,
              rowTokens);
      AttributionBenchmark benchmark =
          new AttributionBenchmark(model, source(model), threads, rounds, prompts, options);
      AttributionBenchmark.Result result = benchmark.run();
      print(result, System.out);
      System.out.printf(
          "%d workers, %d rounds, %d prompts of %.1f tokens on average per worker and round, %d steps,"
              + " batches of %,d tokens, on %s%n",
          threads, rounds, prompts, result.tokensPerPrompt(), steps, rowTokens, on);
    }
    return 0;
  }

  private Transformer model(Device on) {
    return real == null
        ? RandomTransformer.bertBase(on)
        : TransformerLoader.load(ModelFolder.open(real.model), on, Precision.FLOAT32);
  }

  private BenchmarkPrompts source(Transformer model) {
    if (real == null) {
      return BenchmarkPrompts.random(model.architecture());
    }
    try (ModelTokenizer tokenizer = ModelTokenizer.open(real.model)) {
      return BenchmarkPrompts.ofFacts(real.facts, tokenizer, model.architecture());
    }
  }

  private static void print(AttributionBenchmark.Result result, PrintStream out) {
    out.printf("%-20s %10.3f prompts/s%n", "this program", result.promptsPerSecond());
    out.printf("%-20s %10.3f prompts/s%n", "straightforward", result.straightforward());
    out.printf(
        "%-20s %10.1f times the prompts per second; by processor time %.1f%n",
        "ratio", result.ratio(), result.processorRatio());
    out.printf(
        "%-20s %10.1e of the prompt's largest attribution%n",
        "largest difference", result.largestDifference());
  }
}
