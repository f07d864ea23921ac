package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.show.Exhibit.Line;
import io.github.ffncensus.table.TableRow;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Prints neurons of a run: what their triggers share, what their values promote, what happens
 * without a token, how active they are, and the strongest prefixes.
 */
public final class NeuronGallery {
  static final String TRIGGERS = "trigger_prefixes";
  private static final int PROMOTED = 6;

  private final PublishedTables tables;
  private final int prefixes;

  /**
   * @param prefixes how many to print of each neuron
   * @throws CensusException of kind RUN_FAILED if the run has no triggers
   */
  public NeuronGallery(PublishedTables tables, int prefixes) {
    this.tables = tables;
    this.prefixes = prefixes;
    tables.require(TRIGGERS, "scan");
  }

  /** Prints the neurons at these addresses. */
  public void print(Set<Address> chosen, PrintStream out) {
    TreeMap<Address, Exhibit> exhibits = new TreeMap<>();
    chosen.forEach(address -> exhibits.put(address, new Exhibit(null)));
    print(exhibits, out);
  }

  /**
   * Prints the clearest neurons of every layer, each of another sort.
   *
   * @param perLayer how many of a layer
   */
  public void print(int perLayer, PrintStream out) {
    TreeMap<Address, Exhibit> exhibits = new TreeMap<>();
    Selection.of(tables, perLayer)
        .forEach((address, choice) -> exhibits.put(address, new Exhibit(choice)));
    print(exhibits, out);
  }

  private void print(TreeMap<Address, Exhibit> exhibits, PrintStream out) {
    read(exhibits);
    exhibits.forEach((address, exhibit) -> print(address, exhibit, out));
  }

  private void read(Map<Address, Exhibit> exhibits) {
    forEachRow(
        exhibits,
        TRIGGERS,
        (exhibit, row) -> {
          if (row.getString("polarity").equals("positive")) {
            exhibit.add(
                new Line(
                    row.getInt("rank"),
                    row.getFloat("coefficient"),
                    row.getString("prefix"),
                    // A masked model is not to predict it.
                    tables.causal() ? row.getString("next_token") : null));
          }
        },
        "layer",
        "neuron",
        "polarity",
        "rank",
        "coefficient",
        "prefix",
        "next_token");
    forEachRow(
        exhibits,
        "trigger_patterns",
        (exhibit, row) -> {
          if (row.getString("polarity").equals("positive")) {
            exhibit.add(ShownPattern.of(row));
          }
        },
        ShownPattern.COLUMNS);
    Targets targets = new Targets(tables);
    forEachRow(
        exhibits,
        Targets.TABLE,
        (exhibit, row) -> exhibit.value(value(row, targets)),
        "layer",
        "neuron",
        "top_token_id",
        "top_tokens",
        "next_token_rank",
        "agreement_count",
        "targets");
    forEachRow(
        exhibits,
        "trigger_perturbations",
        (exhibit, row) ->
            exhibit.addChange(row.getString("removed"), row.getDouble("relative_change")),
        "layer",
        "neuron",
        "removed",
        "relative_change");
    forEachRow(
        exhibits,
        "neuron_stats",
        (exhibit, row) -> exhibit.activity(activity(row)),
        "layer",
        "neuron",
        "active_fraction",
        "token_count",
        "mean",
        "p999",
        "max");
  }

  private void forEachRow(
      Map<Address, Exhibit> exhibits,
      String table,
      BiConsumer<Exhibit, TableRow> consumer,
      String... columns) {
    tables.forEachRow(
        table,
        row -> {
          Exhibit exhibit = exhibits.get(Address.of(row));
          if (exhibit != null) {
            consumer.accept(exhibit, row);
          }
        },
        columns);
  }

  private String value(TableRow row, Targets targets) {
    if (row.isNull("top_token_id")) {
      return "nothing: its value vector gives all tokens the same logit";
    }
    List<String> top = row.getStringList("top_tokens");
    String promoted =
        top.stream()
            .limit(PROMOTED)
            .map(token -> "\"" + TokenText.readable(token) + "\"")
            .collect(Collectors.joining(", "));
    int agreement = row.getInt("agreement_count");
    if (agreement > 0) {
      double expected =
          row.getInt("targets") * targets.share(row.getInt("layer"), row.getInt("top_token_id"));
      return promoted
          + String.format(
              Locale.ROOT,
              tables.causal()
                  ? "; the first follows %d of its %d triggers (%.1f by chance)"
                  : "; the first ends %d of its %d triggers (%.1f by chance)",
              agreement,
              row.getInt("targets"),
              expected);
    }
    if (row.isNull("next_token_rank")) {
      return promoted;
    }
    return promoted
        + String.format(
            Locale.ROOT,
            tables.causal()
                ? "; what follows its strongest trigger is number %,d"
                : "; the token that its strongest trigger ends in is number %,d",
            row.getInt("next_token_rank"));
  }

  private static String activity(TableRow row) {
    return String.format(
        Locale.ROOT,
        "on %.1f %% of %,d tokens; mean %.3f, 99.9 %% below %.3f, largest %.3f",
        100 * row.getDouble("active_fraction"),
        row.getLong("token_count"),
        row.getDouble("mean"),
        row.getFloat("p999"),
        row.getFloat("max"));
  }

  private void print(Address address, Exhibit exhibit, PrintStream out) {
    out.printf(
        "%nLayer %d, neuron %d%s%n",
        address.layer(),
        address.neuron(),
        exhibit.description() == null ? "" : ": " + exhibit.description());
    List<ShownPattern> patterns = exhibit.patterns();
    for (int i = 0; i < patterns.size(); i++) {
      field(out, i == 0 ? "prefixes" : "", letter(i) + " " + patterns.get(i));
    }
    if (patterns.isEmpty() && tables.has("trigger_patterns")) {
      field(out, "prefixes", "have nothing in common that chance would not give");
    }
    field(out, "promotes", exhibit.value());
    field(out, "without", exhibit.perturbation());
    field(out, "active", exhibit.activity());
    for (Line line : exhibit.lines(prefixes)) {
      StringBuilder letters = new StringBuilder();
      for (int i = 0; i < patterns.size(); i++) {
        letters.append(patterns.get(i).ranks().contains(line.rank()) ? letter(i) : "");
      }
      out.printf(
          Locale.ROOT,
          "  %8.3f %-5s %s%s%n",
          line.coefficient(),
          letters,
          line.prefix(),
          line.nextToken() == null ? "" : "  [" + TokenText.readable(line.nextToken()) + "]");
    }
  }

  private static String letter(int pattern) {
    return String.valueOf((char) ('a' + pattern));
  }

  private static void field(PrintStream out, String name, String text) {
    if (text != null) {
      out.printf("  %-9s %s%n", name, text);
    }
  }
}
