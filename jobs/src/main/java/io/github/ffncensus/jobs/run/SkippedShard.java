package io.github.ffncensus.jobs.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * A piece of a stage's work that the run does without, because the user said so.
 *
 * @param stage its word
 * @param part of the stage; {@link #CORPUS} for a shard of the corpus, which all later stages leave
 *     out too
 * @param shard number within the part
 * @param holds what is in it, for people
 * @param documents with a sequence in it; null unless it is a shard of the corpus
 * @param sequences null unless it is a shard of the corpus
 * @param tokens special tokens included; null unless it is a shard of the corpus
 */
public record SkippedShard(
    String stage,
    String part,
    int shard,
    String holds,
    Long documents,
    Long sequences,
    Long tokens) {

  /** The part of the shards of the corpus, whichever stage reads them. */
  public static final String CORPUS = "corpus";

  /** A piece that is no shard of the corpus. */
  public static SkippedShard of(String stage, String part, int number, String holds) {
    return new SkippedShard(stage, part, number, holds, null, null, null);
  }

  /** The same shard among those of a combined run. */
  public SkippedShard shifted(int firstShard) {
    return new SkippedShard(stage, part, firstShard + shard, holds, documents, sequences, tokens);
  }

  public boolean ofCorpus() {
    return part.equals(CORPUS);
  }

  /** As the option {@code --skip-shards} names it. */
  public String name() {
    return ofCorpus() ? Integer.toString(shard) : part + ":" + shard;
  }

  /** The field of a manifest, in words; empty if it has none. */
  public static String summary(JsonNode manifest) {
    return StreamSupport.stream(manifest.path("skipped_shards").spliterator(), false)
        .map(SkippedShard::read)
        .map(SkippedShard::text)
        .collect(Collectors.joining("; "));
  }

  private String text() {
    return ofCorpus()
        ? "shard %d of the corpus (%,d documents, %,d sequences, %,d tokens) since %s"
            .formatted(shard, documents, sequences, tokens, stage)
        : "%s of %s (%s)".formatted(name(), stage, holds);
  }

  void write(ObjectNode node) {
    node.put("stage", stage).put("part", part).put("shard", shard).put("holds", holds);
    if (ofCorpus()) {
      node.put("documents", documents).put("sequences", sequences).put("tokens", tokens);
    }
  }

  static SkippedShard read(JsonNode node) {
    boolean counted = node.has("sequences");
    return new SkippedShard(
        node.path("stage").asText(),
        node.path("part").asText(),
        node.path("shard").asInt(),
        node.path("holds").asText(),
        counted ? node.path("documents").asLong() : null,
        counted ? node.path("sequences").asLong() : null,
        counted ? node.path("tokens").asLong() : null);
  }
}
