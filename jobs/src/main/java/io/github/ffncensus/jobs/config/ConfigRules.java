package io.github.ffncensus.jobs.config;

import io.github.ffncensus.jobs.config.AttributeConfig.BaselineKind;
import io.github.ffncensus.jobs.config.CensusConfig.ActivationMode;
import io.github.ffncensus.jobs.config.CensusConfig.Activations;
import io.github.ffncensus.jobs.config.CensusConfig.Format;
import io.github.ffncensus.jobs.config.CensusConfig.Scan;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.secret.Secrets;
import io.github.ffncensus.knowledge.refinement.CoarseRule;
import java.util.function.BiConsumer;

/** Relations between keys that no key shows alone. */
final class ConfigRules {

  private ConfigRules() {}

  /**
   * @param report takes the path of the key at fault and what is wrong with it
   */
  static void check(CensusConfig config, BiConsumer<String, String> report) {
    refusePasswords(config, report);
    requireInputs(config, report);
    Activations activations = config.scan().activations();
    if (activations.mode() == ActivationMode.NEURONS && activations.neurons().isEmpty()) {
      report.accept(
          "scan.activations.mode",
          "census.scan.activations.mode = neurons: census.scan.activations.neurons must list them, as in [\"3:17\"]");
    }
    boolean listUsed =
        activations.mode() == ActivationMode.NEURONS || activations.mode() == ActivationMode.OFF;
    if (!activations.neurons().isEmpty() && !listUsed) {
      report.accept(
          "scan.activations.neurons",
          "census.scan.activations.neurons is used with mode = neurons only, and the mode is "
              + Words.of(activations.mode()));
    }
    if (config.corpus().fileIsDocument() && config.corpus().format() != Format.TEXT) {
      report.accept(
          "corpus.file-is-document",
          "census.corpus.file-is-document is for format = text, and the format is "
              + Words.of(config.corpus().format()));
    }
    checkAttribution(config, report);
    if (config.intervene().factors().contains(1.0)) {
      report.accept(
          "intervene.factors",
          "census.intervene.factors: a factor of 1 changes nothing; leave it out");
    }
    checkWriteModel(config.edit(), report);
    if (config.stages().contains(Stage.SCAN) && observesNothing(config.scan())) {
      report.accept(
          "stages",
          "the stage scan has nothing to do: neuron-stats, trigger-prefixes, layer-composition and prediction-refinement are"
              + " not enabled and activations.mode is off;"
              + " enable one of them in census.scan, or leave scan out of census.stages");
    }
  }

  /** They would be in the manifest, in messages, and in rows of {@code rejects}. */
  private static void refusePasswords(CensusConfig config, BiConsumer<String, String> report) {
    config
        .texts()
        .forEach(
            (path, texts) -> {
              if (texts.stream().anyMatch(Secrets::isInAddress)) {
                report.accept(
                    path,
                    "census.%s: the address has a password in it; leave it out and set it for the file system, such as spark.hadoop.fs.s3a.secret.key"
                        .formatted(path));
              }
            });
  }

  private static void checkWriteModel(EditConfig config, BiConsumer<String, String> report) {
    if (config.writeModel().isPresent() && config.writeModel().get().edits().isEmpty()) {
      report.accept(
          "edit.write-model.edits",
          "census.edit.write-model.folder is set: census.edit.write-model.edits must list what the model is to have,"
              + " as in [\"update:P19/P19-4\", \"erase:P27\"]");
    }
  }

  private static void checkAttribution(CensusConfig config, BiConsumer<String, String> report) {
    AttributeConfig attribute;
    try {
      attribute = config.attribute();
    } catch (IllegalArgumentException e) {
      report.accept("attribute.steps", "census.attribute.steps: " + e.getMessage());
      return;
    }
    if ((attribute.baseline() == BaselineKind.GIVEN) == attribute.baselineInput().isEmpty()) {
      report.accept(
          "attribute.baseline",
          "census.attribute.baseline = given and census.attribute.baseline-input, which names the files, belong together");
    }
    CoarseRule activation = attribute.activation();
    CoarseRule gradients = attribute.integratedGradients();
    checkThreshold(gradients, "attribute.integrated-gradients.threshold", report);
    checkThreshold(activation, "attribute.activation.threshold", report);
  }

  private static void requireInputs(CensusConfig config, BiConsumer<String, String> report) {
    if (config.corpus().input().isEmpty() && !config.facts().given()) {
      report.accept(
          "corpus.input",
          "census.corpus.input is required, for example census.corpus.input = [\"/corpora/web/*.jsonl.gz\"];"
              + " for knowledge neurons alone, census.facts.input");
      return;
    }
    for (Stage stage : config.stages()) {
      if (stage == Stage.INGEST && config.corpus().input().isEmpty()) {
        report.accept(
            "corpus.input",
            "census.corpus.input is required by the stage ingest, for example census.corpus.input = [\"/corpora/web/*.jsonl.gz\"]");
      }
      if (stage == Stage.ATTRIBUTE && !config.facts().given()) {
        report.accept(
            "facts.input",
            "census.facts.input is required by the stage attribute, for example census.facts.input = [\"/facts/*.jsonl.gz\"]");
      }
    }
    if (config.facts().pairs().isEmpty() != config.facts().templates().isEmpty()) {
      report.accept(
          "facts.pairs",
          "census.facts.pairs and census.facts.templates belong together: the heads and answers of the one fill the other");
    }
  }

  private static void checkThreshold(
      CoarseRule rule, String path, BiConsumer<String, String> report) {
    double most =
        switch (rule.kind()) {
          case MAX_FRACTION -> 1;
          case PERCENTILE -> 100;
          case ABSOLUTE -> Double.MAX_VALUE;
        };
    boolean inside = rule.kind() == CoarseRule.Kind.ABSOLUTE || rule.value() >= 0;
    if (!inside || rule.value() > most) {
      report.accept(
          path,
          "census.%s = %s: with threshold-kind = %s it must be from 0 to %s"
              .formatted(path, rule.value(), Words.of(rule.kind()), (int) most));
    }
  }

  private static boolean observesNothing(Scan scan) {
    return !scan.neuronStats().enabled()
        && !scan.triggerPrefixes().enabled()
        && !scan.positions().enabled()
        && scan.activations().mode() == ActivationMode.OFF;
  }
}
