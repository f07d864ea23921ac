package io.github.ffncensus.model;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ModelFamily.Part;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A Hugging Face model folder: {@code config.json}, safetensors weights, {@code tokenizer.json}.
 * Opening it reads headers only: missing and truncated files show here, missing tensors and damaged
 * values when the weights are loaded.
 */
public final class ModelFolder {
  private final Path path;
  private final ModelFamily family;
  private final Checkpoint checkpoint;
  private String weightsSha256;

  private ModelFolder(Path path, ModelFamily family, Checkpoint checkpoint) {
    this.path = path;
    this.family = family;
    this.checkpoint = checkpoint;
  }

  /**
   * Opens a folder.
   *
   * @throws CensusException of kind INPUT if the folder or one of its files is missing, truncated,
   *     malformed, or of an unsupported kind
   */
  public static ModelFolder open(Path path) {
    if (!Files.isDirectory(path)) {
      throw CensusException.input(
          "model.path: there is no folder " + path + "; it must be a Hugging Face model folder");
    }
    Path configFile = path.resolve("config.json");
    if (!Files.isRegularFile(configFile)) {
      throw CensusException.input(
          path + " has no config.json; model.path must be a Hugging Face model folder");
    }
    ModelConfig config = ModelConfig.read(configFile);
    ModelFamily family = ModelFamilies.of(config);
    Checkpoint checkpoint = Checkpoint.open(path);
    if (!Files.isRegularFile(path.resolve("tokenizer.json"))) {
      throw CensusException.input(
          path
              + " has no tokenizer.json; write one with AutoTokenizer.from_pretrained(...)"
              + ".save_pretrained(...) of the transformers library");
    }
    return new ModelFolder(path, family, checkpoint);
  }

  public Path path() {
    return path;
  }

  /** The folder's own name, by which people know the model. */
  public String name() {
    Path name = path.toAbsolutePath().normalize().getFileName();
    return name == null ? path.toString() : name.toString();
  }

  public String modelType() {
    return family.modelType();
  }

  public Architecture architecture() {
    return family.architecture();
  }

  /** Rows of the token embedding; a tokenizer may know fewer. */
  public int vocabularySize() {
    return architecture().vocabulary();
  }

  /** Longest sequence that the model takes, special tokens included. */
  public int maxSequenceTokens() {
    return architecture().maxSequenceTokens();
  }

  public boolean causal() {
    return architecture().causal();
  }

  /**
   * SHA-256 over the weight files in name order, in lower-case hexadecimal. The first call reads
   * all of them.
   */
  public synchronized String weightsSha256() {
    if (weightsSha256 == null) {
      weightsSha256 = checkpoint.sha256();
    }
    return weightsSha256;
  }

  /** A module's tensor, under whichever of the names that checkpoints of the family use. */
  Optional<Checkpoint.Entry> tensor(Part part, int layer, String... suffixes) {
    for (String prefix : family.prefixes()) {
      for (String suffix : suffixes) {
        Optional<Checkpoint.Entry> entry =
            checkpoint.find(prefix + family.name(part, layer) + suffix);
        if (entry.isPresent()) {
          return entry;
        }
      }
    }
    return Optional.empty();
  }

  ModelFamily family() {
    return family;
  }

  Checkpoint checkpoint() {
    return checkpoint;
  }
}
