package io.github.ffncensus.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ffncensus.CensusException;
import java.util.ArrayList;
import java.util.List;

/**
 * Rotation speeds of rotary position embeddings: angle of pair i at position p is {@code p *
 * inverse(i)}.
 *
 * <p>Angles are rounded to float32 where the Hugging Face implementation rounds them, so that long
 * positions agree with it.
 *
 * @param inverse headSize / 2 frequencies, radians per position
 */
public record RotaryFrequencies(List<Float> inverse) {

  /** Reads {@code rope_theta} and {@code rope_scaling} (or the newer {@code rope_parameters}). */
  static RotaryFrequencies read(ModelConfig config, int headSize) {
    JsonNode scaling =
        config.has("rope_parameters")
            ? config.node("rope_parameters")
            : config.node("rope_scaling");
    double theta =
        scaling.path("rope_theta").isNumber()
            ? scaling.path("rope_theta").doubleValue()
            : config.number("rope_theta", 10_000);
    String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    List<Float> inverse = new ArrayList<>();
    for (int i = 0; i < headSize / 2; i++) {
      inverse.add((float) (1 / Math.pow(theta, 2.0 * i / headSize)));
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

  /** Cosines (or sines) of positions, row-major (positions, headSize), halves repeated. */
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
