package io.github.ffncensus.jobs.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What makes a run this run and no other: another configuration, model or corpus under the same run
 * id is refused.
 *
 * @param corpus null for a command that does not read the corpus and takes the run's as given
 */
public record RunIdentity(CensusConfig config, ModelIdentity model, List<CorpusFile> corpus) {

  private static final int LISTED_FILES = 5;

  /**
   * A difference to the manifest of an earlier attempt.
   *
   * @param stage the first stage whose results it concerns
   */
  record Difference(String text, Stage stage) {}

  List<Difference> differences(JsonNode manifest) {
    List<Difference> differences = new ArrayList<>();
    for (CensusConfig.Difference key : config.difference(manifest.path("configuration"))) {
      differences.add(
          new Difference(
              "%s: was %s, now %s".formatted(key.key(), key.before(), key.after()),
              concerned(key.key())));
    }
    JsonNode before = manifest.path("model");
    compare(differences, "weights", before.path("weights_sha256").asText(), model.weightsSha256());
    compare(
        differences,
        "tokenizer.json",
        before.path("tokenizer_sha256").asText(),
        model.tokenizerSha256());
    compare(
        differences, "config.json", before.path("config_sha256").asText(), model.configSha256());
    if (corpus != null) {
      compareCorpus(differences, manifest.at("/corpus/inputs"));
    }
    return differences;
  }

  /**
   * A key stands in the section of the stage that it concerns; those on facts concern the stages
   * that read facts, all others every stage.
   */
  private static Stage concerned(String key) {
    return Stream.of(Stage.values())
        .filter(stage -> key.startsWith("census.%s.".formatted(stage.word())))
        .findFirst()
        .orElse(key.startsWith("census.facts.") ? Stage.ATTRIBUTE : Stage.INGEST);
  }

  private void compare(List<Difference> differences, String file, String before, String now) {
    if (!before.equals(now)) {
      String text =
          "the model's %s (%s): SHA-256 was %s, now %s"
              .formatted(file, model.path(), abbreviate(before), abbreviate(now));
      differences.add(new Difference(text, Stage.INGEST));
    }
  }

  private static String abbreviate(String sha256) {
    return sha256.length() <= 12 ? sha256 : sha256.substring(0, 12) + "...";
  }

  private void compareCorpus(List<Difference> differences, JsonNode inputs) {
    Map<String, CorpusFile> earlier = new LinkedHashMap<>();
    for (JsonNode file : inputs) {
      String path = file.path("path").asText();
      earlier.put(
          path,
          new CorpusFile(path, file.path("bytes").asLong(), file.path("fingerprint").asText()));
    }
    List<String> texts = new ArrayList<>();
    for (CorpusFile file : corpus) {
      CorpusFile was = earlier.remove(file.path());
      if (was == null) {
        texts.add("corpus file %s: is new".formatted(file.path()));
      } else if (!was.equals(file)) {
        texts.add(
            "corpus file %s: was %,d bytes, now %,d%s"
                .formatted(
                    file.path(),
                    was.bytes(),
                    file.bytes(),
                    was.bytes() == file.bytes() ? " with other content" : ""));
      }
    }
    earlier.keySet().forEach(path -> texts.add("corpus file %s: is gone".formatted(path)));
    texts.stream()
        .limit(LISTED_FILES)
        .forEach(text -> differences.add(new Difference(text, Stage.INGEST)));
    if (texts.size() > LISTED_FILES) {
      differences.add(
          new Difference(
              "and %,d more corpus files".formatted(texts.size() - LISTED_FILES), Stage.INGEST));
    }
  }
}
