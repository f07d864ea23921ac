package io.github.ffncensus.jobs.attribute;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Facts in words that every fixture's tokenizer can spell, with prompts that causal models read.
 */
public final class SmallFacts {
  private static final String[][] TEMPLATES = {
    {
      "Capital of %s: [MASK].",
      "the city of %s is [MASK]",
      "In %s it is [MASK].",
      "the name in %s: [MASK]",
      "of %s, [MASK]"
    },
    {
      "%s is the river of [MASK].",
      "the river %s is in [MASK]",
      "%s: [MASK].",
      "the name of %s is [MASK]"
    }
  };
  private static final String[][] HEADS = {
    {"France", "Japan", "Peru", "March", "Seine"}, {"Seine", "Paris", "Tokyo", "Lima"}
  };
  private static final String[][] ANSWERS = {
    {"Paris", "Tokyo", "Lima", "the", "city"}, {"France", "the", "Peru", "of it"}
  };

  private SmallFacts() {}

  /** Nine facts of two relations, 41 prompts; some answers have several tokens. */
  public static List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int r = 0; r < HEADS.length; r++) {
      for (int f = 0; f < HEADS[r].length; f++) {
        List<String> prompts = new ArrayList<>();
        for (String template : TEMPLATES[r]) {
          prompts.add('"' + template.formatted(HEADS[r][f]) + '"');
        }
        lines.add(
            "{\"relation\": \"R%d\", \"fact_id\": \"R%d-%d\", \"head\": \"%s\", \"answer\": \"%s\", \"prompts\": %s}"
                .formatted(r, r, f, HEADS[r][f], ANSWERS[r][f], prompts));
      }
    }
    return lines;
  }

  public static Path write(Path file) throws IOException {
    return Files.write(file, lines());
  }
}
