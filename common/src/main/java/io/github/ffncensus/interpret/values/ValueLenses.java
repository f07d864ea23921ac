package io.github.ffncensus.interpret.values;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.LongStream;

/**
 * Compares ways to read value vectors, and the value vectors themselves with the output embedding:
 * whether the two live in one space, which the paper assumes and calls naive (section 4).
 *
 * <p>Works through blocks of neurons whose logits fit a budget. For one thread.
 */
public final class ValueLenses implements AutoCloseable {
  /** Of the embedding's rows that are measured together. */
  private static final int EMBEDDING_ROWS = 4096;

  private static final String CLASS_NAME = "LensReduction";

  /** Cosines: logits over the lengths of the embedding's rows, and then of the values. */
  private static final String SOURCE =
      """
      class LensReduction(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.LensReduction, x: Tensor) -> Tensor:
          return x
        def lengths(self: __torch__.LensReduction, x: Tensor) -> Tensor:
          wide = torch.to(x, 6)
          return torch.sqrt(torch.sum(torch.mul(wide, wide), [1]))
        def inverse(self: __torch__.LensReduction, x: Tensor) -> Tensor:
          return torch.masked_fill(torch.reciprocal(x), torch.eq(x, 0), 0.)
        def reduce(self: __torch__.LensReduction, x: Tensor, lengths: Tensor, inverse: Tensor, targets: Tensor, ids: Tensor) -> List[Tensor]:
          top = torch.argmax(x, 1, True)
          deviation, mean = torch.std_mean(x, [1], False)
          of_target = torch.gather(x, 1, targets)
          larger = torch.sum(torch.gt(x, of_target), [1])
          equal = torch.sum(torch.logical_and(torch.eq(x, of_target), torch.lt(ids, targets)), [1])
          scaled = torch.mul(x, inverse)
          closest = torch.argmax(scaled, 1, True)
          nearest = torch.div(torch.squeeze(torch.gather(scaled, 1, closest), 1), lengths)
          farthest = torch.div(torch.amin(scaled, [1]), lengths)
          best = torch.squeeze(torch.gather(x, 1, top), 1)
          return [torch.squeeze(top, 1), best, mean, deviation, torch.add(torch.add(larger, equal), 1), nearest, torch.squeeze(closest, 1), farthest]
      """;

  private final Transformer model;
  private final List<Lens> lenses;
  private final NDManager manager;
  private final ScriptModule script;
  private final NDArray inverse;
  private final NDArray ids;
  private final NeuronBlocks blocks;

  /**
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public ValueLenses(Transformer model) {
    model.requireHead("its values predict nothing");
    this.model = model;
    this.lenses = of(model);
    this.manager = model.newScope();
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    this.inverse = inverseLengths();
    int vocabulary = model.architecture().vocabulary();
    this.ids = manager.arange(0, vocabulary, 1, DataType.INT64);
    this.blocks = NeuronBlocks.of(model);
  }

  /** The linear lenses of a model: with a final norm two, else one. */
  public static List<Lens> of(Transformer model) {
    Lens ofValues = Lens.ofValues(model.architecture());
    return ofValues == Lens.RAW ? List.of(Lens.RAW) : List.of(Lens.RAW, ofValues);
  }

  /** 1 / length of each row of the output embedding, (1, vocabulary); 0 for a row of zeros. */
  private NDArray inverseLengths() {
    int vocabulary = model.architecture().vocabulary();
    try (NDManager scope = manager.newSubManager()) {
      NDList parts = new NDList();
      for (int from = 0; from < vocabulary; from += EMBEDDING_ROWS) {
        int to = Math.min(vocabulary, from + EMBEDDING_ROWS);
        try (NDManager ofPart = scope.newSubManager()) {
          NDArray rows = model.outputEmbeddings(LongStream.range(from, to).toArray(), ofPart);
          parts.add(script.call(scope, "lengths", rows));
        }
      }
      NDArray lengths = NDArrays.concat(parts).reshape(1, vocabulary);
      return script.call(manager, "inverse", lengths);
    }
  }

