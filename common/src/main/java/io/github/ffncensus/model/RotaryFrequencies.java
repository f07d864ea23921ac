package io.github.ffncensus.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ffncensus.CensusException;
import java.util.ArrayList;
import java.util.List;

/**
 * Rotation speeds of rotary position embeddings: angle of pair i at position p is {@code p *
 * inverse(i)}. The pairs are made of the two halves of what is rotated, which is a head or its
 * first elements.
 *
 * <p>Angles are rounded to float32 where the Hugging Face implementation rounds them, so that long
 * positions agree with it.
 *
 * @param inverse width / 2 frequencies, radians per position
 */
public record RotaryFrequencies(List<Float> inverse) {

  /** Reads {@code rope_theta} and {@code rope_scaling} (or the newer {@code rope_parameters}). */
  static RotaryFrequencies read(ModelConfig config, int headSize) {
    String fraction = "partial_rotary_factor";
    config.require(fraction, config.number(fraction, 1) == 1, "1");
    return read(config, headSize, config.number("rope_theta", 10_000), 1);
  }

  /**
   * As {@link #read(ModelConfig, int)}, with what stands beside the parameters or is a default.
   *
   * @param fallbackTheta where the parameters have no {@code rope_theta}
   * @param fallbackFraction of a head that is rotated, where the parameters have no {@code
   *     partial_rotary_factor}
   */
  static RotaryFrequencies read(
      ModelConfig config, int headSize, double fallbackTheta, double fallbackFraction) {
    JsonNode scaling =
        config.has("rope_parameters")
            ? config.node("rope_parameters")
            : config.node("rope_scaling");
    double theta = scaling.path("rope_theta").asDouble(fallbackTheta);
    double fraction = scaling.path("partial_rotary_factor").asDouble(fallbackFraction);
    int width = (int) (headSize * fraction);
    String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    List<Float> inverse = new ArrayList<>();
    for (int i = 0; i < width / 2; i++) {
      inverse.add((float) (1 / Math.pow(theta, 2.0 * i / width)));
    }
    return switch (type) {
      case "default" -> new RotaryFrequencies(List.copyOf(inverse));
      case "linear" -> {
        float factor = (float) scaling.path("factor").asDouble(1);
        yield new RotaryFrequencies(inverse.stream().map(f -> f / factor).toList());
      }
      case "llama3" ->
          new RotaryFrequencies(inverse.stream().map(f -> llama3(f, scaling, config)).toList());
      default ->
          throw CensusException.input(
              config.file()
                  + ": rotary scaling \""
                  + type
                  + "\" is not supported; supported: default, linear, llama3");
    };
  }

  /** Slow rotations are slowed further, fast ones kept, those between interpolated. */
  private static float llama3(float frequency, JsonNode scaling, ModelConfig config) {
    double factor = required(scaling, "factor", config);
    double low = required(scaling, "low_freq_factor", config);
    double high = required(scaling, "high_freq_factor", config);
    double context = required(scaling, "original_max_position_embeddings", config);
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength < context / high) {
      return frequency;
    }
    if (wavelength > context / low) {
      return (float) (frequency / factor);
    }
    double smooth = (context / wavelength - low) / (high - low);
    return (float) ((1 - smooth) * frequency / factor + smooth * frequency);
  }

  private static double required(JsonNode scaling, String key, ModelConfig config) {
    if (!scaling.path(key).isNumber()) {
      throw CensusException.input(config.file() + ": rotary scaling has no \"" + key + "\"");
    }
    return scaling.path(key).doubleValue();
  }

  /** Elements of a head that are rotated. */
  int width() {
    return 2 * inverse.size();
  }

  /** Cosines (or sines) of positions, row-major (positions, width), halves repeated. */
  float[] table(int[] positions, boolean cosine) {
    int half = inverse.size();
    float[] table = new float[positions.length * 2 * half];
    for (int row = 0; row < positions.length; row++) {
      for (int i = 0; i < half; i++) {
        float angle = inverse.get(i) * positions[row];
        float value = (float) (cosine ? Math.cos(angle) : Math.sin(angle));
        table[row * 2 * half + i] = value;
        table[row * 2 * half + half + i] = value;
      }
    }
    return table;
  }
}
