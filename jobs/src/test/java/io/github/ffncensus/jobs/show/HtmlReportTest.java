package io.github.ffncensus.jobs.show;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The page that is made of tables made by hand, parsed again. */
class HtmlReportTest {
  private static final String RUN =
      """
      {"run_id": "r1", "completed_at": "2026-12-01T10:08:19Z",
       "model": {"name": "tiny <1>", "path": "/m", "model_type": "gpt2", "layers": 2, "neurons_per_layer": 4,
                 "causal": true, "precision": "float32", "weights_sha256": "abc"},
       "corpus": {"documents": 3, "sequences": 1234, "tokens": 5678},
       "configuration": {"profile": "census"}, "versions": {"ffn_census": "0.1"},
       "tables": {"trigger_prefixes": {"rows": 12345}}}
      """;

  @TempDir Path folder;
  private HandmadeTables tables;

  @BeforeEach
  void tables() {
    tables = new HandmadeTables(folder.resolve("w"));
  }

  private void finding(String name, Integer layer, Double value, Double paper) {
    tables.row(
        "key_value_findings",
        0,
        0,
        "layer",
        layer,
        "finding",
        name,
        "value",
        value,
        "paper_value",
        paper,
        "detail",
        "counts \"" + name + "\" & more");
  }

  private Document page() throws Exception {
    JsonNode run = new ObjectMapper().readTree(RUN);
    String html = new HtmlReport(run, tables.publish()).html(3, 3);
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(html)));
  }

  private static List<Element> elements(Element within, String tag) {
    NodeList found = within.getElementsByTagName(tag);
    return IntStream.range(0, found.getLength()).mapToObj(i -> (Element) found.item(i)).toList();
  }

  private static List<List<String>> rows(Element table) {
    List<List<String>> rows = new ArrayList<>();
    elements(table, "tr")
        .forEach(
            row -> rows.add(elements(row, "td").stream().map(Element::getTextContent).toList()));
    return rows;
  }

  @Test
  void findings_standBesideThoseOfThePaper() throws Exception {
    finding("whole_model", null, 0.25, 0.31);
    finding("not_counted", null, null, null);
    Document page = page();
    Element table = elements(page.getDocumentElement(), "table").get(1);
    assertThat(table.getAttribute("id")).isEqualTo("key_value_findings");
    List<List<String>> rows = rows(table);
    assertThat(rows.get(1))
        .containsExactly(
            "whole model", "0.310", "0.250", rows.get(1).get(3), "counts \"whole_model\" & more");
    assertThat(rows.get(2))
        .containsExactly("not counted", "", "", "", "counts \"not_counted\" & more");
  }

  /** Bars are as long as their values, those below zero hang from it, and none stands for none. */
  @Test
  void valuesByLayer_areBars() throws Exception {
    finding("by_layer", 0, 0.2, null);
    finding("by_layer", 1, -0.1, null);
    finding("by_layer", 2, null, null);
    finding("by_layer", 3, 0.1, null);
    List<Element> bars = elements(page().getDocumentElement(), "rect");
    assertThat(bars)
        .extracting(Element::getTextContent)
        .containsExactly("layer 0: 0.200", "layer 1: -0.100", "layer 3: 0.100");
    double unit = Bars.HEIGHT / 0.3;
    assertThat(number(bars.get(0), "y")).isZero();
    assertThat(number(bars.get(0), "height")).isCloseTo(0.2 * unit, within(0.01));
    assertThat(number(bars.get(1), "y")).isCloseTo(0.2 * unit, within(0.01));
    assertThat(number(bars.get(1), "height")).isCloseTo(0.1 * unit, within(0.01));
    assertThat(number(bars.get(2), "y")).isCloseTo(0.1 * unit, within(0.01));
    assertThat(number(bars.get(2), "x")).isCloseTo(3 * number(bars.get(1), "x"), within(0.02));
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }

  /** Whatever the corpus says stays text. */
  @Test
  void textOfTheCorpus_isNoMarkup() throws Exception {
    String hostile = "</pre><script>alert('1')</script> & \u00fc \u4e2d";
    tables.row(
        "trigger_prefixes",
        1,
        2,
        "polarity",
        "positive",
        "rank",
        1,
        "coefficient",
        3f,
        "prefix",
        hostile,
        "next_token",
        "x");
    tables.row(
        "trigger_patterns",
        1,
        2,
        "kind",
        "last_token",
        "pattern",
        "x",
        "polarity",
        "positive",
        "class",
        "shallow",
        "score",
        9.0,
        "support",
        1,
        "counted",
        1,
        "prefixes",
        1,
        "ranks",
        new int[] {1});
    Element page = page().getDocumentElement();
    assertThat(elements(page, "script")).isEmpty();
    assertThat(elements(page, "pre").get(0).getTextContent())
        .contains(hostile, "Layer 1, neuron 2");
    assertThat(elements(page, "h1").get(0).getTextContent()).isEqualTo("tiny <1>: run r1");
  }

  @Test
  void runWithoutFindingsNeuronsAndFacts_stillHasItsTables() throws Exception {
    Element page = page().getDocumentElement();
    assertThat(elements(page, "h2")).extracting(Element::getTextContent).containsExactly("Tables");
    assertThat(rows(elements(page, "table").get(1)))
        .contains(List.of("trigger_prefixes", "12,345"));
    assertThat(rows(elements(page, "table").get(0)))
        .contains(List.of("Corpus", "3 documents, 1,234 sequences, 5,678 tokens"));
  }

  /** It can be mailed, and opened where there is no network. */
  @Test
  void nothing_isFetched() throws Exception {
    finding("whole_model", null, 0.25, 0.31);
    String html = new HtmlReport(new ObjectMapper().readTree(RUN), tables.publish()).html(3, 3);
    assertThat(html).doesNotContain("http:", "https:", "src=", "href=", "@import", "url(");
  }
}
