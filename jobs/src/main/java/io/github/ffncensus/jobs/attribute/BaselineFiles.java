package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.AttributeConfig.BaselineKind;
import io.github.ffncensus.jobs.ingest.CorpusInput;
import io.github.ffncensus.jobs.ingest.CorpusInputs;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import org.apache.hadoop.fs.Path;

/**
 * Where the coefficients stand at which paths begin.
 *
 * @param files of rows with layer, neuron and mean; null for zero
 */
record BaselineFiles(ArrayList<String> files, int layers, int neurons) implements Serializable {

  static BaselineFiles of(StageContext context) {
    Architecture architecture = context.model().architecture();
    BaselineKind kind = context.config().attribute().baseline();
    return new BaselineFiles(
        switch (kind) {
          case ZERO -> null;
          case CORPUS_MEAN -> ofCorpus(context);
          case GIVEN -> given(context);
        },
        architecture.layers(),
        architecture.intermediate());
  }

  private static ArrayList<String> ofCorpus(StageContext context) {
    ArrayList<String> files = new ArrayList<>();
    context
        .published("neuron_stats")
        .forEach(
            file -> files.add(context.setup().published("neuron_stats", file.name()).toString()));
    if (files.isEmpty()) {
      throw CensusException.configuration(
          "census.attribute.baseline = corpus-mean: the run has no neuron_stats; run ingest and"
              + " scan first, or use another baseline");
    }
    return files;
  }

  private static ArrayList<String> given(StageContext context) {
    ArrayList<String> files = new ArrayList<>();
    for (CorpusInput input :
        CorpusInputs.list(
            context.setup().hadoop(),
            "attribute.baseline-input",
            context.config().attribute().baselineInput())) {
      files.add(input.path());
    }
    return files;
  }

  /**
   * To be called in a task.
   *
   * @return b, (layers, neurons); null for zero
   * @throws CensusException of kind INPUT if not every neuron has its row
   */
  float[][] read(TaskSetup setup) throws IOException {
    if (files == null) {
      return null;
    }
    float[][] baseline = new float[layers][neurons];
    for (float[] layer : baseline) {
      Arrays.fill(layer, Float.NaN);
    }
    for (String file : files) {
      try (ParquetTableReader reader =
          ParquetTableReader.open(setup.hadoop(), new Path(file), "layer", "neuron", "mean")) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          int layer = row.getInt("layer");
          int neuron = row.getInt("neuron");
          if (layer < 0 || layer >= layers || neuron < 0 || neuron >= neurons) {
            throw unusable(file + " has layer " + layer + ", neuron " + neuron);
          }
          baseline[layer][neuron] = (float) row.getDouble("mean");
        }
      } catch (IllegalArgumentException e) {
        throw unusable(file + ": " + e.getMessage());
      }
    }
    for (int layer = 0; layer < layers; layer++) {
      for (int neuron = 0; neuron < neurons; neuron++) {
        if (!Float.isFinite(baseline[layer][neuron])) {
          throw unusable("no finite mean of layer " + layer + ", neuron " + neuron);
        }
      }
    }
    return baseline;
  }

  private CensusException unusable(String what) {
    return CensusException.input(
        "census.attribute.baseline: %s; the model has %d layers of %d neurons, and each needs a row"
                .formatted(what, layers, neurons)
            + " with layer, neuron and mean");
  }
}
