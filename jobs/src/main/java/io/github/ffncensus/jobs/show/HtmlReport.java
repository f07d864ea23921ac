package io.github.ffncensus.jobs.show;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.mustachejava.DefaultMustacheFactory;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.run.SkippedShard;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * A page about a complete run: what was read, the papers' findings beside the run's, neurons, facts
 * and the tables. One file without scripts, fonts or pictures from elsewhere.
 */
public final class HtmlReport {
  private static final String TEMPLATE = "io/github/ffncensus/jobs/show/report.mustache";
  private static final int PREFIXES = 4;

  private final JsonNode run;
  private final PublishedTables tables;

  HtmlReport(JsonNode run, PublishedTables tables) {
    this.run = run;
    this.tables = tables;
  }

  /**
   * @throws io.github.ffncensus.CensusException of kind RUN_FAILED if the run is not complete
   */
  public static HtmlReport of(Configuration hadoop, RunManifest manifest) {
    return new HtmlReport(manifest.json(), PublishedTables.of(hadoop, manifest));
  }

  /**
   * @param perLayer neurons to show of each layer
   * @param facts to show
   */
  public String html(int perLayer, int facts) {
    Map<String, Object> page = new HashMap<>();
    page.put("run", run.path("run_id").asText());
    page.put("model", run.at("/model/name").asText());
    page.put("about", about());
    page.put("skipped", SkippedShard.summary(run));
    page.put(
        "papers",
        Finding.TABLES.entrySet().stream()
            .filter(paper -> tables.has(paper.getKey()))
            .map(paper -> paper(paper.getKey(), paper.getValue()))
            .toList());
    page.put("neurons", neurons(perLayer));
    page.put("facts", facts(facts));
    page.put(
        "tables",
        run.path("tables").properties().stream()
            .map(
                table ->
                    entry(table.getKey(), "%,d".formatted(table.getValue().path("rows").asLong())))
            .toList());
    StringWriter html = new StringWriter();
    new DefaultMustacheFactory().compile(TEMPLATE).execute(html, page);
    return html.toString();
  }

  private List<Map<String, String>> about() {
    List<Map<String, String>> about = new ArrayList<>();
    about.add(
        entry(
            "Model",
            "%s (%s), %,d layers of %,d neurons, %s, in %s"
                .formatted(
                    run.at("/model/path").asText(),
                    run.at("/model/model_type").asText(),
                    run.at("/model/layers").asInt(),
                    run.at("/model/neurons_per_layer").asInt(),
                    run.at("/model/causal").asBoolean() ? "causal" : "masked",
                    run.at("/model/precision").asText())));
    about.add(entry("Weights", "SHA-256 " + run.at("/model/weights_sha256").asText()));
    JsonNode corpus = run.path("corpus");
    if (corpus.path("tokens").isNumber()) {
      about.add(
          entry(
              "Corpus",
              "%,d documents, %,d sequences, %,d tokens"
                  .formatted(
                      corpus.path("documents").asLong(),
                      corpus.path("sequences").asLong(),
                      corpus.path("tokens").asLong())));
    }
    about.add(entry("Profile", run.at("/configuration/profile").asText()));
    about.add(
        entry(
            "Completed",
            "%s, by FFN Census %s"
                .formatted(
                    run.path("completed_at").asText(), run.at("/versions/ffn_census").asText())));
    return about;
  }

  private static Map<String, String> entry(String name, String text) {
    return Map.of("name", name, "text", text);
  }

  private Map<String, Object> paper(String table, String paper) {
    return Map.of(
        "paper",
        paper,
        "table",
        table,
        "findings",
        Finding.of(tables, table).stream().map(HtmlReport::finding).toList());
  }

  private static Map<String, Object> finding(Finding finding) {
    Map<String, Object> row = new HashMap<>();
    row.put("finding", finding.finding().replace('_', ' '));
    row.put("detail", finding.detail());
    row.put(
        "paper", finding.paper().stream().map(Finding::text).collect(Collectors.joining(" .. ")));
    row.put("here", finding.model().size() == 1 ? Finding.text(finding.model().get(0)) : "");
    row.put("chart", chart(finding));
    return row;
  }

  private static Map<String, Object> chart(Finding finding) {
    if (finding.model().size() > 1) {
      List<String> places =
          IntStream.rangeClosed(1, finding.model().size())
              .mapToObj(i -> "%d of %d".formatted(i, finding.model().size()))
              .toList();
      return Bars.of(places, finding.model());
    }
    return Bars.of(
        finding.byLayer().keySet().stream().map(layer -> "layer " + layer).toList(),
        new ArrayList<>(finding.byLayer().values()));
  }

  private String neurons(int perLayer) {
    return perLayer > 0 && tables.has(NeuronGallery.TRIGGERS) && tables.has("trigger_patterns")
        ? printed(out -> new NeuronGallery(tables, PREFIXES).print(perLayer, out))
        : null;
  }

  private String facts(int count) {
    return count > 0 && tables.has("fact_prompts")
        ? printed(out -> new FactGallery(tables).print(count, out))
        : null;
  }

  private static String printed(Consumer<PrintStream> printer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
      printer.accept(out);
    }
    return bytes.toString(StandardCharsets.UTF_8).strip();
  }
}
