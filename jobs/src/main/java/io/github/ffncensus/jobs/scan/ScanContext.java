package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.activations.ActivationMode;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.TriggerSearch;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.TriggerPrefixes;
import io.github.ffncensus.jobs.task.Staging;
import io.github.ffncensus.model.Architecture;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
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

  /** The analyses whose partial results merge, as configured for a model. */
  static List<Analysis> analyses(CensusConfig.Scan scan, Architecture architecture) {
    List<Analysis> analyses = new ArrayList<>();
    if (scan.neuronStats().enabled()) {
      analyses.add(new NeuronStatistics());
    }
    triggerSearch(scan, architecture).ifPresent(analyses::add);
    return analyses;
  }

  static Optional<TriggerSearch> triggerSearch(CensusConfig.Scan scan, Architecture architecture) {
    TriggerPrefixes triggers = scan.triggerPrefixes();
    if (!triggers.enabled()) {
      return Optional.empty();
    }
    List<Polarity> polarities =
        triggers.polarities(architecture.gated()).stream()
            .map(polarity -> Polarity.valueOf(polarity.name()))
            .toList();
    return Optional.of(
        new TriggerSearch(
            triggers.perNeuron(),
            TriggerSearch.Distinct.valueOf(triggers.distinct().name()),
            polarities,
            triggers.minPosition()));
  }

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
