package io.github.ffncensus.jobs.interpret.patterns;

import io.github.ffncensus.interpret.patterns.FoundPattern;
import io.github.ffncensus.interpret.patterns.KeyPatterns;
import io.github.ffncensus.interpret.patterns.KeyPatterns.Labels;
import io.github.ffncensus.interpret.patterns.PatternFinder;
import io.github.ffncensus.interpret.patterns.PatternScores;
import io.github.ffncensus.interpret.patterns.PatternSettings;
import io.github.ffncensus.interpret.patterns.PrefixText;
import io.github.ffncensus.jobs.config.PatternsConfig;
import io.github.ffncensus.jobs.scan.TriggerFiles.Share;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;

/** Task: the patterns of the neurons of one file of triggers. */
final class FindPatterns implements Function<Share, FindPatterns.Files> {
  private static final long serialVersionUID = 1L;

  private static final String[] COLUMNS =
      Stream.concat(
              Stream.of("layer", "neuron", "polarity", "rank"), Stream.of(ReadableTokens.COLUMNS))
          .toArray(String[]::new);

  private final TaskSetup setup;
  private final String background;
  private final boolean causal;

  /**
   * @param background file of {@code background_prefixes}, in staging
   */
  FindPatterns(TaskSetup setup, String background, boolean causal) {
    this.setup = setup;
    this.background = background;
    this.causal = causal;
  }

  /** A file of each table; null where no neuron has a trigger. */
  record Files(TableFile patterns, TableFile scores) implements Serializable {}

  /** A neuron's triggers of one polarity. */
  private record Key(int layer, int neuron, String polarity) {
    static Key of(TableRow row) {
      return new Key(row.getInt("layer"), row.getInt("neuron"), row.getString("polarity"));
    }
  }

  private record Pattern(Key key, FoundPattern found, int prefixes) {}

  private record Result(Key key, KeyPatterns found) {}

  @Override
  public Files call(Share share) throws IOException {
    if (share.file() == null) {
      return new Files(null, null);
    }
    PatternsConfig config = setup.config().interpret().patterns();
    PatternSettings settings = config.settings();
    ReadableTokens tokens = new ReadableTokens(setup.tokenizer(), settings.language(), causal);
    PatternFinder finder =
        new PatternFinder(
            settings,
            Backgrounds.of(
                setup.hadoop(),
                setup.staging().file(PatternTables.BACKGROUND, background),
                settings,
                tokens));
    try (ParquetTableReader reader =
            ParquetTableReader.open(
                setup.hadoop(), setup.published("trigger_prefixes", share.file()), COLUMNS);
        ParquetTableWriter<Pattern> patterns =
            setup.create(PatternTables.PATTERNS, share.number(), FindPatterns::encode);
        ParquetTableWriter<Result> scores =
            setup.create(PatternTables.SCORES, share.number(), FindPatterns::encode)) {
      TableRow row = reader.next();
      while (row != null) {
        TaskContext.get().killTaskIfInterrupted();
        Key key = Key.of(row);
        List<PrefixText> triggers = new ArrayList<>();
        while (row != null && Key.of(row).equals(key)) {
          if (row.getInt("rank") <= config.ranks()) {
            triggers.add(tokens.prefix(row.getInt("rank"), row));
          }
          row = reader.next();
        }
        KeyPatterns found = finder.find(triggers);
        for (FoundPattern pattern : found.patterns()) {
          patterns.write(new Pattern(key, pattern, found.labels().prefixes()));
        }
        scores.write(new Result(key, found));
      }
      return new Files(patterns.finish(), scores.finish());
    }
  }

  private static void encode(Pattern row, RowWriter out) {
    FoundPattern found = row.found();
    out.intValue("layer", row.key().layer());
    out.intValue("neuron", row.key().neuron());
    out.string("kind", found.pattern().kind().label());
    out.string("pattern", found.pattern().text());
    out.intValue("support", found.support());
    out.intValue("prefixes", row.prefixes());
    out.doubleValue("background_rate", found.backgroundRate());
    out.doubleValue("score", found.score());
    out.string("polarity", row.key().polarity());
    out.string("class", found.pattern().kind().patternClass().label());
    out.intValue("counted", found.counted());
    out.intValue("background_matches", found.backgroundMatches());
    out.doubleValue("p_value", found.pValue());
    out.doubleValue("adjusted_p_value", found.adjustedP());
    out.intList("ranks", found.ranks());
  }

  private static void encode(Result row, RowWriter out) {
    Labels labels = row.found().labels();
    PatternScores scores = row.found().scores();
    double prefixes = labels.prefixes();
    out.intValue("layer", row.key().layer());
    out.intValue("neuron", row.key().neuron());
    out.string("polarity", row.key().polarity());
    out.intValue("prefixes", labels.prefixes());
    out.intValue("tested", row.found().tested());
    out.intValue("patterns", row.found().distinctPatterns());
    out.intValue("shallow_only", labels.shallow());
    out.intValue("semantic_only", labels.semantic());
    out.intValue("shallow_and_semantic", labels.both());
    out.intValue("not_covered", labels.notCovered());
    out.doubleValue("shallow_index", (labels.shallow() + labels.both()) / prefixes);
    out.doubleValue("semantic_index", (labels.semantic() + labels.both()) / prefixes);
    out.doubleValue("last_token_concentration", scores.lastTokenConcentration());
    out.doubleValue("last_token_effective", scores.lastTokenEffective());
    if (scores.commonSuffix() != null) {
      out.doubleValue("common_suffix", scores.commonSuffix());
      out.doubleValue("lexical_diversity", scores.lexicalDiversity());
    }
    if (scores.topicCoherence() != null) {
      out.doubleValue("topic_coherence", scores.topicCoherence());
    }
    out.doubleValue("document_effective", scores.documentEffective());
    if (scores.nextTokenConcentration() != null) {
      out.doubleValue("next_token_concentration", scores.nextTokenConcentration());
    }
  }
}
