package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.attribute.AttributeShard.Tables;
import io.github.ffncensus.jobs.attribute.FactShards.Shard;
import io.github.ffncensus.jobs.knowledge.KnowledgeFindings;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.text.ModelTokenizer;
import java.util.List;
import java.util.Map;

/**
 * The stage: facts to shards, shards to attributions, attributions to neurons. What a task of the
 * first two has left is never computed again.
 */
public final class AttributeJob {
  private AttributeJob() {}

  /**
   * Returns the files of each table, left in staging.
   *
   * @throws CensusException of kind INPUT if there is no usable fact, or the model cannot answer
   */
  public static Map<String, List<TableFile>> run(StageContext context) {
    try (ModelTokenizer tokenizer = ModelTokenizer.open(context.model().path())) {
      tokenizer.requireFits(context.model().vocabularySize());
    }
    PromptReading reading = PromptReading.of(context.model());
    BaselineFiles baseline = BaselineFiles.of(context);
    List<Shard> shards = FactShards.write(context, reading);
    List<Tables> tables =
        context.tasks(
            PartWork.of(
                "attributions", shards, Shard::index, shard -> FactShards.names(context, shard)),
            new AttributeShard(context.setup(), reading, baseline),
            Tables.class);
    context.made(AttributeShard.PROMPTS, tables.stream().map(Tables::prompts).toList());
    context.made(AttributeShard.ATTRIBUTIONS, tables.stream().map(Tables::attributions).toList());
    context.made(AttributeShard.ACTIVATIONS, tables.stream().map(Tables::activations).toList());
    context.made(AttributeShard.LAYERS, tables.stream().map(Tables::layers).toList());
    context.step("refinement", () -> Refinement.write(context));
    context.step("findings", () -> KnowledgeFindings.write(context));
    return context.made();
  }
}
