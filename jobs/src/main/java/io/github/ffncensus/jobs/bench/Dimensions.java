package io.github.ffncensus.jobs.bench;

import ai.djl.Device;
import io.github.ffncensus.bench.MemoryBenchmark;
import io.github.ffncensus.interpret.memories.MemoryReadings.Part;
import io.github.ffncensus.model.DeviceChoice;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench dimensions}. */
@Command(
    name = "dimensions",
    description =
        "The per-dimension analysis of Geva et al. 2021 on a random model of their model's shape: one position"
            + " in each of some sentences of real lengths. Their own code takes 15,053 s for 1,000 sentences on an"
            + " RTX 3090. Needs about 6 GB of memory at full size.",
    mixinStandardHelpOptions = true)
final class Dimensions implements Callable<Integer> {
  private static final Map<Part, String> PARTS =
      Map.of(
          Part.FORWARD, "forward pass",
          Part.PREDICTIONS, "what residual, FFN and model predict",
          Part.VALUES, "all values of the layer, and ranks in them",
          Part.FEWEST, "how few memories give the FFN's token",
          Part.REMOVALS, "predictions without a memory");

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
      names = "--sentences",
      defaultValue = "1000",
      description = "Sentences, with a position each; default ${DEFAULT-VALUE}.")
  private int sentences;

  @Option(
      names = "--vocabulary",
      defaultValue = "267744",
      description = "Tokens of the vocabulary; default ${DEFAULT-VALUE}.")
  private int vocabulary;

  @Option(
      names = "--memories",
      defaultValue = "32",
      description = "Memories removed at each position, the strongest; default ${DEFAULT-VALUE}.")
  private int memories;

  @Option(
      names = "--batch-tokens",
      defaultValue = "4096",
      description = "Token budget of a batch; default ${DEFAULT-VALUE}.")
  private int batchTokens;

  @Override
  public Integer call() {
    Device on = DeviceChoice.resolve(device, List.of());
    int threads =
        workers > 0 ? workers : on.isGpu() ? 1 : Runtime.getRuntime().availableProcessors();
    MemoryBenchmark.Result result =
        new MemoryBenchmark(on, threads, sentences, vocabulary, memories, batchTokens).run();
    print(result, threads, on, System.out);
    return 0;
  }

  private void print(MemoryBenchmark.Result result, int threads, Device on, PrintStream out) {
    out.printf(
        """
        Model: random weights; 16 layers, 1,024 wide, 4,096 memories a layer, ReLU, no final norm, a full softmax over
        %,d tokens (the paper's model has an adaptive one, which costs less).
        Per sentence, at one random position of the last layer:
          of all 4,096 memories: m|v| beside |r|, what the value predicts, ranks of the model's and of the FFN's
            prediction in the distribution of m v;
          of r and y: predictions, ranks and probabilities; of the model: prediction, probability, entropy;
          of the %d memories with the largest m|v|: probabilities of both predictions in the distribution of m v, and
            the change of the model's log probability and prediction without the memory.
        The paper's code computes the last two for all 4,096, and drops what the model predicts without a memory.

        """,
        vocabulary, memories);
    out.printf("%-46s %12s %24s%n", "", "elapsed", "processor, per worker");
    for (Part part : Part.values()) {
      MemoryBenchmark.Time time = result.parts().get(part);
      out.printf("%-46s %10.1f s %22.1f s%n", PARTS.get(part), time.elapsed(), time.processor());
    }
    out.printf(
        "%-46s %10.1f s%n%n%,d positions, %,d tokens, %,d predictions without a memory; %d workers on %s%n",
        "from the first sentence to the last result",
        result.seconds(),
        result.positions(),
        result.tokens(),
        result.removals(),
        threads,
        on);
  }
}
