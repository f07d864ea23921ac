package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.config.KnStatsConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.knowledge.KnowledgeFindings;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.Tokenizers;
import io.github.ffncensus.knowledge.opendomain.RandomPool;
import io.github.ffncensus.knowledge.opendomain.RandomSentences;
import io.github.ffncensus.knowledge.opendomain.RandomSentences.PoolText;
import io.github.ffncensus.knowledge.opendomain.ReadingRules;
import io.github.ffncensus.knowledge.opendomain.TriggerRules;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.broadcast.Broadcast;

/**
 * What the neurons of facts do in text: the sequences are searched for facts, which shows what
 * random texts each fact gets; then they are searched again, and those in which something is to be
 * read go through the model. Searching twice costs less than keeping what was found.
 */
public final class KnStatsJob {
  private final StageContext context;
  private final KnStatsConfig config;
  private final FactBook facts;
  private final TriggerRules triggers;

  private KnStatsJob(StageContext context, FactBook facts) {
    this.context = context;
    this.config = context.config().knStats();
    this.facts = facts;
    this.triggers =
        new TriggerRules(
            facts.methods().size(), config.triggers().scopes(), config.triggers().perFact());
  }

  /** Runs the stage; returns the files of each table, left in staging. */
  public static Map<String, List<TableFile>> run(StageContext context) {
    new KnStatsJob(context, LoadFacts.load(context)).tables();
    return context.made();
  }

  private void tables() {
    Broadcast<FactBook> book = context.spark().broadcast(facts);
    RandomPool pool =
        new RandomPool(
            config.seed(),
            context.plan().shards().stream().mapToLong(Shard::sequences).sum(),
            config.random().pool(),
            config.random().source());
    FactSearch search = new FactSearch(context.setup(), book, rules(), pool);
    RandomSentences random =
        draw(
            pool,
            context.tasks(
                context.corpusShards("mentions"), new CountMentions(search), ShardMentions.class));
    List<ShardReadings> readings =
        context.tasks(
            context.corpusShards("readings"),
            new ReadFacts(search, context.spark().broadcast(random), triggers),
            ShardReadings.class);
    context.made(
        ReadFacts.REJECTS, readings.stream().flatMap(shard -> shard.rejects().stream()).toList());
    context.step(
        "tables",
        () -> {
          JavaPairRDD<Long, byte[]> merged =
              ResultFiles.merged(context, readings, facts.facts(), triggers).cache();
          context.made(
              WriteActivations.TABLE,
              merged
                  .mapPartitions(new WriteActivations(context.setup(), book, triggers))
                  .collect());
          context.made(TriggerTexts.TABLE, TriggerTexts.write(context, book, triggers, merged));
          merged.unpersist();
        });
    context.step("findings", () -> KnowledgeFindings.write(context));
  }

  private ReadingRules rules() {
    boolean causal = context.model().architecture().causal();
    return new ReadingRules(
        causal ? -1 : Tokenizers.of(context.setup().modelPath()).maskId(),
        config.masks(),
        config.words().kind(),
        config.words().limit(),
        config.seed());
  }

  private RandomSentences draw(RandomPool pool, List<ShardMentions> mentions) {
    int[] headAndTail = new int[facts.facts()];
    List<PoolText> texts = new ArrayList<>();
    for (ShardMentions shard : mentions) {
      for (int i = 0; i < shard.facts().length; i++) {
        headAndTail[shard.facts()[i]] += shard.headAndTail()[i];
      }
      texts.addAll(shard.pool());
    }
    int[] wanted = new int[facts.facts()];
    BitSet read = facts.withNeurons();
    for (int fact = 0; fact < wanted.length; fact++) {
      wanted[fact] = read.get(fact) ? Math.max(headAndTail[fact], config.random().minimum()) : 0;
    }
    return RandomSentences.draw(pool, texts, facts.names(), facts.mentions(), wanted);
  }
}
