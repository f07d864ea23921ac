package io.github.ffncensus.knowledge.opendomain;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ObjIntConsumer;

/** Takes in what is read in the texts of one shard, in their order. */
public final class ShardResults implements OpenDomainRun.Sink {
  private final int shard;
  private final List<FactNeurons> neurons;
  private final TriggerRules rules;
  private final TreeMap<Integer, OfFact> facts = new TreeMap<>();

  private record OfFact(Map<TextClass, ActivationSums> sums, FactResult result) {}

  /**
   * @param neurons by fact
   */
  public ShardResults(int shard, List<FactNeurons> neurons, TriggerRules rules) {
    this.shard = shard;
    this.neurons = neurons;
    this.rules = rules;
  }

  @Override
  public void take(long sequenceId, Reading reading, double[] values) {
    FactNeurons own = neurons.get(reading.fact());
    OfFact fact =
        facts.computeIfAbsent(
            reading.fact(),
            number ->
                new OfFact(new EnumMap<>(TextClass.class), new FactResult(own.size(), rules)));
    fact.sums()
        .computeIfAbsent(reading.textClass(), textClass -> new ActivationSums(own.size()))
        .add(values);
    for (int method = 0; method < rules.methods(); method++) {
      if (own.has(method)) {
        fact.result()
            .add(
                method, new TriggerText(own.mean(values, method), sequenceId, reading.textClass()));
      }
    }
  }

  /**
   * Hands over everything, once, after the last text.
   *
   * @param sink takes packed blocks with their numbers: fact / {@link ResultBlock#FACTS}
   */
  public void finish(ObjIntConsumer<byte[]> sink) {
    TreeMap<Integer, ResultBlock> blocks = new TreeMap<>();
    facts.forEach(
        (number, fact) -> {
          fact.sums().forEach((textClass, sums) -> fact.result().addShard(shard, textClass, sums));
          blocks
              .computeIfAbsent(number / ResultBlock.FACTS, block -> new ResultBlock())
              .put(number, fact.result());
        });
    blocks.forEach((block, results) -> sink.accept(results.pack(), block));
  }
}
