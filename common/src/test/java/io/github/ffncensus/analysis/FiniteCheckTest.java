package io.github.ffncensus.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Coefficients that are not numbers end a scan before anything counts them. */
class FiniteCheckTest {
  private static final List<TokenSequence> SEQUENCES =
      List.of(TokenSequence.of(41, 5, 6, 7, 8), TokenSequence.of(42, 9, 10));

  @TempDir Path folder;

  @Test
  void overflowInFloat32_namesLayerAndBatch() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    copy.values("transformer.h.1.ln_2.weight")[0] = 1000;
    copy.values("transformer.h.1.mlp.c_fc.weight")[3] = 3e38f;
    copy.write();
    assertRefused(Precision.FLOAT32, "layer 1: coefficients that are not finite", "from 41");
  }

  @Test
  void overflowInFloat16_namesTheWayOut_andFloat32Runs() {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    copy.values("transformer.h.0.ln_2.weight")[0] = 1000;
    copy.values("transformer.h.0.mlp.c_fc.weight")[3] = 30_000;
    copy.write();
    assertRefused(Precision.FLOAT16, "layer 0: coefficients that are not finite", "use float32");
    try (Transformer model = load(Precision.FLOAT32)) {
      assertThat(ScanRun.shard(new NeuronStatistics(), model, 0, SEQUENCES, 64)).hasSize(2);
    }
  }

  private void assertRefused(Precision precision, String... message) {
    try (Transformer model = load(precision)) {
      CensusException failure =
          catchThrowableOfType(
              CensusException.class,
              () -> ScanRun.shard(new NeuronStatistics(), model, 0, SEQUENCES, 64));
      assertThat(failure.kind()).isEqualTo(CensusException.Kind.RUN_FAILED);
      assertThat(failure).hasMessageContainingAll(message);
    }
  }

  private Transformer load(Precision precision) {
    return TransformerLoader.load(ModelFolder.open(folder), Device.cpu(), precision);
  }
}