  /**
   * A layer's neurons under every lens, ascending, a neuron's lenses together.
   *
   * @param from first neuron
   * @param to end, exclusive
   * @param triggers of a neuron; asked once per neuron or more
   * @throws CensusException of kind INPUT if a value vector's logits are not finite
   */
  public void forEach(
      int layer, int from, int to, IntFunction<NeuronTriggers> triggers, Consumer<ValueLens> sink) {
    blocks.forEach(from, to, (start, end) -> block(layer, start, end, triggers, sink));
  }

  private void block(
      int layer, int from, int to, IntFunction<NeuronTriggers> triggers, Consumer<ValueLens> sink) {
    int[] targets = new int[to - from];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = triggers.apply(from + i).first();
    }
    List<List<ValueLens>> byLens = new ArrayList<>();
    for (Lens lens : lenses) {
      byLens.add(read(layer, from, to, targets, lens));
    }
    for (int i = 0; i < targets.length; i++) {
      for (List<ValueLens> ofLens : byLens) {
        sink.accept(ofLens.get(i));
      }
    }
  }

  private List<ValueLens> read(int layer, int from, int to, int[] targets, Lens lens) {
    List<ValueLens> rows = new ArrayList<>();
    try (NDManager scope = manager.newSubManager()) {
      NDArray values = model.values(layer, from, to, scope);
      NDArray lengths = script.call(scope, "lengths", model.lensStates(values, lens));
      // As in value_predictions, so that a near tie comes out alike in both tables.
      NDArray logits = model.logits(values, lens);
      for (int start = 0; start < to - from; start += blocks.stepNeurons()) {
        int end = Math.min(to - from, start + blocks.stepNeurons());
        try (NDManager ofStep = scope.newSubManager()) {
          long[] wanted = new long[end - start];
          for (int i = 0; i < wanted.length; i++) {
            wanted[i] = Math.max(0, targets[start + i]);
          }
          NDArray x = logits.get(new NDIndex("{}:{}", start, end));
          NDArray lengthsOfStep = lengths.get(new NDIndex("{}:{}", start, end));
          x.attach(ofStep);
          lengthsOfStep.attach(ofStep);
          NDArray ofTargets = ofStep.create(wanted, new Shape(wanted.length, 1));
          NDList found =
              script.callForList(ofStep, "reduce", x, lengthsOfStep, inverse, ofTargets, ids);
          Reduced reduced = Reduced.of(lengthsOfStep, found);
          for (int i = 0; i < wanted.length; i++) {
            rows.add(reduced.row(layer, from + start + i, lens, i, targets[start + i]));
          }
        }
      }
    }
    return rows;
  }

  /** What a step found, on the host. */
  private record Reduced(
      float[] lengths,
      long[] top,
      float[] best,
      float[] mean,
      float[] deviation,
      long[] rank,
      float[] nearest,
      long[] closest,
      float[] farthest) {

    static Reduced of(NDArray lengths, NDList found) {
      return new Reduced(
          lengths.toFloatArray(),
          found.get(0).toLongArray(),
          found.get(1).toFloatArray(),
          found.get(2).toFloatArray(),
          found.get(3).toFloatArray(),
          found.get(4).toLongArray(),
          found.get(5).toFloatArray(),
          found.get(6).toLongArray(),
          found.get(7).toFloatArray());
    }

    ValueLens row(int layer, int neuron, Lens lens, int i, int target) {
      NeuronBlocks.checkFinite(layer, neuron, mean[i]);
      boolean hasTarget = target != NeuronTriggers.NO_TARGET;
      boolean zero = lengths[i] == 0;
      boolean flat = deviation[i] == 0;
      return new ValueLens(
          layer,
          neuron,
          lens,
          flat ? null : Integer.valueOf((int) top[i]),
          flat ? null : ((double) best[i] - mean[i]) / deviation[i],
          hasTarget ? target : null,
          hasTarget ? Boolean.valueOf(!flat && target == top[i]) : null,
          hasTarget && !flat ? (int) rank[i] : null,
          zero ? null : (double) nearest[i],
          zero ? null : (int) closest[i],
          zero ? null : (double) farthest[i]);
    }
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
