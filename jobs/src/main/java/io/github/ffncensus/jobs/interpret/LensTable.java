package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.values.NeuronTriggers;
import io.github.ffncensus.interpret.values.ValueLens;
import io.github.ffncensus.interpret.values.ValueLenses;
import io.github.ffncensus.jobs.scan.TriggerFiles;
import io.github.ffncensus.jobs.scan.TriggerFiles.Neurons;
import io.github.ffncensus.jobs.scan.TriggerFiles.Share;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.function.Function;

/**
 * Table {@code value_lenses}: each neuron's value vector under every linear lens, and its cosines
 * with the output embedding. No rows for a model without a prediction head.
 */
final class LensTable {
  static final String TABLE = "value_lenses";

  private LensTable() {}

  static void write(StageContext context) {
    List<Share> shares =
        TriggerFiles.of(context.model().architecture(), context.published("trigger_prefixes"));
    context.made(
        TABLE, context.run(TriggerFiles.work("lenses", shares), new Compare(context.setup())));
  }

  /** Task: the neurons of one file of triggers. */
  private static final class Compare implements Function<Share, ArrayList<TableFile>>, ModelTask {
    private static final long serialVersionUID = 1L;

    private final TaskSetup setup;

    Compare(TaskSetup setup) {
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
      ModelTokenizer tokenizer = setup.tokenizer();
      boolean causal = model.architecture().causal();
      try (PositiveTriggers triggers = new PositiveTriggers(setup, share.file(), causal);
          ValueLenses lenses = new ValueLenses(model);
          ParquetTableWriter<ValueLens> writer =
              setup.create(TABLE, share.number(), (row, out) -> encode(row, tokenizer, out))) {
        for (Neurons neurons : share.neurons()) {
          NeuronTriggers[] ofBlock = triggers.of(neurons);
          lenses.forEach(
              neurons.layer(),
              neurons.from(),
              neurons.to(),
              neuron -> ofBlock[neuron - neurons.from()],
              row -> write(writer, row));
        }
        files.add(writer.finish());
      }
      return files;
    }

    private static void write(ParquetTableWriter<ValueLens> writer, ValueLens row) {
      try {
        writer.write(row);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void encode(ValueLens row, ModelTokenizer tokenizer, RowWriter out) {
      out.intValue("layer", row.layer());
      out.intValue("neuron", row.neuron());
      out.string("lens", row.lens().name().toLowerCase(Locale.ROOT));
      if (row.topToken() != null) {
        out.intValue("top_token_id", row.topToken());
        out.string("top_token", PredictedToken.name(tokenizer, row.topToken()));
        out.doubleValue("peak_z", row.peakZ());
      }
      if (row.target() != null) {
        out.intValue("trigger_next_token_id", row.target());
        out.booleanValue("agrees", row.agrees());
      }
      if (row.targetRank() != null) {
        out.intValue("next_token_rank", row.targetRank());
      }
      if (row.maxCosine() != null) {
        out.doubleValue("max_cosine", row.maxCosine());
        out.intValue("max_cosine_token_id", row.maxCosineToken());
        out.string("max_cosine_token", PredictedToken.name(tokenizer, row.maxCosineToken()));
        out.doubleValue("min_cosine", row.minCosine());
      }
    }
  }
}
