package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files that may hold pickles, which can run code, are never opened: here they are named pipes,
 * whose opening would wait for ever.
 */
class NoPickleTest {
  private static final List<String> PICKLES =
      List.of(
          "pytorch_model.bin",
          "pytorch_model.bin.index.json",
          "training_args.bin",
          "optimizer.pt",
          "model.pt",
          "rng_state.pth",
          "model.ckpt",
          "tokenizer.pkl");

  @TempDir Path folder;

  @Test
  void modelBesidePickles_isReadWithoutThem() throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfifo")), "needs named pipes");
    ModelCopy.of("gpt2-gelu-new", folder).write();
    for (String name : PICKLES) {
      Process made = new ProcessBuilder("mkfifo", folder.resolve(name).toString()).start();
      assertThat(made.waitFor()).isZero();
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          ModelFolder model = ModelFolder.open(folder);
          assertThat(model.weightsSha256()).hasSize(64);
          TransformerLoader.load(model, Device.cpu(), Precision.FLOAT32).close();
          ModelTokenizer.open(folder).close();
        });
  }
}
