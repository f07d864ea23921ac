package io.github.ffncensus.jobs.bench;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench attribution}. */
@Command(
    name = "attribution",
    description =
        "Integrated gradients beside the straightforward way to calculate them: one prompt at a time, padded to"
            + " 128 tokens, from the embeddings up for every layer and step. On a random model in the shape of BERT"
            + " base, whose speed is that of a trained one, or on --model; on prompts of --facts, or of random tokens"
            + " with real lengths. Medians over rounds.",
    mixinStandardHelpOptions = true)
final class Attribution implements Callable<Integer> {
  /** The two ways add in other orders. */
  private static final double TOLERANCE = 1e-4;

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

  @Option(
      names = "--facts",
      description = "Facts whose prompts are attributed, one to a line as JSON; may be .gz.")
  private Path facts;

  @Option(
      names = "--tokenizer",
      description =
          "Folder of the tokenizer.json that reads them; default: that of --model, else demo/masked-model.")
  private Path tokenizer;

  @Option(
      names = "--model",
      description = "A model folder instead of the random model; needs --facts.")
  private Path folder;

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
      BenchmarkPrompts source = source(model);
      AttributionBenchmark.Result result =
          new AttributionBenchmark(model, source, threads, rounds, prompts, options).run();
      print(result, System.out);
      System.out.println(source.description());
      System.out.printf(
          "%d workers, %d rounds, %d prompts of %.1f tokens on average per worker and round, %d steps,"
              + " batches of %,d tokens, on %s%n",
          threads, rounds, prompts, result.tokensPerPrompt(), steps, rowTokens, on);
      return verdict(result);
    }
  }

  private static int verdict(AttributionBenchmark.Result result) {
    // Not the other way round: no number at all is no agreement.
    if (result.largestDifference() <= TOLERANCE) {
      return 0;
    }
    throw CensusException.runFailed(
        "The two ways differ by %.1e of a prompt's largest attribution, more than %.0e: one of them is wrong"
            .formatted(result.largestDifference(), TOLERANCE));
  }

  private Transformer model(Device on) {
    return folder == null
        ? RandomTransformer.bertBase(on)
        : TransformerLoader.load(ModelFolder.open(folder), on, Precision.FLOAT32);
  }

  private BenchmarkPrompts source(Transformer model) {
    if (facts == null) {
      if (folder != null || tokenizer != null) {
        throw CensusException.configuration("--model and --tokenizer need --facts");
      }
      return BenchmarkPrompts.random(model.architecture());
    }
    int mostTokens =
        Math.min(AttributionBenchmark.PADDED_LENGTH, model.architecture().maxSequenceTokens());
    try (ModelTokenizer reader = ModelTokenizer.open(tokenizerFolder())) {
      return BenchmarkPrompts.ofFacts(facts, reader, model.architecture(), mostTokens);
    }
  }

  private Path tokenizerFolder() {
    if (tokenizer != null) {
      return tokenizer;
    }
    String project = System.getenv("FFN_CENSUS_HOME");
    if (folder == null && project == null) {
      throw CensusException.configuration(
          "--facts needs --tokenizer where the project's folder is not");
    }
    return folder != null ? folder : Path.of(project, "demo", "masked-model");
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
