package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ModelFamily.Part;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Edited model folders, read back byte by byte and by the loader. */
class EditedFolderTest {
  private static final String NOTE = "{\"edits\": 2}";

  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-gelu",
        "bert-f16",
        "gpt2-bf16",
        "gpt2-relu-untied",
        "gpt2-hub-names",
        "llama-silu",
        "llama-hub-names",
        "gpt-neox-hub-names",
        "t5-gated-gelu"
      })
  void onlyTheVectorsDiffer(String name) throws IOException {
    ModelFolder source = ModelFolder.open(Fixture.named(name).folder());
    Path target = temporary.resolve("edited");
    int hidden = source.architecture().hidden();
    List<ValueVector> edits =
        List.of(
            new ValueVector(0, 3, numbers(hidden, 0.1f)),
            new ValueVector(1, source.architecture().intermediate() - 1, numbers(hidden, -7.7f)));
    EditedFolder.write(source, target, edits, NOTE);
    for (Path file : source.checkpoint().files()) {
      assertDiffersOnlyIn(source, file, target.resolve(file.getFileName()), edits);
    }
    assertThat(Files.mismatch(source.path().resolve("config.json"), target.resolve("config.json")))
        .isEqualTo(-1);
    ModelFolder edited = ModelFolder.open(target);
    assertThat(edited.weightsSha256()).isNotEqualTo(source.weightsSha256());
    assertLoads(edited, edits, source.tensor(Part.DOWN, 0, ".weight").orElseThrow().dtype());
  }

  private static void assertDiffersOnlyIn(
      ModelFolder source, Path original, Path copy, List<ValueVector> edits) throws IOException {
    Set<Long> mayDiffer = new HashSet<>();
    int hidden = source.architecture().hidden();
    for (ValueVector edit : edits) {
      Checkpoint.Entry tensor = source.tensor(Part.DOWN, edit.layer(), ".weight").orElseThrow();
      if (tensor.file().equals(original)) {
        int width = tensor.dtype().equals("F32") ? 4 : 2;
        for (int j = 0; j < hidden; j++) {
          long element =
              source.modelType().equals("gpt2")
                  ? (long) edit.neuron() * hidden + j
                  : (long) j * source.architecture().intermediate() + edit.neuron();
          for (int b = 0; b < width; b++) {
            mayDiffer.add(tensor.offset() + element * width + b);
          }
        }
      }
    }
    byte[] before = Files.readAllBytes(original);
    byte[] after = Files.readAllBytes(copy);
    assertThat(after).hasSameSizeAs(before);
    long differing = 0;
    for (int i = 0; i < before.length; i++) {
      if (before[i] != after[i]) {
        assertThat(mayDiffer).contains((long) i);
        differing++;
      }
    }
    assertThat(differing > 0).isEqualTo(!mayDiffer.isEmpty());
  }

  private static void assertLoads(ModelFolder folder, List<ValueVector> edits, String dtype) {
    TorchEngine.prepareThread();
    try (Transformer model = TransformerLoader.load(folder, Device.cpu(), Precision.FLOAT32);
        NDManager scope = model.newScope()) {
      for (ValueVector edit : edits) {
        float[] loaded =
            model.values(edit.layer(), edit.neuron(), edit.neuron() + 1, scope).toFloatArray();
        for (int j = 0; j < loaded.length; j++) {
          byte[] stored = EditedFolder.encode(new float[] {edit.values()[j]}, dtype);
          ByteBuffer bytes = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
          switch (dtype) {
            case "F32" -> assertThat(loaded[j]).isEqualTo(bytes.getFloat());
            case "BF16" ->
                assertThat(loaded[j]).isEqualTo(Float.intBitsToFloat(bytes.getShort() << 16));
            default ->
                assertThat(loaded[j])
                    .isCloseTo(edit.values()[j], within(Math.abs(edit.values()[j]) / 2048));
          }
        }
      }
    }
  }

  private static float[] numbers(int size, float step) {
    float[] numbers = new float[size];
    for (int j = 0; j < size; j++) {
      numbers[j] = step * (j + 1) / 3;
    }
    return numbers;
  }

  @Test
  void weightsInOtherFormats_areNotCopied() throws IOException {
    Path original = Files.createDirectory(temporary.resolve("original"));
    ModelCopy.copyFiles(Fixture.named("bert-gelu").folder(), original);
    Files.writeString(original.resolve("pytorch_model.bin"), "pickle");
    Files.writeString(original.resolve("adapter.safetensors"), "other");
    Files.writeString(original.resolve("vocab.txt"), "words");
    Path target = temporary.resolve("edited");
    EditedFolder.write(ModelFolder.open(original), target, List.of(), NOTE);
    assertThat(target.resolve("pytorch_model.bin")).doesNotExist();
    assertThat(target.resolve("adapter.safetensors")).doesNotExist();
    assertThat(target.resolve("vocab.txt")).hasContent("words");
    assertThat(target.resolve(EditedFolder.NOTE)).hasContent(NOTE);
  }

  @Test
  void aFolderThatIsSomethingElse_isLeftAlone() throws IOException {
    ModelFolder source = ModelFolder.open(Fixture.named("bert-gelu").folder());
    Path target = Files.createDirectory(temporary.resolve("mine"));
    assertThatThrownBy(() -> EditedFolder.write(source, target, List.of(), NOTE))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("mine exists and is not the edited model");
    Files.writeString(target.resolve(EditedFolder.NOTE), "{}");
    assertThatThrownBy(() -> EditedFolder.write(source, target, List.of(), NOTE))
        .isInstanceOf(CensusException.class);
    assertThat(Files.list(target)).hasSize(1);
  }

  @Test
  void aSecondAttempt_findsTheFolderDone_andAnInterruptedOne_startsAnew() throws IOException {
    ModelFolder source = ModelFolder.open(Fixture.named("bert-gelu").folder());
    Path aside = Files.createDirectory(temporary.resolve("_edited"));
    Files.writeString(aside.resolve("model.safetensors"), "half");
    Path target = temporary.resolve("edited");
    EditedFolder.write(source, target, List.of(), NOTE);
    assertThat(aside).doesNotExist();
    assertThat(ModelFolder.open(target).weightsSha256()).isEqualTo(source.weightsSha256());
    EditedFolder.write(source, target, List.of(), NOTE);
    assertThat(ModelFolder.open(target).weightsSha256()).isEqualTo(source.weightsSha256());
  }
}
