package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.text.WordSplitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tables of patterns against the rows that they are made from. */
class PatternTablesTest {
  private static final List<String> LABELS =
      List.of("shallow_only", "semantic_only", "shallow_and_semantic", "not_covered");

  @TempDir static Path folder;
  private static ScanFixture fixture;

  @BeforeAll
  static void start() throws IOException {
    fixture = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static Map<String, List<Map<String, Object>>> tables(
      String runId, String model, String... settings) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "scan.trigger-prefixes.per-neuron=12",
                "interpret.values.enabled=false",
                "interpret.perturbations.enabled=false",
                "interpret.memories.enabled=false",
                "interpret.findings.enabled=false"));
    all.addAll(List.of(settings));
    return Interpreted.tables(fixture.ingest(runId, model, all.toArray(String[]::new)));
  }

  /** A neuron's prefixes of one polarity, without those that repeat an earlier one's words. */
  private static Map<List<Object>, List<Map<String, Object>>> distinct(
      List<Map<String, Object>> triggers) {
    Map<List<Object>, Map<String, Map<String, Object>>> byKey = new HashMap<>();
    for (Map<String, Object> trigger : triggers) {
      byKey
          .computeIfAbsent(key(trigger), key -> new TreeMap<>())
          .merge(
              trigger.get("prefix").toString().toLowerCase(Locale.ROOT).strip(),
              trigger,
              (a, b) -> (Integer) a.get("rank") < (Integer) b.get("rank") ? a : b);
    }
    Map<List<Object>, List<Map<String, Object>>> distinct = new HashMap<>();
    byKey.forEach(
        (key, prefixes) ->
            distinct.put(
                key,
                prefixes.values().stream()
                    .sorted(Comparator.comparingInt(row -> (Integer) row.get("rank")))
                    .toList()));
    return distinct;
  }

  private static List<Object> key(Map<String, Object> row) {
    return List.of(row.get("layer"), row.get("neuron"), row.get("polarity"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "bert-gelu", "llama-silu"})
  void patternsAndScores_areThoseOfTheTriggers(String model) throws IOException {
    Map<String, List<Map<String, Object>>> tables =
        tables("of-" + model, model, "interpret.patterns.max-adjusted-p=1");
    List<Map<String, Object>> background = tables.get("background_prefixes");
    Map<List<Object>, List<Map<String, Object>>> prefixes =
        distinct(tables.get("trigger_prefixes"));
    Map<List<Object>, Map<String, Object>> scores = new HashMap<>();
    for (Map<String, Object> row : tables.get("trigger_pattern_scores")) {
      assertThat(scores.put(key(row), row)).as("one row per key").isNull();
      assertThat(row.get("prefixes")).isEqualTo(prefixes.get(key(row)).size());
      assertThat(LABELS.stream().mapToInt(label -> (Integer) row.get(label)).sum())
          .isEqualTo(row.get("prefixes"));
    }
    assertThat(scores.keySet()).isEqualTo(prefixes.keySet());
    boolean causal = !model.startsWith("bert");
    Set<Object> kinds = new HashSet<>();
    for (Map<String, Object> row : tables.get("trigger_patterns")) {
      List<Map<String, Object>> ofKey = prefixes.get(key(row));
      kinds.add(row.get("kind"));
      assertThat((Double) row.get("score"))
          .isCloseTo(-Math.log10((Double) row.get("adjusted_p_value")), within(1e-12));
      assertThat((Double) row.get("adjusted_p_value"))
          .isEqualTo((Double) row.get("p_value") * (Integer) scores.get(key(row)).get("tested"));
      assertThat((List<?>) row.get("ranks")).hasSize((Integer) row.get("support"));
      if (Set.of("last_stem", "shape").contains(row.get("kind").toString())
          || !row.get("pattern").toString().matches("\\p{ASCII}+")) {
        continue; // Stems, shapes, and parts of characters have their own tests.
      }
      List<Object> ranks = ofKey.stream().filter(p -> has(p, row)).map(p -> p.get("rank")).toList();
      assertThat(row.get("ranks")).as(row.toString()).isEqualTo(ranks);
      assertThat(row.get("support")).isEqualTo(ranks.size());
      assertThat(row.get("prefixes")).isEqualTo(ofKey.size());
      long matches = background.stream().filter(p -> has(p, row)).count();
      assertThat(row.get("background_matches")).as(row.toString()).isEqualTo((int) matches);
      assertThat((Double) row.get("background_rate"))
          .isEqualTo((1.0 + matches) / (2.0 + background.size()));
    }
    assertThat(kinds).contains("last_token", "ngram", "topic");
    assertThat(kinds.contains("next_token")).isEqualTo(causal);
    assertThat(scores.values())
        .allMatch(row -> causal || row.get("next_token_concentration") == null);
    checkSummary(tables, model.startsWith("llama") ? 2 : 1);
  }

  private static boolean has(Map<String, Object> prefix, Map<String, Object> pattern) {
    String what = pattern.get("pattern").toString();
    String text = prefix.get("prefix").toString().toLowerCase(Locale.ROOT);
    return switch (pattern.get("kind").toString()) {
      case "last_token" -> plain(prefix.get("token")).equals(plain(what));
      case "next_token" -> plain(prefix.get("next_token")).equals(plain(what));
      case "document" -> prefix.get("document_id").equals(what);
      default -> textHas(text, pattern.get("kind").toString(), what);
    };
  }

  private static boolean textHas(String text, String kind, String what) {
    List<String> words = new WordSplitter("en").split(text);
    List<String> window = words.subList(Math.max(0, words.size() - 10), words.size());
    String tail = " " + String.join(" ", window) + " ";
    return switch (kind) {
      case "ngram" -> tail.contains(" " + what + " ");
      case "suffix_ngram" -> tail.endsWith(" " + what + " ");
      case "topic" -> words.lastIndexOf(what) >= 0 && words.indexOf(what) < words.size() - 1;
      case "skip_pair" -> {
        String[] pair = what.split(" _ ");
        boolean found = false;
        for (int i = 0; i < window.size(); i++) {
          for (int j = i + 2; j <= i + 5 && j < window.size(); j++) {
            found |= window.get(i).equals(pair[0]) && window.get(j).equals(pair[1]);
          }
        }
        yield found;
      }
      default -> throw new IllegalArgumentException(kind);
    };
  }

  /** The fixtures' vocabularies mark a word's beginning or its continuation. */
  private static String plain(Object token) {
    return token == null
        ? ""
        : token
            .toString()
            .replace("\u0120", "")
            .replace("\u2581", "")
            .replace("##", "")
            .toLowerCase(Locale.ROOT);
  }

  private static void checkSummary(Map<String, List<Map<String, Object>>> tables, int polarities) {
    List<Map<String, Object>> patterns = tables.get("trigger_patterns");
    List<Map<String, Object>> scores = tables.get("trigger_pattern_scores");
    List<Map<String, Object>> summary = tables.get("pattern_summary");
    assertThat(summary.stream().map(row -> row.get("polarity")).distinct()).hasSize(polarities);
    for (Map<String, Object> row : summary) {
      List<Map<String, Object>> ofLayer = scores.stream().filter(s -> samePlace(s, row)).toList();
      assertThat(row.get("neurons_with_triggers")).isEqualTo((long) ofLayer.size());
      long total = ofLayer.stream().mapToLong(s -> (Integer) s.get("prefixes")).sum();
      assertThat(row.get("prefixes")).isEqualTo(total);
      double sum = 0;
      for (String label : LABELS) {
        double share =
            ofLayer.stream().mapToLong(s -> (Integer) s.get(label)).sum() / (double) total;
        assertThat((Double) row.get(label)).isEqualTo(share);
        sum += share;
      }
      assertThat(sum).isCloseTo(1, within(1e-12));
      for (String kind : List.of("last_token", "ngram", "topic", "shape", "document")) {
        assertThat(row.get("neurons_with_" + kind))
            .isEqualTo(
                patterns.stream()
                    .filter(p -> samePlace(p, row) && p.get("kind").equals(kind))
                    .map(p -> p.get("neuron"))
                    .distinct()
                    .count());
      }
    }
  }

  private static boolean samePlace(Map<String, Object> a, Map<String, Object> b) {
    return a.get("layer").equals(b.get("layer")) && a.get("polarity").equals(b.get("polarity"));
  }

  @Test
  void background_isTheSameSampleHoweverTheCorpusIsCut() throws IOException {
    String[] sampled = {
      "interpret.patterns.background=150", "scan.trigger-prefixes.min-position=2"
    };
    ScanFixture.Run run =
        fixture.ingest(
            "sampled",
            "gpt2-gelu-new",
            sampled[0],
            sampled[1],
            "interpret.perturbations.enabled=false");
    List<Map<String, Object>> rows = Interpreted.tables(run).get("background_prefixes");
    List<Map<String, Object>> expected = new ArrayList<>();
    for (Map<String, Object> sequence : run.sequences()) {
      List<?> starts = (List<?>) sequence.get("token_starts");
      int text = 0;
      for (int position = 0; position < starts.size(); position++) {
        if ((Integer) starts.get(position) >= 0 && ++text >= 2) {
          long id = (Long) sequence.get("sequence_id");
          expected.add(
              Map.of(
                  "hash",
                  SeededHash.of(1, 6, id, position) >>> 1,
                  "sequence_id",
                  id,
                  "position",
                  position,
                  "text",
                  sequence.get("text"),
                  "token_id",
                  ((List<?>) sequence.get("token_ids")).get(position)));
        }
      }
    }
    expected.sort(Comparator.comparingLong(row -> (Long) row.get("hash")));
    assertThat(expected).hasSizeGreaterThan(300);
    assertThat(rows.stream().map(row -> List.of(row.get("sequence_id"), row.get("position"))))
        .containsExactlyElementsOf(
            expected.subList(0, 150).stream()
                .sorted(
                    Comparator.comparingLong(
                            (Map<String, Object> row) -> (Long) row.get("sequence_id"))
                        .thenComparingInt(row -> (Integer) row.get("position")))
                .map(row -> List.of(row.get("sequence_id"), row.get("position")))
                .toList());
    Map<Object, Object> texts =
        expected.stream()
            .collect(
                Collectors.toMap(
                    row -> row.get("sequence_id"), row -> row.get("text"), (a, b) -> a));
    assertThat(rows)
        .allMatch(
            row ->
                texts
                    .get(row.get("sequence_id"))
                    .toString()
                    .startsWith((String) row.get("prefix")));

    Map<String, List<Map<String, Object>>> finer =
        tables("finer", "gpt2-gelu-new", sampled[0], sampled[1], "ingest.shard-tokens=90");
    assertThat(finer.get("background_prefixes")).isEqualTo(rows);
  }

  /** Property 5: neurons in another order have the same rows under other numbers. */
  @Test
  void permutedNeurons_havePermutedRows() throws IOException {
    Path permuted = Files.createDirectory(folder.resolve("permuted"));
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", permuted);
    int neurons = copy.values("transformer.h.0.mlp.c_fc.bias").length;
    int[] from = new int[neurons];
    for (int i = 0; i < neurons; i++) {
      from[i] = (i * 37 + 11) % neurons;
    }
    for (int layer = 0;
        copy.tensors().containsKey("transformer.h." + layer + ".ln_1.weight");
        layer++) {
      String mlp = "transformer.h." + layer + ".mlp.";
      permuteColumns(copy.values(mlp + "c_fc.weight"), from);
      permuteColumns(copy.values(mlp + "c_fc.bias"), from);
      permuteRows(copy.values(mlp + "c_proj.weight"), from);
    }
    copy.write();
    Map<String, List<Map<String, Object>>> plain = tables("plain", "gpt2-gelu-new");
    Map<String, List<Map<String, Object>>> other = tables("permuted", permuted.toString());
    // Sums in another order differ in their last bits, which exchanges near ties.
    Map<List<Object>, List<Object>> before = triggers(plain.get("trigger_prefixes"), null);
    Map<List<Object>, List<Object>> after = triggers(other.get("trigger_prefixes"), from);
    Set<List<Object>> same = new HashSet<>(before.keySet());
    same.removeIf(key -> !before.get(key).equals(after.get(key)));
    assertThat(same).hasSizeGreaterThan(before.size() * 3 / 4);
    for (String table : List.of("trigger_patterns", "trigger_pattern_scores")) {
      Map<List<Object>, List<Map<String, Object>>> expected = rows(plain.get(table), null);
      Map<List<Object>, List<Map<String, Object>>> actual = rows(other.get(table), from);
      for (List<Object> key : same) {
        assertThat(actual.get(key)).as(table + key).isEqualTo(expected.get(key));
      }
    }
  }

  /** Sequences and positions of each key's triggers, neurons numbered as before. */
  private static Map<List<Object>, List<Object>> triggers(
      List<Map<String, Object>> rows, int[] from) {
    Map<List<Object>, List<Object>> triggers = new HashMap<>();
    rows(rows, from)
        .forEach(
            (key, ofKey) ->
                triggers.put(
                    key,
                    ofKey.stream()
                        .<Object>map(row -> List.of(row.get("sequence_id"), row.get("position")))
                        .toList()));
    return triggers;
  }

  private static Map<List<Object>, List<Map<String, Object>>> rows(
      List<Map<String, Object>> rows, int[] from) {
    return rows.stream()
        .<Map<String, Object>>map(
            row -> {
              Map<String, Object> renumbered = new TreeMap<>(row);
              int neuron = (Integer) row.get("neuron");
              renumbered.put("neuron", from == null ? neuron : from[neuron]);
              return renumbered;
            })
        .collect(Collectors.groupingBy(PatternTablesTest::key));
  }

  private static void permuteColumns(float[] values, int[] from) {
    float[] old = values.clone();
    for (int i = 0; i < values.length; i++) {
      int row = i / from.length;
      values[i] = old[row * from.length + from[i % from.length]];
    }
  }

  private static void permuteRows(float[] values, int[] from) {
    float[] old = values.clone();
    int width = values.length / from.length;
    for (int i = 0; i < from.length; i++) {
      System.arraycopy(old, from[i] * width, values, i * width, width);
    }
  }

  @Test
  void runWithoutTriggers_hasNoTables() throws IOException {
    assertThat(tables("no-triggers", "gpt2-gelu-new", "scan.trigger-prefixes.enabled=false"))
        .doesNotContainKeys("trigger_patterns", "background_prefixes", "pattern_summary");
  }
}
