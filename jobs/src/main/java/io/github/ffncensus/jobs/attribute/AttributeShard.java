package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.jobs.attribute.FactShards.Shard;
import io.github.ffncensus.jobs.attribute.NeuronScores.Stored;
import io.github.ffncensus.jobs.config.AttributeConfig;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.attribution.AttributionRequest;
import io.github.ffncensus.knowledge.attribution.AttributionTarget;
import io.github.ffncensus.knowledge.attribution.IntegratedGradients;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.attribution.TargetTokens;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.knowledge.facts.PromptEncoder.Result;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;

/** Task: attributes the answers of a shard's prompts to neurons, and writes what is kept of it. */
final class AttributeShard implements Function<Shard, AttributeShard.Tables>, ModelTask {
  private static final long serialVersionUID = 1L;

  static final String PROMPTS = "fact_prompts";
  static final String ATTRIBUTIONS = "fact_attributions";
  static final String ACTIVATIONS = "fact_activations";
  static final String LAYERS = "attribution_layers";

  /** So many are attributed, sorted back and written at a time. */
  private static final int CHUNK_PROMPTS = 500;

  private final TaskSetup setup;
  private final PromptReading reading;
  private final BaselineFiles baseline;

  AttributeShard(TaskSetup setup, PromptReading reading, BaselineFiles baseline) {
    this.setup = setup;
    this.reading = reading;
    this.baseline = baseline;
  }

  /** A shard's file of each table. */
  record Tables(TableFile prompts, TableFile attributions, TableFile activations, TableFile layers)
      implements Serializable {}

  @Override
  public Tables call(Shard shard) throws IOException {
    AttributeConfig config = setup.config().attribute();
    PromptEncoder encoder = reading.attributed(setup);
    ModelTokenizer tokenizer = setup.tokenizer();
    try (IntegratedGradients gradients =
            new IntegratedGradients(setup.model(), config.gradients(), baseline.read(setup));
        ParquetTableReader facts =
            ParquetTableReader.open(
                setup.hadoop(), setup.staging().file(WriteFactShards.SHARDS, shard.file()));
        ParquetTableWriter<AttributedPrompt> prompts =
            setup.create(
                PROMPTS,
                shard.index(),
                (row, out) -> row.encode(encoder.reading(), config.floor(), tokenizer, out));
        ParquetTableWriter<ScoreRow> attributions = scores(ATTRIBUTIONS, shard);
        ParquetTableWriter<ScoreRow> activations = scores(ACTIVATIONS, shard);
        ParquetTableWriter<LayerRow> layers =
            setup.create(LAYERS, shard.index(), (row, out) -> row.of().encode(row.layer(), out))) {
      for (List<StagedFact> chunk = next(facts); !chunk.isEmpty(); chunk = next(facts)) {
        for (AttributedPrompt prompt : attribute(chunk, encoder, gradients, config)) {
          prompts.write(prompt);
          for (Stored stored : prompt.attributions()) {
            attributions.write(new ScoreRow(prompt, stored));
          }
          for (Stored stored : prompt.activations()) {
            activations.write(new ScoreRow(prompt, stored));
          }
          for (int layer = 0; layer < prompt.layers(); layer++) {
            layers.write(new LayerRow(prompt, layer));
          }
        }
      }
      return new Tables(
          prompts.finish(), attributions.finish(), activations.finish(), layers.finish());
    }
  }

  private record ScoreRow(AttributedPrompt of, Stored stored) {}

  private record LayerRow(AttributedPrompt of, int layer) {}

  private ParquetTableWriter<ScoreRow> scores(String table, Shard shard) throws IOException {
    return setup.create(table, shard.index(), (row, out) -> row.of().encode(row.stored(), out));
  }

  private static List<StagedFact> next(ParquetTableReader facts) throws IOException {
    List<StagedFact> chunk = new ArrayList<>();
    int prompts = 0;
    while (prompts < CHUNK_PROMPTS) {
      TableRow row = facts.next();
      if (row == null) {
        break;
      }
      StagedFact fact = StagedFact.decode(row);
      chunk.add(fact);
      prompts += fact.fact().prompts().size();
    }
    return chunk;
  }

  /** The prompts of facts, in their order. */
  private static List<AttributedPrompt> attribute(
      List<StagedFact> facts,
      PromptEncoder encoder,
      IntegratedGradients gradients,
      AttributeConfig config) {
    List<Result> results = encoder.encodeAll(facts.stream().map(StagedFact::fact).toList());
    List<StagedFact> factOf = new ArrayList<>();
    facts.forEach(fact -> fact.fact().prompts().forEach(prompt -> factOf.add(fact)));
    Map<EncodedPrompt, Integer> places = new IdentityHashMap<>();
    List<AttributionRequest> requests = new ArrayList<>();
    for (Result result : results) {
      places.put(result.encoded(), requests.size());
      requests.add(request(result, config));
    }
    AttributedPrompt[] attributed = new AttributedPrompt[requests.size()];
    gradients.attribute(
        requests,
        result -> {
          TaskContext.get().killTaskIfInterrupted();
          int place = places.get(result.prompt());
          attributed[place] = kept(factOf.get(place), results.get(place), result, config);
        });
    return Arrays.asList(attributed);
  }

  private static AttributedPrompt kept(
      StagedFact fact, Result prompt, PromptAttribution result, AttributeConfig config) {
    return new AttributedPrompt(fact, prompt.prompt(), result, config);
  }

  private static AttributionRequest request(Result result, AttributeConfig config) {
    List<int[]> other = new ArrayList<>();
    if (result.other() != null) {
      int from = 0;
      for (AnswerContext context : result.encoded().contexts()) {
        int to = from + context.positions().length;
        other.add(Arrays.copyOfRange(result.other(), from, to));
        from = to;
      }
    }
    boolean given = config.gradients().tokens() == TargetTokens.GIVEN;
    boolean contrast = config.gradients().target() == AttributionTarget.CONTRAST;
    return new AttributionRequest(
        result.encoded(), given ? other : List.of(), contrast ? other : List.of());
  }
}
