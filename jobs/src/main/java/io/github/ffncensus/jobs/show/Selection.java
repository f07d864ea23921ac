package io.github.ffncensus.jobs.show;

import io.github.ffncensus.table.TableRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Neurons worth a look: in every layer the clearest ones of different sorts. Those whose triggers
 * were perturbed come first, because the tables say more of them.
 */
final class Selection {
  private static final int ENOUGH_TARGETS = 10;
  private static final int ENOUGH_AGREEMENT = 3;

  /** A topic of so many of a neuron's prefixes says something of the neuron. */
  private static final double ENOUGH_PREFIXES = 0.4;

  /** What a neuron is an example of. */
  private enum Sort {
    TOPIC("what the text is about"),
    AGREEMENT("its value predicts what its triggers are to predict"),
    WORD("a last word"),
    PHRASE("a phrase"),
    FORM("a form, whatever the word");

    private final String description;

    Sort(String description) {
      this.description = description;
    }

    /** Sorts in the order in which a layer is asked for them; lower layers start elsewhere. */
    static List<Sort> inLayer(int layer) {
      Sort[] forms = {WORD, PHRASE, FORM};
      List<Sort> sorts = new ArrayList<>();
      for (int i = 0; i < forms.length; i++) {
        sorts.add(forms[(layer + i) % forms.length]);
      }
      sorts.add(1, TOPIC);
      sorts.add(2, AGREEMENT);
      return sorts;
    }
  }

  /**
   * @param description what the neuron is an example of
   * @param pattern that shows it; null where no pattern does
   */
  record Choice(String description, ShownPattern pattern) {}

  /**
   * @param pattern null for an agreement
   */
  private record Candidate(
      Address address, boolean perturbed, double clarity, ShownPattern pattern) {
    static final Comparator<Candidate> BEST_FIRST =
        Comparator.comparing(Candidate::perturbed)
            .thenComparingDouble(Candidate::clarity)
            .reversed()
            .thenComparing(Candidate::address);
  }

  private final PublishedTables tables;
  private final Targets targets;

  /** By layer, of each sort the best ones; as many as there are sorts that might take one. */
  private final Map<Integer, Map<Sort, TreeSet<Candidate>>> best = new TreeMap<>();

  private final Set<Address> perturbed = new HashSet<>();

  private Selection(PublishedTables tables) {
    this.tables = tables;
    this.targets = new Targets(tables);
  }

  /** The chosen neurons in order, each with why. */
  static Map<Address, Choice> of(PublishedTables tables, int perLayer) {
    Selection selection = new Selection(tables);
    selection.read();
    Map<Address, Choice> chosen = new TreeMap<>();
    selection.best.forEach(
        (layer, bySort) -> {
          Map<Address, Choice> ofLayer = new LinkedHashMap<>();
          for (Sort sort : Sort.inLayer(layer)) {
            if (bySort.containsKey(sort) && ofLayer.size() < perLayer) {
              bySort.get(sort).stream()
                  .filter(candidate -> !ofLayer.containsKey(candidate.address()))
                  .findFirst()
                  .ifPresent(
                      candidate ->
                          ofLayer.put(
                              candidate.address(),
                              new Choice(sort.description, candidate.pattern())));
            }
          }
          chosen.putAll(ofLayer);
        });
    return chosen;
  }

  private void read() {
    tables.forEachRow(
        "trigger_perturbations", row -> perturbed.add(Address.of(row)), "layer", "neuron");
    tables.forEachRow("trigger_patterns", this::pattern, ShownPattern.COLUMNS);
    tables.forEachRow(
        "value_predictions",
        this::agreement,
        "layer",
        "neuron",
        "agrees",
        "agreement_count",
        "targets",
        "trigger_next_token_id");
  }

  private void pattern(TableRow row) {
    if (!row.getString("polarity").equals("positive")) {
      return;
    }
    double share = row.getInt("counted") / (double) row.getInt("prefixes");
    Sort sort =
        switch (row.getString("kind")) {
          case "last_token", "last_stem" -> Sort.WORD;
          case "suffix_ngram", "ngram" -> Sort.PHRASE;
          case "shape" -> Sort.FORM;
          case "topic", "document" -> share >= ENOUGH_PREFIXES ? Sort.TOPIC : null;
          default -> null;
        };
    if (sort != null) {
      offer(sort, Address.of(row), row.getDouble("score"), ShownPattern.of(row));
    }
  }

  private void agreement(TableRow row) {
    if (!row.isNull("agrees")
        && row.getBoolean("agrees")
        && row.getInt("targets") >= ENOUGH_TARGETS
        && row.getInt("agreement_count") >= ENOUGH_AGREEMENT) {
      double evidence =
          targets.evidence(
              row.getInt("layer"),
              row.getInt("trigger_next_token_id"),
              row.getInt("agreement_count"),
              row.getInt("targets"));
      if (evidence > 0) {
        offer(Sort.AGREEMENT, Address.of(row), evidence, null);
      }
    }
  }

  private void offer(Sort sort, Address address, double clarity, ShownPattern pattern) {
    TreeSet<Candidate> ofSort =
        best.computeIfAbsent(address.layer(), layer -> new EnumMap<>(Sort.class))
            .computeIfAbsent(sort, first -> new TreeSet<>(Candidate.BEST_FIRST));
    Candidate candidate = new Candidate(address, perturbed.contains(address), clarity, pattern);
    // A neuron may have several patterns of a sort, of which the clearest counts.
    Optional<Candidate> known =
        ofSort.stream().filter(other -> other.address().equals(address)).findFirst();
    if (known.isEmpty() || Candidate.BEST_FIRST.compare(candidate, known.get()) < 0) {
      known.ifPresent(ofSort::remove);
      ofSort.add(candidate);
      if (ofSort.size() > Sort.values().length) {
        ofSort.pollLast();
      }
    }
  }
}
