package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.jobs.attribute.FactFileReader.Located;
import io.github.ffncensus.jobs.config.FactsConfig;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.FactReject;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.knowledge.facts.PromptEncoder.Result;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.spark.api.java.function.Function;

/** Task: reads a file of facts, and stages those that the model can read. */
final class ReadFacts implements Function<FactSource, ReadFacts.FileRead> {
  private static final long serialVersionUID = 1L;

  /** Folder of the staged facts. */
  static final String FACTS = "facts-read";

  private final TaskSetup setup;
  private final Templates templates;
  private final PromptReading reading;

  ReadFacts(TaskSetup setup, Templates templates, PromptReading reading) {
    this.setup = setup;
    this.templates = templates;
    this.reading = reading;
  }

  /**
   * What was read of a file.
   *
   * @param file number of its source
   * @param facts staged; null if there is none that can be used
   * @param rejects null if there are none
   * @param prompts of the staged facts
   * @param example the first reject in words; null if there is none
   * @param relations in the file, if only some are wanted: all of these, and some of the others
   */
  record FileRead(
      int file,
      TableFile facts,
      TableFile rejects,
      long prompts,
      String example,
      List<String> relations)
      implements Serializable {}

  @Override
  public FileRead call(FactSource source) throws IOException {
    String name = "%05d-%s.parquet".formatted(source.number(), setup.staging().attempt());
    try (ParquetTableWriter<StagedFact> facts =
            ParquetTableWriter.create(
                setup.hadoop(),
                setup.staging().file(FACTS, name),
                StagedFact.SCHEMA,
                setup.folder().runId(),
                StagedFact::encode);
        ParquetTableWriter<SourcedReject> rejects =
            setup.create(SourcedReject.TABLE, source.number() + 1, SourcedReject::encode)) {
      Attempt attempt = new Attempt(source, facts, rejects);
      new FactFileReader(
              setup.hadoop(), setup.config().facts(), templates, attempt::add, attempt::reject)
          .read(source);
      attempt.flush();
      return new FileRead(
          source.number(),
          facts.rows() > 0 ? facts.finish() : null,
          rejects.rows() > 0 ? rejects.finish() : null,
          attempt.prompts,
          attempt.example,
          List.copyOf(attempt.relations));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Facts are tokenized many at a time. */
  private final class Attempt {
    private static final int BATCH_PROMPTS = 512;
    private static final int NAMED_RELATIONS = 100;

    private final FactSource source;
    private final ParquetTableWriter<StagedFact> facts;
    private final ParquetTableWriter<SourcedReject> rejects;
    private final PromptEncoder encoder = reading.attributed(setup);
    private final List<Located> batch = new ArrayList<>();
    private final TreeSet<String> relations = new TreeSet<>();
    private int batchPrompts;
    private long prompts;
    private String example;

    Attempt(
        FactSource source,
        ParquetTableWriter<StagedFact> facts,
        ParquetTableWriter<SourcedReject> rejects) {
      this.source = source;
      this.facts = facts;
      this.rejects = rejects;
    }

    void add(Located located) {
      if (!wants(located.fact().relation())) {
        return;
      }
      batch.add(located);
      batchPrompts += located.fact().prompts().size();
      if (batchPrompts >= BATCH_PROMPTS) {
        flush();
      }
    }

    private boolean wants(String relation) {
      FactsConfig config = setup.config().facts();
      boolean wanted = config.wants(relation);
      if (!config.relations().isEmpty() && (wanted || relations.size() < NAMED_RELATIONS)) {
        relations.add(relation);
      }
      return wanted;
    }

    void flush() {
      List<Result> results = encoder.encodeAll(batch.stream().map(Located::fact).toList());
      int next = 0;
      for (Located located : batch) {
        List<Prompt> usable = new ArrayList<>();
        boolean asks = false;
        for (Prompt prompt : located.fact().prompts()) {
          Result result = results.get(next++);
          if (result.reason() == null) {
            usable.add(prompt);
            asks |= !prompt.negative();
          } else {
            reject(result.reject(located.line()));
          }
        }
        if (asks) {
          write(located.line(), located.fact().with(usable));
        } else {
          reject(
              new FactReject(
                  located.line(),
                  located.fact().relation(),
                  located.fact().factId(),
                  null,
                  Reason.NO_PROMPTS,
                  "none of its prompts can be used"));
        }
      }
      batch.clear();
      batchPrompts = 0;
    }

    private void write(long line, Fact fact) {
      try {
        StagedFact.Place place =
            new StagedFact.Place(source.number(), facts.rows(), prompts, source.path(), line);
        facts.write(new StagedFact(place, 0, fact));
        prompts += fact.prompts().size();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void reject(FactReject reject) {
      if (reject.relation() != null && !wants(reject.relation())) {
        return;
      }
      try {
        rejects.write(new SourcedReject(source.path(), reject));
        if (example == null) {
          example =
              "%s, line %d: %s: %s"
                  .formatted(source.path(), reject.line(), reject.reason().key(), reject.detail());
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
