package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.activations.ActivationMode;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.task.Staging;
import java.io.Serializable;
import java.util.Optional;

/**
 * What all tasks of a scan share.
 *
 * @param sequences folder of the run's {@code sequences} files
 */
record ScanContext(
    Staging staging,
    CensusConfig config,
    String runId,
    String sequences,
    String modelPath,
    String weightsSha256)
    implements Serializable {

  static final String PARTIALS = "partials";

  /** The table of sequences that the model cannot read. */
  static final String REJECTS = "scan_rejects";

  /** What to record per token; empty if nothing. */
  static Optional<ActivationMode> activationMode(CensusConfig.Activations activations) {
    return switch (activations.mode()) {
      case OFF -> Optional.empty();
      case TOP -> Optional.of(new ActivationMode.Top(activations.perToken()));
      case THRESHOLD -> Optional.of(new ActivationMode.Threshold((float) activations.threshold()));
      case NEURONS ->
          Optional.of(
              new ActivationMode.Neurons(
                  activations.neurons().stream()
                      .map(n -> new ActivationMode.Neuron(n.layer(), n.index()))
                      .toList()));
      case ALL -> Optional.of(new ActivationMode.All());
    };
  }
}
