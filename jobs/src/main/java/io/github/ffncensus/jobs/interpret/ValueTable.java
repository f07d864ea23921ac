package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.values.NeuronTriggers;
import io.github.ffncensus.interpret.values.ValuePrediction;
import io.github.ffncensus.interpret.values.ValuePredictions;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.scan.TriggerFiles;
import io.github.ffncensus.jobs.scan.TriggerFiles.Neurons;
import io.github.ffncensus.jobs.scan.TriggerFiles.Share;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.function.Function;

/**
 * Table {@code value_predictions}: what each neuron's value vector promotes, and whether that is
 * what follows its triggers. A row for every neuron, also for those that nothing triggers; no rows
 * for a model without a prediction head.
 */
final class ValueTable {
  static final String TABLE = "value_predictions";

  private ValueTable() {}

  static void write(StageContext context) {
    List<Share> shares =
        TriggerFiles.of(context.model().architecture(), context.published("trigger_prefixes"));
    context.made(
        TABLE, context.run(TriggerFiles.work("values", shares), new Predict(context.setup())));
  }

  /** Task: the neurons of one file of triggers. */
  private static final class Predict implements Function<Share, ArrayList<TableFile>>, ModelTask {
    private static final long serialVersionUID = 1L;

    private final TaskSetup setup;

    Predict(TaskSetup setup) {
      this.setup = setup;
    }

    @Override
    public ArrayList<TableFile> call(Share share) throws IOException {
      TorchEngine.prepareThread();
      Transformer model = setup.model();
      ArrayList<TableFile> files = new ArrayList<>();
      if (!model.hasHead()) {
        return files;
      }
      CensusConfig.Values config = setup.config().interpret().values();
      Lens lens = lens(config.lens(), model.architecture());
      Encoder encoder = new Encoder(setup.tokenizer(), lens.name().toLowerCase(Locale.ROOT));
      boolean causal = model.architecture().causal();
      try (PositiveTriggers triggers = new PositiveTriggers(setup, share.file(), causal);
          ValuePredictions values = new ValuePredictions(model, lens, config.topTokens());
          ParquetTableWriter<ValuePrediction> writer =
              setup.create(TABLE, share.number(), encoder::encode)) {
        for (Neurons neurons : share.neurons()) {
          NeuronTriggers[] ofBlock = triggers.of(neurons);
          values.forEach(
              neurons.layer(),
              neurons.from(),
              neurons.to(),
              neuron -> ofBlock[neuron - neurons.from()],
              prediction -> write(writer, prediction));
        }
        files.add(writer.finish());
      }
      return files;
    }

    private static void write(
        ParquetTableWriter<ValuePrediction> writer, ValuePrediction prediction) {
      try {
        writer.write(prediction);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static Lens lens(CensusConfig.ValueLens configured, Architecture architecture) {
    return switch (configured) {
      case AUTO -> Lens.ofValues(architecture);
      case RAW -> Lens.RAW;
      case FOLDED -> Lens.FOLDED.in(architecture);
      case HEAD -> Lens.HEAD;
    };
  }

  private record Encoder(ModelTokenizer tokenizer, String lens) {

    void encode(ValuePrediction row, RowWriter out) {
      out.intValue("layer", row.layer());
      out.intValue("neuron", row.neuron());
      out.intList("top_token_ids", row.topTokenIds());
      out.stringList("top_tokens", tokens(row.topTokenIds()));
      out.floatList("top_probabilities", row.topProbabilities());
      if (row.topToken() != null) {
        out.intValue("top_token_id", row.topToken());
      }
      out.doubleValue("max_probability", row.maxProbability());
      out.doubleValue("entropy", row.entropy());
      if (row.targetTokenId() != null) {
        out.intValue("trigger_next_token_id", row.targetTokenId());
        out.booleanValue("agrees", row.agrees());
      }
      if (row.targetRank() != null) {
        out.intValue("next_token_rank", row.targetRank());
      }
      out.intValue("agreement_count", row.agreementCount());
      out.intValue("targets", row.targets());
      if (row.bottomTokenIds() != null) {
        out.intList("bottom_token_ids", row.bottomTokenIds());
        out.stringList("bottom_tokens", tokens(row.bottomTokenIds()));
      }
      if (row.peakZ() != null) {
        out.doubleValue("peak_z", row.peakZ());
        out.doubleValue("margin_z", row.marginZ());
      }
      if (row.meanCoefficient() != null) {
        out.doubleValue("mean_coefficient", row.meanCoefficient());
        out.doubleValue(
            "max_probability_at_mean_coefficient", row.maxProbabilityAtMeanCoefficient());
        out.doubleValue("entropy_at_mean_coefficient", row.entropyAtMeanCoefficient());
      }
      out.string("lens", lens);
    }

    private List<String> tokens(int[] ids) {
      return Arrays.stream(ids).mapToObj(id -> PredictedToken.name(tokenizer, id)).toList();
    }
  }
}
