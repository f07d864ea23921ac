package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.FactsConfig;
import io.github.ffncensus.jobs.ingest.CorpusStreams;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.FactLines;
import io.github.ffncensus.knowledge.facts.FactReject;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import io.github.ffncensus.knowledge.facts.PairReader;
import io.github.ffncensus.knowledge.facts.PairReader.Pair;
import io.github.ffncensus.knowledge.facts.Template;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads the facts of one file, in either form. */
final class FactFileReader {
  /** A fact and its line, from 1. */
  record Located(long line, Fact fact) {}

  private final Configuration hadoop;
  private final FactsConfig config;
  private final Templates templates;
  private final Consumer<Located> facts;
  private final Consumer<FactReject> rejects;

  FactFileReader(
      Configuration hadoop,
      FactsConfig config,
      Templates templates,
      Consumer<Located> facts,
      Consumer<FactReject> rejects) {
    this.hadoop = hadoop;
    this.config = config;
    this.templates = templates;
    this.facts = facts;
    this.rejects = rejects;
  }

  /**
   * @throws CensusException of kind INPUT if the file itself cannot be read
   */
  void read(FactSource source) {
    try {
      if (source.kind() == FactSource.Kind.FACTS) {
        readFacts(source.path());
      } else {
        readPairs(source);
      }
    } catch (IOException e) {
      throw CensusException.input(
          source.path()
              + " cannot be read: "
              + e.getMessage()
              + ". If it is damaged or cut short, replace it or take it out of census.facts.",
          e);
    }
  }

  private void readFacts(String path) throws IOException {
    try (Lines lines = new Lines(hadoop, path, rejects)) {
      for (String line = lines.next(); line != null; line = lines.next()) {
        Fact fact = FactLines.parse(lines.number(), line, rejects);
        if (fact != null) {
          facts.accept(new Located(lines.number(), fact));
        }
      }
    }
  }

  private void readPairs(FactSource source) throws IOException {
    String path = source.path();
    PairReader pairs = new PairReader(source.ofKind(), this::fill, rejects);
    if (!isPairALine(path)) {
      pairs.readObject(CorpusStreams.open(hadoop, new Path(path)));
      return;
    }
    String relation = FactSource.relation(path);
    try (Lines lines = new Lines(hadoop, path, rejects)) {
      for (String line = lines.next(); line != null; line = lines.next()) {
        pairs.readLine(lines.number(), line, relation);
      }
    }
  }

  private boolean isPairALine(String path) throws IOException {
    // A file that is one object may be one line, however long.
    try (Lines lines = new Lines(hadoop, path, ignored -> {})) {
      String first = lines.next();
      return first != null && PairReader.isPairALine(first);
    }
  }

  private void fill(Pair pair) {
    List<Template> ofRelation = templates.of(pair.relation());
    if (ofRelation.size() < config.minTemplates()) {
      String detail =
          "the relation has %d templates; facts.min-templates = %d"
              .formatted(ofRelation.size(), config.minTemplates());
      Reason reason = ofRelation.isEmpty() ? Reason.NO_PROMPTS : Reason.FEW_TEMPLATES;
      rejects.accept(
          new FactReject(pair.line(), pair.relation(), pair.factId(), null, reason, detail));
      return;
    }
    List<Prompt> prompts = new ArrayList<>(ofRelation.size());
    for (Template template : ofRelation) {
      String text = template.fill(pair.head(), config.marker());
      prompts.add(Prompt.of(prompts.size(), text, pair.answer()));
    }
    Fact fact =
        new Fact(
            pair.relation(),
            pair.factId(),
            pair.head(),
            pair.answer(),
            List.of(),
            List.of(),
            null,
            prompts);
    facts.accept(new Located(pair.line(), fact));
  }
}
