package io.github.ffncensus.jobs.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
 * @param facts files of facts, templates and pairs; null for a command that does not read them
 * @param parents runs that this one is combined from; none for a command that combines nothing
 */
public record RunIdentity(
    CensusConfig config,
    ModelIdentity model,
    List<CorpusFile> corpus,
    List<CorpusFile> facts,
    List<ParentRun> parents) {

  /** Of a run that is not combined from others. */
  public RunIdentity(
      CensusConfig config, ModelIdentity model, List<CorpusFile> corpus, List<CorpusFile> facts) {
    this(config, model, corpus, facts, List.of());
  }

  private static final int LISTED_FILES = 5;

  /** Keys that name a run and say what else it does, and have no part in what its census counts. */
  private static final List<String> OF_THE_RUN =
      List.of("census.run-id", "census.stages", "census.profile");

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
    compareModel(differences, manifest.path("model"));
    JsonNode parentsNow = new ObjectMapper().valueToTree(parents);
    JsonNode parentsBefore = manifest.path("parents");
    if (!parents.isEmpty() && !parentsNow.toString().equals(parentsBefore.toString())) {
      differences.add(
          new Difference(
              "combined from: was %s, now %s".formatted(parentsBefore, parentsNow), Stage.INGEST));
    }
    // Inputs that the run has not read so far are not another's.
    JsonNode corpusBefore = manifest.at("/corpus/inputs");
    if (corpus != null && !corpusBefore.isMissingNode()) {
      compareFiles(differences, corpusBefore, corpus, "corpus", Stage.INGEST);
    }
    JsonNode factsBefore = manifest.at("/facts/inputs");
    if (facts != null && !factsBefore.isMissingNode()) {
      compareFiles(differences, factsBefore, facts, "facts", Stage.ATTRIBUTE);
    }
    return differences;
  }

  /**
   * What makes the census of another run, its ingest and scan, one of another kind: each difference
   * in a line.
   */
  public List<String> differencesOfCensus(JsonNode manifest) {
    List<Difference> differences = new ArrayList<>();
    for (CensusConfig.Difference key : config.difference(manifest.path("configuration"))) {
      if (!OF_THE_RUN.contains(key.key()) && concerned(key.key()).compareTo(Stage.SCAN) <= 0) {
        differences.add(
            new Difference(
                "%s: was %s, now %s".formatted(key.key(), key.before(), key.after()),
                concerned(key.key())));
      }
    }
    compareModel(differences, manifest.path("model"));
    return differences.stream().map(Difference::text).toList();
  }

  private void compareModel(List<Difference> differences, JsonNode before) {
    compare(differences, "weights", before.path("weights_sha256").asText(), model.weightsSha256());
    compare(
        differences,
        "tokenizer.json",
        before.path("tokenizer_sha256").asText(),
        model.tokenizerSha256());
    compare(
        differences, "config.json", before.path("config_sha256").asText(), model.configSha256());
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

  private static void compareFiles(
      List<Difference> differences,
      JsonNode inputs,
      List<CorpusFile> files,
      String what,
      Stage stage) {
    Map<String, CorpusFile> earlier = new LinkedHashMap<>();
    for (JsonNode file : inputs) {
      String path = file.path("path").asText();
      earlier.put(
          path,
          new CorpusFile(path, file.path("bytes").asLong(), file.path("fingerprint").asText()));
    }
    List<String> texts = new ArrayList<>();
    for (CorpusFile file : files) {
      CorpusFile was = earlier.remove(file.path());
      if (was == null) {
        texts.add("%s file %s: is new".formatted(what, file.path()));
      } else if (!was.equals(file)) {
        texts.add(
            "%s file %s: was %,d bytes, now %,d%s"
                .formatted(
                    what,
                    file.path(),
                    was.bytes(),
                    file.bytes(),
                    was.bytes() == file.bytes() ? " with other content" : ""));
      }
    }
    earlier.keySet().forEach(path -> texts.add("%s file %s: is gone".formatted(what, path)));
    texts.stream()
        .limit(LISTED_FILES)
        .forEach(text -> differences.add(new Difference(text, stage)));
    if (texts.size() > LISTED_FILES) {
      differences.add(
          new Difference(
              "and %,d more %s files".formatted(texts.size() - LISTED_FILES, what), stage));
    }
  }
}
