package io.github.ffncensus.analysis;

import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Every coefficient of some sequences, each run alone: the oracle that analyses must agree with.
 */
public final class AllCoefficients {
  private final List<TokenSequence> sequences;
  private final int width;

  /** (layer, sequence), each row-major (length, width). */
  private final float[][][] coefficients;

  private final float[][][] gates;
  private final float[][][] ups;

  /** One coefficient of a text token; gate and up are NaN in plain FFNs. */
  public record Cell(TokenSequence sequence, int position, float value, float gate, float up) {}

  private AllCoefficients(int layers, int width, List<TokenSequence> sequences) {
    this.sequences = sequences;
    this.width = width;
    coefficients = new float[layers][sequences.size()][];
    gates = new float[layers][sequences.size()][];
    ups = new float[layers][sequences.size()][];
  }

  public static AllCoefficients of(Transformer model, List<TokenSequence> sequences) {
    TorchEngine.prepareThread();
    AllCoefficients all =
        new AllCoefficients(
            model.architecture().layers(), model.architecture().intermediate(), sequences);
    for (int s = 0; s < sequences.size(); s++) {
      model.observe(new TokenBatch(List.of(sequences.get(s))), List.of(all.new Keep(s)));
    }
    return all;
  }

  private final class Keep implements ForwardObserver {
    private final int sequence;

    Keep(int sequence) {
      this.sequence = sequence;
    }

    @Override
    public Set<Tap> taps() {
      return EnumSet.of(Tap.COEFFICIENTS, Tap.GATE_AND_UP);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      coefficients[layer.layer()][sequence] = layer.coefficients().toFloatArray();
      if (layer.gate() != null) {
        gates[layer.layer()][sequence] = layer.gate().toFloatArray();
        ups[layer.layer()][sequence] = layer.up().toFloatArray();
      }
    }
  }

  /** A neuron's coefficients at all text tokens, by sequence and position. */
  public List<Cell> cells(int layer, int neuron) {
    List<Cell> cells = new ArrayList<>();
    for (int s = 0; s < sequences.size(); s++) {
      TokenSequence sequence = sequences.get(s);
      for (int position = 0; position < sequence.length(); position++) {
        if (!sequence.special()[position]) {
          int at = position * width + neuron;
          cells.add(
              new Cell(
                  sequence,
                  position,
                  coefficients[layer][s][at],
                  gates[layer][s] == null ? Float.NaN : gates[layer][s][at],
                  ups[layer][s] == null ? Float.NaN : ups[layer][s][at]));
        }
      }
    }
    return cells;
  }

  /** The coefficients of one token, by neuron. */
  public float[] row(int layer, long sequenceId, int position) {
    for (int s = 0; s < sequences.size(); s++) {
      if (sequences.get(s).id() == sequenceId) {
        float[] row = new float[width];
        System.arraycopy(coefficients[layer][s], position * width, row, 0, width);
        return row;
      }
    }
    throw new IllegalArgumentException("no sequence " + sequenceId);
  }

  /** A neuron's strongest triggers: all candidates sorted, then cut. */
  public List<Trigger> triggers(
      int layer, int neuron, Polarity polarity, Distinct distinct, int k, int minPosition) {
    int sign = polarity == Polarity.POSITIVE ? 1 : -1;
    List<Cell> candidates =
        new ArrayList<>(
            cells(layer, neuron).stream()
                .filter(cell -> sign * cell.value() > 0)
                .filter(cell -> textTokens(cell) >= minPosition)
                .toList());
    candidates.sort(
        Comparator.comparingDouble((Cell cell) -> -sign * (double) cell.value())
            .thenComparingLong(cell -> cell.sequence().id())
            .thenComparingInt(Cell::position));
    Set<Long> taken = new HashSet<>();
    List<Trigger> triggers = new ArrayList<>();
    for (Cell cell : candidates) {
      boolean first = taken.add(cell.sequence().id());
      if (triggers.size() < k && (first || distinct == Distinct.PREFIX)) {
        triggers.add(
            new Trigger(
                layer,
                neuron,
                polarity,
                triggers.size() + 1,
                cell.value(),
                cell.sequence().id(),
                cell.position()));
      }
    }
    return triggers;
  }

  /** Text tokens of the prefix that ends here. */
  private static int textTokens(Cell cell) {
    int count = 0;
    for (int position = 0; position <= cell.position(); position++) {
      count += cell.sequence().special()[position] ? 0 : 1;
    }
    return count;
  }
}
