package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The model as the manifest knows it: what it is called, what it looks like, and by the hashes
 * which one it is.
 *
 * @param causal whether it predicts the next token; a masked model predicts the token itself
 */
public record ModelIdentity(
    String name,
    String path,
    String modelType,
    boolean causal,
    int layers,
    int neuronsPerLayer,
    String weightsSha256,
    String tokenizerSha256,
    String configSha256) {

  /** Reads every file of the model once. */
  public static ModelIdentity of(ModelFolder model) {
    return new ModelIdentity(
        model.name(),
        model.path().toString(),
        model.modelType(),
        model.architecture().causal(),
        model.architecture().layers(),
        model.architecture().intermediate(),
        model.weightsSha256(),
        sha256(model.path().resolve("tokenizer.json")),
        sha256(model.path().resolve("config.json")));
  }

  private static String sha256(Path file) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw CensusException.input("%s: cannot be read: %s".formatted(file, e.getMessage()), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
