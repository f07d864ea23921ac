package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged tables of patterns, of a model of two layers of three neurons. */
class PatternChecksTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path warehouse;
  private RunFolder folder;
  private final List<Scores> scores = new ArrayList<>();
  private final List<Found> patterns = new ArrayList<>();

  /** Of a layer of which 0.75 has patterns. */
  private double uncoveredShare = 0.25;

  private record Scores(int layer, int neuron, int prefixes, int shallow, int uncovered) {}

  private record Found(
      int layer, int neuron, int support, int counted, int ranks, double rate, double score) {

    Found(int layer, int neuron, int support, int counted, int ranks, double rate) {
      this(layer, neuron, support, counted, ranks, rate, 3);
    }
  }

  @BeforeEach
  void sound() {
    folder = RunFolder.qualified(HADOOP, warehouse.toString(), "r1");
    scores.add(new Scores(0, 0, 5, 3, 2));
    scores.add(new Scores(1, 2, 1, 0, 1));
    patterns.add(new Found(0, 0, 3, 3, 3, 0.1));
  }

  @Test
  void soundTables_haveNoProblem() throws IOException {
    assertThat(problems()).isEmpty();
  }

  @Test
  void labelsThatDoNotDivideThePrefixes() throws IOException {
    scores.set(0, new Scores(0, 0, 5, 3, 1));
    assertProblem("layer 0, neuron 0, positive: 5 prefixes, but 4 have a label");
  }

  @Test
  void scoresGivenTwice_orOfNoNeuron() throws IOException {
    scores.add(new Scores(0, 0, 5, 3, 2));
    scores.add(new Scores(0, 3, 5, 3, 2));
    assertProblem(
        "layer 0, neuron 0, positive: has two rows;"
            + " layer 0, neuron 3, positive: the model has no such neuron");
  }

  @Test
  void patternWithoutScores() throws IOException {
    patterns.add(new Found(0, 1, 3, 3, 3, 0.1));
    assertProblem(
        "layer 0, neuron 1, positive: has a pattern and no row in trigger_pattern_scores");
  }

  @Test
  void supportThatCannotBe() throws IOException {
    patterns.add(new Found(0, 0, 6, 3, 6, 0.1));
    patterns.add(new Found(0, 0, 4, 3, 3, 0.1));
    patterns.add(new Found(0, 0, 3, 4, 3, 0.1));
    assertProblem(
        "layer 0, neuron 0, positive: pattern w of 5 prefixes has support 6, counted 3, 6 ranks;"
            + " layer 0, neuron 0, positive: pattern w of 5 prefixes has support 4, counted 3, 3"
            + " ranks; layer 0, neuron 0, positive: pattern w of 5 prefixes has support 3, counted"
            + " 4, 3 ranks");
  }

  @Test
  void rateThatIsNoRate() throws IOException {
    patterns.add(new Found(0, 0, 3, 3, 3, Double.NaN));
    assertProblem("layer 0, neuron 0, positive: pattern w has the background rate NaN");
  }

  @Test
  void scoreThatIsNoNumber() throws IOException {
    patterns.add(new Found(0, 0, 3, 3, 3, 0.1, Double.POSITIVE_INFINITY));
    assertProblem("layer 0, neuron 0, positive: pattern w has the score Infinity");
  }

  @Test
  void sharesThatDoNotSumToOne() throws IOException {
    uncoveredShare = 0.5;
    assertProblem("layer 0, positive: the shares of its labels sum to 1.25");
  }

  private void assertProblem(String problem) throws IOException {
    assertThat(problems()).singleElement().asString().endsWith(": " + problem);
  }

  private List<String> problems() throws IOException {
    List<String> problems = new ArrayList<>();
    PatternChecks checks =
        new PatternChecks(new TableContentChecks(HADOOP, folder, problems), 2, 3);
    checks.scoresAreSound(write("trigger_pattern_scores", PatternChecksTest::encode, scores));
    checks.patternsAreSound(write("trigger_patterns", PatternChecksTest::encode, patterns));
    checks.summaryIsSound(
        write("pattern_summary", PatternChecksTest::encodeSummary, List.of(uncoveredShare)));
    return problems;
  }

  private <T> List<TableFile> write(String table, RowEncoder<T> encoder, List<T> rows)
      throws IOException {
    var file = new org.apache.hadoop.fs.Path(folder.table(table), "part-0.parquet");
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(HADOOP, file, table, "r1", encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      return List.of(writer.finish());
    }
  }

  private static void encode(Scores row, RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.string("polarity", "positive");
    out.intValue("prefixes", row.prefixes());
    out.intValue("tested", 1);
    out.intValue("patterns", 1);
    out.intValue("shallow_only", row.shallow());
    out.intValue("semantic_only", 0);
    out.intValue("shallow_and_semantic", 0);
    out.intValue("not_covered", row.uncovered());
    for (String column :
        List.of(
            "shallow_index",
            "semantic_index",
            "last_token_concentration",
            "last_token_effective",
            "document_effective")) {
      out.doubleValue(column, 1);
    }
  }

  private static void encodeSummary(double uncovered, RowWriter out) {
    out.intValue("layer", 0);
    out.string("polarity", "positive");
    out.intValue("neurons", 3);
    for (String column :
        List.of(
            "neurons_with_triggers",
            "neurons_with_pattern",
            "neurons_with_shallow",
            "neurons_with_semantic",
            "neurons_with_last_token",
            "neurons_with_last_stem",
            "neurons_with_suffix_ngram",
            "neurons_with_ngram",
            "neurons_with_skip_pair",
            "neurons_with_shape",
            "neurons_with_topic",
            "neurons_with_document",
            "neurons_with_next_token",
            "patterns",
            "prefixes")) {
      out.longValue(column, 1);
    }
    out.doubleValue("shallow_only", 0.25);
    out.doubleValue("semantic_only", 0.25);
    out.doubleValue("shallow_and_semantic", 0.25);
    out.doubleValue("not_covered", uncovered);
  }

  private static void encode(Found row, RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.string("kind", "last_token");
    out.string("pattern", "w");
    out.intValue("support", row.support());
    out.intValue("prefixes", 5);
    out.doubleValue("background_rate", row.rate());
    out.doubleValue("score", row.score());
    out.string("polarity", "positive");
    out.string("class", "shallow");
    out.intValue("counted", row.counted());
    out.intValue("background_matches", 1);
    out.doubleValue("p_value", 1e-5);
    out.doubleValue("adjusted_p_value", 1e-3);
    out.intList("ranks", new int[row.ranks()]);
  }
}
