package io.github.ffncensus.jobs.run;

import io.github.ffncensus.jobs.run.TableContentChecks.Findings;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must hold of the tables of the stage kn-stats; their rows stand together fact by fact. */
final class OpenDomainChecks {
  static final String ACTIVATIONS = "knowledge_neuron_activations";
  static final String TRIGGERS = "knowledge_neuron_triggers";

  private final TableContentChecks contents;

  OpenDomainChecks(TableContentChecks contents) {
    this.contents = contents;
  }

  /** A place in the order of a method's neurons in a class. */
  private record Neuron(int layer, int neuron) {
    boolean isAfter(Neuron other) {
      return layer > other.layer || (layer == other.layer && neuron > other.neuron);
    }
  }

  private record Ranked(int rank, double mean) {}

  /**
   * All neurons of a fact were read in the same sentences of a class, each once; means lie between
   * the extremes, as far as a float tells.
   */
  void activationsAgree(List<TableFile> files) throws IOException {
    Findings findings = contents.new Findings(ACTIVATIONS);
    String[] current = {""};
    Map<String, Long> sentencesOfClass = new HashMap<>();
    Map<String, Neuron> lastOfList = new HashMap<>();
    contents.forEachRow(
        ACTIVATIONS,
        files,
        row -> {
          String fact = "%s, %s".formatted(row.getString("relation"), row.getString("fact_id"));
          if (!fact.equals(current[0])) {
            current[0] = fact;
            sentencesOfClass.clear();
            lastOfList.clear();
          }
          String textClass = row.getString("text_class");
          long sentences = row.getLong("sentences");
          Long known = sentencesOfClass.putIfAbsent(textClass, sentences);
          if (sentences < 1 || (known != null && known != sentences)) {
            findings.add(
                "%s, %s: %d sentences after %s".formatted(fact, textClass, sentences, known));
          }
          Neuron neuron = new Neuron(row.getInt("layer"), row.getInt("neuron"));
          Neuron last = lastOfList.put(row.getString("method") + " " + textClass, neuron);
          if (last != null && !neuron.isAfter(last)) {
            findings.add("%s, %s: %s after %s".formatted(fact, textClass, neuron, last));
          }
          float mean = (float) row.getDouble("mean");
          float slack = Math.abs(mean) * 1e-6f;
          if (!(row.getFloat("min") <= mean + slack && mean - slack <= row.getFloat("max"))) {
            findings.add(
                "%s, %s, %s: a mean of %s outside of %s to %s"
                    .formatted(
                        fact, textClass, neuron, mean, row.getFloat("min"), row.getFloat("max")));
          }
        },
        "method",
        "relation",
        "fact_id",
        "layer",
        "neuron",
        "text_class",
        "sentences",
        "mean",
        "min",
        "max");
    findings.report();
  }

  /** Ranks are 1, 2, 3 ... in every list, and means go from the most extreme inwards. */
  void ranksAreGapless(List<TableFile> files) throws IOException {
    Findings findings = contents.new Findings(TRIGGERS);
    String[] current = {""};
    Map<String, Ranked> lastOfList = new HashMap<>();
    contents.forEachRow(
        TRIGGERS,
        files,
        row -> {
          String fact = "%s, %s".formatted(row.getString("relation"), row.getString("fact_id"));
          if (!fact.equals(current[0])) {
            current[0] = fact;
            lastOfList.clear();
          }
          String direction = row.getString("direction");
          String list =
              "%s, %s, %s".formatted(row.getString("method"), row.getString("scope"), direction);
          Ranked text = new Ranked(row.getInt("rank"), row.getDouble("mean_activation"));
          Ranked last = lastOfList.put(list, text);
          int due = last == null ? 1 : last.rank() + 1;
          if (text.rank() != due) {
            findings.add("%s, %s: rank %d where %d is due".formatted(fact, list, text.rank(), due));
          } else if (last != null
              && (direction.equals("top")
                  ? text.mean() > last.mean()
                  : text.mean() < last.mean())) {
            findings.add(
                "%s, %s: rank %d has %s after %s"
                    .formatted(fact, list, text.rank(), text.mean(), last.mean()));
          }
        },
        "method",
        "relation",
        "fact_id",
        "direction",
        "rank",
        "mean_activation",
        "scope");
    findings.report();
  }
}
