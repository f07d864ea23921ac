package io.github.ffncensus.analysis.positions;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Models whose FFNs, residuals or memories are made so that what must be found is known. */
class PlantedPositionsTest {
  private static final String LAYER = "transformer.h.1.mlp.";

  @TempDir Path folder;

  /** Property 36. Masked models norm after the sum, so only r + y under a linear lens is r. */
  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, mlp.c_proj., HEAD",
    "gpt2-gelu-new, mlp.c_proj., FOLDED",
    "llama-silu, mlp.down_proj., HEAD",
    "llama-silu, mlp.down_proj., RAW",
    "bert-gelu, output.dense., RAW"
  })
  void ffnThatAddsNothing_changesNoPrediction(String fixture, String ffn, Lens lens) {
    ModelCopy copy = ModelCopy.of(fixture, folder);
    copy.tensors()
        .forEach(
            (name, tensor) -> {
              if (name.contains(ffn) && !name.contains("attention")) {
                Arrays.fill(tensor.values(), 0);
              }
            });
    for (SampledPosition p : positions(copy, lens)) {
      assertThat(p.layerToken()).isEqualTo(p.residualToken());
      assertThat(p.change()).isNull();
      assertThat(p.predictionClass()).isIn(PredictionClass.RESIDUAL, PredictionClass.AGREEMENT);
      assertThat(p.residualTokenInFfn()).isNull();
      // Of equal logits the lowest token wins.
      assertThat(p.ffnValueToken()).isZero();
    }
  }

  /** Property 36. */
  @ParameterizedTest
  @EnumSource(names = {"RAW", "FOLDED"})
  void residualOfNothing_leavesThePredictionToTheFfn(Lens lens) {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    copy.config().put("tie_word_embeddings", false);
    ModelCopy.Tensor embedding = copy.tensors().get("transformer.wte.weight");
    copy.tensors()
        .put(
            "lm_head.weight",
            new ModelCopy.Tensor("F32", embedding.shape(), embedding.values().clone()));
    for (String name :
        List.of(
            "transformer.wte.weight",
            "transformer.wpe.weight",
            "transformer.h.0.attn.c_proj.weight",
            "transformer.h.0.attn.c_proj.bias")) {
      Arrays.fill(copy.values(name), 0);
    }
    List<SampledPosition> ofFirst =
        positions(copy, lens).stream().filter(p -> p.layer() == 0).toList();
    assertThat(ofFirst)
        .allSatisfy(p -> assertThat(p.layerToken()).isEqualTo(p.ffnToken()))
        .allSatisfy(p -> assertThat(p.residualToken()).isZero())
        .allSatisfy(
            p ->
                assertThat(p.predictionClass())
                    .isIn(EnumSet.of(PredictionClass.FFN, PredictionClass.AGREEMENT)));
  }

  /** Property 35. */
  @Test
  void singleActiveMemory_agreesWithItself() {
    ModelCopy copy = constantMemories(7);
    Arrays.fill(copy.values(LAYER + "c_proj.bias"), 0);
    for (SampledPosition p : ofPlantedLayer(copy)) {
      assertThat(p.memories().active()).isEqualTo(1);
      assertThat(p.memories().negative()).isZero();
      assertThat(p.memories().agreeing()).isEqualTo(1);
      assertThat(p.memories().agreeingShare()).isEqualTo(1);
    }
  }

  /** Property 35. */
  @Test
  void noActiveMemory_agreesWithNothing() {
    for (SampledPosition p : ofPlantedLayer(constantMemories(-1))) {
      assertThat(p.memories().active()).isZero();
      assertThat(p.memories().agreeing()).isZero();
      assertThat(p.memories().agreeingWithLayer()).isZero();
      assertThat(p.memories().agreeingShare()).isZero();
    }
  }

  /**
   * A value vector of zeros promotes no token, although the first one is first of all equal ones.
   */
  @Test
  void valuesOfZeros_voteForNothing() {
    ModelCopy copy = constantMemories(7);
    Arrays.fill(copy.values(LAYER + "c_proj.weight"), 0);
    float[] bias = copy.values(LAYER + "c_proj.bias");
    System.arraycopy(copy.values("transformer.wte.weight"), 0, bias, 0, bias.length);
    for (SampledPosition p : ofPlantedLayer(copy)) {
      assertThat(p.ffnValueToken()).isZero();
      assertThat(p.memories().active()).isEqualTo(1);
      assertThat(p.memories().agreeing()).isZero();
      assertThat(p.memories().agreeingAll()).isZero();
      assertThat(p.memories().agreeingWithLayer()).isZero();
      assertThat(p.memories().agreeingShare()).isZero();
    }
  }

  /** Nor does an FFN that adds nothing, whatever single values promote. */
  @Test
  void ffnThatAddsNothing_isAgreedWithByNoMemory() {
    ModelCopy copy = constantMemories(-1);
    Arrays.fill(copy.values(LAYER + "c_proj.bias"), 0);
    for (SampledPosition p : ofPlantedLayer(copy)) {
      assertThat(p.ffnValueToken()).isZero();
      assertThat(p.memories().agreeingAll()).isZero();
    }
  }

  /** A ReLU layer of which one memory, or none, has coefficient 1 everywhere. */
  private ModelCopy constantMemories(int active) {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    copy.config().put("activation_function", "relu");
    Arrays.fill(copy.values(LAYER + "c_fc.weight"), 0);
    float[] thresholds = copy.values(LAYER + "c_fc.bias");
    Arrays.fill(thresholds, -1);
    if (active >= 0) {
      thresholds[active] = 1;
    }
    return copy;
  }

  private List<SampledPosition> ofPlantedLayer(ModelCopy copy) {
    List<SampledPosition> positions =
        positions(copy, Lens.HEAD).stream().filter(p -> p.layer() == 1).toList();
    assertThat(positions).hasSizeGreaterThan(100);
    return positions;
  }

  /** All text positions of some sequences, with the embedding in bytes and in floats. */
  private static List<SampledPosition> positions(ModelCopy copy, Lens lens) {
    List<SampledPosition> positions = new ArrayList<>();
    try (Transformer model =
        TransformerLoader.load(ModelFolder.open(copy.write()), Device.cpu(), Precision.FLOAT32)) {
      for (boolean bytes : new boolean[] {true, false}) {
        try (ShardObserver observer =
            new PositionObserver(
                model,
                new PositionSample.Rate(1, 1),
                lens,
                TokenTraits.none(),
                positions::add,
                CentredEmbedding.of(model, bytes, 64))) {
          new ShardScan(model::observe, List.of(observer), tokens -> {})
              .run(BatchPlan.of(RandomSequences.of(model.architecture(), 20, 3), 100));
        }
      }
    }
    return positions;
  }
}
