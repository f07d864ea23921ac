package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.values.NeuronTriggers;
import io.github.ffncensus.jobs.scan.TriggerFiles.Neurons;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the positive triggers of one file of {@code trigger_prefixes}, neuron by neuron, in step
 * with whoever goes through the neurons in order.
 */
final class PositiveTriggers implements AutoCloseable {
  private final ParquetTableReader reader;
  private final String target;
  private TableRow row;

  /**
   * @param file null where no neuron has a trigger
   * @param causal whether the target is the next token rather than the trigger's own
   */
  PositiveTriggers(TaskSetup setup, String file, boolean causal) throws IOException {
    target = causal ? "next_token_id" : "token_id";
    reader =
        file == null
            ? null
            : ParquetTableReader.open(
                setup.hadoop(),
                setup.published("trigger_prefixes", file),
                "layer",
                "neuron",
                "polarity",
                "coefficient",
                target);
    advance();
  }

  private void advance() throws IOException {
    row = reader == null ? null : reader.next();
  }

  /** The triggers of some neurons; neurons must be asked for in ascending order. */
  NeuronTriggers[] of(Neurons neurons) throws IOException {
    NeuronTriggers[] triggers = new NeuronTriggers[neurons.to() - neurons.from()];
    for (int i = 0; i < triggers.length; i++) {
      triggers[i] = of(neurons.layer(), neurons.from() + i);
    }
    return triggers;
  }

  private NeuronTriggers of(int layer, int neuron) throws IOException {
    List<Float> coefficients = new ArrayList<>();
    List<Integer> targets = new ArrayList<>();
    while (row != null && row.getInt("layer") == layer && row.getInt("neuron") == neuron) {
      if (row.getString("polarity").equals("positive")) {
        coefficients.add(row.getFloat("coefficient"));
        targets.add(row.isNull(target) ? NeuronTriggers.NO_TARGET : row.getInt(target));
      }
      advance();
    }
    return NeuronTriggers.of(coefficients, targets);
  }

  @Override
  public void close() throws IOException {
    if (reader != null) {
      reader.close();
    }
  }
}
