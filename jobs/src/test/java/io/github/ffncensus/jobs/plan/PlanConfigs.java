package io.github.ffncensus.jobs.plan;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.ConfigLoader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Configurations of which only some settings matter. */
final class PlanConfigs {
  private PlanConfigs() {}

  /**
   * @param settings {@code key=value}, stronger than what is here
   */
  static CensusConfig of(Path folder, String... settings) {
    try {
      List<String> all =
          new ArrayList<>(
              List.of(
                  "run-id=r",
                  "warehouse=w",
                  "model.path=m",
                  "corpus.over-long=window",
                  "corpus.input=c"));
      all.addAll(List.of(settings));
      return ConfigLoader.load(Files.writeString(folder.resolve("c.conf"), ""), all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
