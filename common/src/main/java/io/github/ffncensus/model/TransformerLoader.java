package io.github.ffncensus.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ModelFamily.Part;
import io.github.ffncensus.model.TransformerWeights.Attention;
import io.github.ffncensus.model.TransformerWeights.Head;
import io.github.ffncensus.model.TransformerWeights.Layer;
import io.github.ffncensus.model.TransformerWeights.Linear;
import io.github.ffncensus.model.TransformerWeights.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Puts a model folder's weights on a device. */
public final class TransformerLoader {
  private final WeightReader reader;
  private final Architecture architecture;

  private TransformerLoader(WeightReader reader, Architecture architecture) {
    this.reader = reader;
    this.architecture = architecture;
  }

  /**
   * Loads a transformer.
   *
   * @throws CensusException of kind INPUT if a tensor is missing, has another shape than
   *     config.json says, or holds NaN
   */
  public static Transformer load(ModelFolder folder, Device device, Precision precision) {
    TorchEngine.prepareThread();
    NDManager manager = TorchEngine.newManager(device);
    try {
      return load(folder, manager, new ScriptKernels(manager), precision);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  static Transformer load(
      ModelFolder folder, NDManager manager, Kernels kernels, Precision precision) {
    Architecture architecture = folder.architecture();
    WeightReader reader = new WeightReader(folder, manager, kernels, precision);
    TransformerWeights weights = new TransformerLoader(reader, architecture).weights();
    return new Transformer(architecture, weights, kernels, precision, manager);
  }

  private TransformerWeights weights() {
    int hidden = architecture.hidden();
    boolean shift = !architecture.rmsNorm();
    NDArray tokens = reader.matrix(Part.TOKEN_EMBEDDING, architecture.vocabulary(), hidden);
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < architecture.layers(); l++) {
      layers.add(layer(l));
    }
    return new TransformerWeights(
        tokens,
        positions(),
        architecture
            .relative()
            .map(
                relative ->
                    reader.matrix(
                        Part.RELATIVE_POSITIONS, relative.buckets(), architecture.heads())),
        tokenType(),
        reader.declares(Part.EMBEDDING_NORM)
            ? Optional.of(reader.norm(Part.EMBEDDING_NORM, 0, hidden, shift))
            : Optional.empty(),
        List.copyOf(layers),
        reader.declares(Part.FINAL_NORM)
            ? Optional.of(reader.norm(Part.FINAL_NORM, 0, hidden, shift))
            : Optional.empty(),
        head(tokens));
  }

  private Optional<NDArray> positions() {
    if (!reader.declares(Part.POSITION_EMBEDDING)) {
      return Optional.empty();
    }
    return Optional.of(
        reader.matrix(Part.POSITION_EMBEDDING, architecture.positionRows(), architecture.hidden()));
  }

  private Optional<NDArray> tokenType() {
    return architecture.tokenTypes() == 0
        ? Optional.empty()
        : Optional.of(
            reader
                .matrix(Part.TYPE_EMBEDDING, architecture.tokenTypes(), architecture.hidden())
                .get(0));
  }

  private Layer layer(int l) {
    int hidden = architecture.hidden();
    int intermediate = architecture.intermediate();
    boolean shift = !architecture.rmsNorm();
    boolean ffnBias = architecture.ffnBias();
    return new Layer(
        attention(l),
        reader.norm(Part.ATTENTION_NORM, l, hidden, shift),
        reader.norm(Part.FFN_NORM, l, hidden, shift),
        architecture.gated() ? reader.linear(Part.GATE, l, hidden, intermediate, ffnBias) : null,
        reader.linear(Part.UP, l, hidden, intermediate, ffnBias),
        reader.linear(Part.DOWN, l, intermediate, hidden, ffnBias));
  }

  private Attention attention(int l) {
    long queries = (long) architecture.heads() * architecture.headSize();
    List<Linear> projections = projections(l);
    return new Attention(
        projections.get(0),
        projections.get(1),
        projections.get(2),
        headNorm(Part.QUERY_NORM, l),
        headNorm(Part.KEY_NORM, l),
        reader.linear(
            Part.ATTENTION_OUTPUT,
            l,
            queries,
            architecture.hidden(),
            architecture.attentionOutputBias()));
  }

  private Norm headNorm(Part part, int l) {
    return reader.declares(part)
        ? reader.norm(part, l, architecture.headSize(), !architecture.rmsNorm())
        : null;
  }

  /** Query, key and value, which some families store as one matrix. */
  private List<Linear> projections(int l) {
    int hidden = architecture.hidden();
    long queries = (long) architecture.heads() * architecture.headSize();
    long keys = (long) architecture.keyValueHeads() * architecture.headSize();
    boolean bias = architecture.queryKeyValueBias();
    if (reader.declares(Part.QUERY_KEY_VALUE_BY_HEAD)) {
      return reader.linearsByHead(
          Part.QUERY_KEY_VALUE_BY_HEAD,
          l,
          3,
          hidden,
          architecture.heads(),
          architecture.headSize(),
          bias);
    }
    if (!reader.declares(Part.QUERY_KEY_VALUE)) {
      return List.of(
          reader.linear(Part.QUERY, l, hidden, queries, bias),
          reader.linear(Part.KEY, l, hidden, keys, bias),
          reader.linear(Part.VALUE, l, hidden, keys, bias));
    }
    Linear all = reader.linear(Part.QUERY_KEY_VALUE, l, hidden, queries + 2 * keys, bias);
    return List.of(
        rows(all, 0, queries),
        rows(all, queries, queries + keys),
        rows(all, queries + keys, queries + 2 * keys));
  }

  private static Linear rows(Linear all, long from, long to) {
    NDIndex range = new NDIndex("{}:{}", from, to);
    return new Linear(all.weight().get(range), all.bias() == null ? null : all.bias().get(range));
  }

  private Optional<Head> head(NDArray tokens) {
    int hidden = architecture.hidden();
    if (!architecture.tiedHead() && !reader.has(Part.HEAD)) {
      return Optional.empty();
    }
    boolean transform = reader.declares(Part.HEAD_TRANSFORM);
    if (transform && !reader.has(Part.HEAD_TRANSFORM)) {
      return Optional.empty();
    }
    NDArray output =
        architecture.tiedHead()
            ? tokens
            : reader.matrix(Part.HEAD, architecture.vocabulary(), hidden);
    Linear logits = new Linear(output, reader.headBias(architecture.vocabulary()).orElse(null));
    return Optional.of(
        new Head(
            transform ? reader.linear(Part.HEAD_TRANSFORM, 0, hidden, hidden, true) : null,
            transform ? reader.norm(Part.HEAD_NORM, 0, hidden, true) : null,
            logits));
  }
}
