package io.github.ffncensus.jobs.interpret;

import ai.djl.Device;
import io.github.ffncensus.interpret.perturbations.Rereading;
import io.github.ffncensus.interpret.perturbations.Winner;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.interpret.CoefficientTolerance.Measured;
import io.github.ffncensus.jobs.interpret.CoefficientTolerance.OfLayer;
import io.github.ffncensus.jobs.interpret.CoefficientTolerance.Place;
import io.github.ffncensus.jobs.interpret.CoefficientTolerance.Sample;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.SequenceLookUp;
import io.github.ffncensus.jobs.task.SequenceTokens;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.function.Function;

/** Task: reads some triggers' coefficients again, in float32 on the CPU. */
final class RereadTriggers implements Function<Sample, Measured>, ModelTask {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final ShardPlan plan;

  RereadTriggers(TaskSetup setup, ShardPlan plan) {
    this.setup = setup;
    this.plan = plan;
  }

  @Override
  public Measured call(Sample sample) {
    List<Winner> winners = winners(sample);
    Transformer scanned = setup.model();
    if (scanned.precision() == Precision.FLOAT32 && !scanned.device().isGpu()) {
      return measured(winners, Rereading.coefficients(scanned, winners));
    }
    // Once in the life of a run, so it does not stay in memory.
    try (Transformer reference =
        TransformerLoader.load(
            ModelFolder.open(Path.of(setup.modelPath())), Device.cpu(), Precision.FLOAT32)) {
      return measured(winners, Rereading.coefficients(reference, winners));
    }
  }

  private List<Winner> winners(Sample sample) {
    SequenceLookUp<TokenSequence> sequences =
        new SequenceLookUp<>(
            setup.hadoop(),
            setup.folder().table("sequences"),
            plan,
            SequenceTokens::decode,
            SequenceTokens.columns());
    List<Winner> winners = new ArrayList<>();
    for (Place place : sample.places()) {
      winners.add(
          new Winner(
              place.layer(),
              place.neuron(),
              place.rank(),
              place.coefficient(),
              sequences.find(plan.placeOf(place.sequenceId()), place.sequenceId()),
              place.position()));
    }
    return winners;
  }

  private static Measured measured(List<Winner> winners, float[] reread) {
    ArrayList<OfLayer> layers = new ArrayList<>();
    int last = winners.stream().mapToInt(Winner::layer).max().orElse(-1);
    for (int layer = 0; layer <= last; layer++) {
      int triggers = 0;
      double coefficients = 0;
      double differences = 0;
      double largest = 0;
      for (int i = 0; i < reread.length; i++) {
        if (winners.get(i).layer() == layer) {
          double difference = (double) winners.get(i).coefficient() - reread[i];
          triggers++;
          coefficients += (double) reread[i] * reread[i];
          differences += difference * difference;
          largest = Math.max(largest, Math.abs(difference));
        }
      }
      if (triggers > 0) {
        layers.add(
            new OfLayer(
                layer,
                triggers,
                Math.sqrt(coefficients / triggers),
                Math.sqrt(differences / triggers),
                largest));
      }
    }
    return new Measured(layers);
  }
}
