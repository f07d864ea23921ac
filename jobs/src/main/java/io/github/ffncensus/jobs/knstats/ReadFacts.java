package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.PartialFile;
import io.github.ffncensus.jobs.task.ReadableSequences;
import io.github.ffncensus.jobs.task.ShardSequences;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.opendomain.FactNeurons;
import io.github.ffncensus.knowledge.opendomain.OpenDomainRun;
import io.github.ffncensus.knowledge.opendomain.OpenDomainRun.Text;
import io.github.ffncensus.knowledge.opendomain.RandomSentences;
import io.github.ffncensus.knowledge.opendomain.Reading;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner.Plan;
import io.github.ffncensus.knowledge.opendomain.ShardResults;
import io.github.ffncensus.knowledge.opendomain.TriggerRules;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.SequenceRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/** Task: reads the facts' neurons in a shard's text, and leaves their sums in staging. */
final class ReadFacts implements Function<Shard, ShardReadings>, ModelTask {
  static final String PARTIALS = "partials";

  /** The table of sequences that the model cannot read. */
  static final String REJECTS = "knowledge_neuron_rejects";

  private static final long serialVersionUID = 1L;

  private final FactSearch search;
  private final Broadcast<RandomSentences> random;
  private final TriggerRules triggers;

  ReadFacts(FactSearch search, Broadcast<RandomSentences> random, TriggerRules triggers) {
    this.search = search;
    this.random = random;
    this.triggers = triggers;
  }

  @Override
  public ShardReadings call(Shard shard) throws IOException {
    TaskSetup setup = search.setup();
    ReadableSequences readable =
        new ReadableSequences(
            setup.staging(),
            setup.folder().runId(),
            setup.folder().table("sequences"),
            REJECTS,
            shard,
            setup.config().scan().maxRejectedSequences());
    ShardResults results = readable.read(() -> read(shard, readable));
    String name = "%05d-%s.facts".formatted(shard.index(), setup.staging().attempt());
    write(results, setup.staging().file(PARTIALS, name));
    return new ShardReadings(name, readable.write());
  }

  private ShardResults read(Shard shard, ReadableSequences readable) throws IOException {
    TaskSetup setup = search.setup();
    List<FactNeurons> neurons = search.book().value().neurons();
    ShardResults results = new ShardResults(shard.index(), neurons, triggers);
    Transformer model = setup.model();
    try (ShardSequences sequences = search.sequences(shard)) {
      new OpenDomainRun(
              model,
              ReadableSequences.forward(model),
              search.rules(),
              neurons,
              setup.config().scan().batchTokens(),
              tokens -> TaskContext.get().killTaskIfInterrupted())
          .run(
              new Texts(sequences, readable.rejected(), search.planner(), random.value()),
              readable.rejectable(),
              results);
    }
    return results;
  }

  private void write(ShardResults results, Path file) throws IOException {
    try (PartialFile.Writer out = new PartialFile.Writer(search.setup().hadoop(), file)) {
      results.finish(
          (packed, block) -> {
            try {
              out.put(block, packed);
            } catch (IOException e) {
              throw new UncheckedIOException("cannot write " + file, e);
            }
          });
      out.finish();
    }
  }

  /** The sequences in which something is read. */
  private static final class Texts implements Iterator<Text> {
    private final Iterator<SequenceRow> sequences;
    private final Set<Long> without;
    private final ReadingPlanner planner;
    private final RandomSentences random;
    private Text next;

    Texts(
        Iterator<SequenceRow> sequences,
        Set<Long> without,
        ReadingPlanner planner,
        RandomSentences random) {
      this.sequences = sequences;
      this.without = without;
      this.planner = planner;
      this.random = random;
    }

    @Override
    public boolean hasNext() {
      while (next == null && sequences.hasNext()) {
        TaskContext.get().killTaskIfInterrupted();
        SequenceRow sequence = sequences.next();
        if (without.contains(sequence.sequenceId())) {
          continue;
        }
        Plan plan = planner.plan(sequence);
        List<Reading> readings = planner.readings(plan, random);
        if (!readings.isEmpty()) {
          next = new Text(sequence.sequenceId(), sequence.tokenIds(), readings);
        }
      }
      return next != null;
    }

    @Override
    public Text next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Text text = next;
      next = null;
      return text;
    }
  }
}
