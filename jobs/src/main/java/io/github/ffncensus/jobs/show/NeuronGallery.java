package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.show.NeuronTriggers.Common;
import io.github.ffncensus.jobs.show.NeuronTriggers.Line;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Prints neurons from a published run: chosen ones, or those of each layer whose trigger prefixes
 * most plainly share something. Reads the tables' files in order, a neuron at a time.
 */
public final class NeuronGallery {
  private static final String TRIGGERS = "trigger_prefixes";
  private static final String STATS = "neuron_stats";

  /** A word in more than this share of the strongest prefixes says nothing about one neuron. */
  private static final double COMMON_WORD = 0.1;

  private final Configuration hadoop;
  private final RunFolder folder;
  private final RunManifest manifest;
  private final int prefixes;
  private final int perLayer;

  /** A neuron's address. */
  public record Address(int layer, int neuron) implements Comparable<Address> {
    @Override
    public int compareTo(Address other) {
      return Comparator.comparingInt(Address::layer)
          .thenComparingInt(Address::neuron)
          .compare(this, other);
    }
  }

  private record Exhibit(NeuronTriggers triggers, Common common) {
    double clarity() {
      return common.share() * Math.sqrt(triggers.lines().size());
    }
  }

  /**
   * @param prefixes how many to print of each neuron
   * @param perLayer how many neurons of a layer to choose
   * @throws CensusException of kind RUN_FAILED if the run is not complete or has no triggers
   */
  public NeuronGallery(
      Configuration hadoop, RunFolder folder, RunManifest manifest, int prefixes, int perLayer) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.manifest = manifest;
    this.prefixes = prefixes;
    this.perLayer = perLayer;
    if (manifest.status() != RunManifest.Status.COMPLETE
        || !manifest.tables().containsKey(TRIGGERS)) {
      throw CensusException.runFailed(
          "The run %s has no %s to show; run completes it".formatted(folder.runId(), TRIGGERS));
    }
  }

  /** Prints the neurons at these addresses. */
  public void print(Set<Address> chosen, PrintStream out) {
    TreeMap<Address, Exhibit> exhibits = new TreeMap<>();
    Set<String> common = commonWords();
    forEachNeuron(
        triggers -> {
          Address address = new Address(triggers.layer(), triggers.neuron());
          if (chosen.contains(address)) {
            exhibits.put(address, new Exhibit(triggers, triggers.common(common)));
          }
        });
    chosen.forEach(
        address ->
            exhibits.computeIfAbsent(
                address,
                dead ->
                    new Exhibit(new NeuronTriggers(dead.layer(), dead.neuron(), List.of()), null)));
    print(exhibits, out);
  }

  /** Prints the plainest neurons of every layer, no two of a layer for the same kind of reason. */
  public void print(PrintStream out) {
    Set<String> common = commonWords();
    TreeMap<Integer, Map<NeuronTriggers.Kind, Exhibit>> best = new TreeMap<>();
    forEachNeuron(
        triggers -> {
          Common shared = triggers.common(common);
          if (shared != null) {
            best.computeIfAbsent(
                    triggers.layer(), layer -> new EnumMap<>(NeuronTriggers.Kind.class))
                .merge(
                    shared.kind(),
                    new Exhibit(triggers, shared),
                    (a, b) -> b.clarity() > a.clarity() ? b : a);
          }
        });
    TreeMap<Address, Exhibit> exhibits = new TreeMap<>();
    best.values()
        .forEach(
            ofLayer ->
                ofLayer.values().stream()
                    .sorted(Comparator.comparingDouble(Exhibit::clarity).reversed())
                    .limit(perLayer)
                    .forEach(
                        exhibit ->
                            exhibits.put(
                                new Address(
                                    exhibit.triggers().layer(), exhibit.triggers().neuron()),
                                exhibit)));
    print(exhibits, out);
  }

  private void print(TreeMap<Address, Exhibit> exhibits, PrintStream out) {
    Map<Address, String> stats = stats(exhibits.keySet());
    exhibits.forEach(
        (address, exhibit) -> {
          out.printf(
              "%nLayer %d, neuron %d: %s%n",
              address.layer(),
              address.neuron(),
              exhibit.common() == null
                  ? "nothing that most of its strongest prefixes share"
                  : exhibit.common());
          if (stats.containsKey(address)) {
            out.println("  " + stats.get(address));
          }
          exhibit.triggers().lines().stream()
              .limit(prefixes)
              .forEach(
                  line ->
                      out.printf(
                          "  %8.3f  %s%s%n",
                          line.coefficient(),
                          line.prefix(),
                          line.nextToken() == null
                              ? ""
                              : "  [" + NeuronTriggers.readable(line.nextToken()) + "]"));
        });
  }

  private Map<Address, String> stats(Set<Address> addresses) {
    Map<Address, String> stats = new HashMap<>();
    forEachRow(
        STATS,
        row -> {
          Address address = new Address(row.getInt("layer"), row.getInt("neuron"));
          if (addresses.contains(address)) {
            stats.put(
                address,
                "active on %.1f %% of %,d tokens; mean %.3f, 99.9 %% below %.3f, largest %.3f"
                    .formatted(
                        100 * row.getDouble("active_fraction"),
                        row.getLong("token_count"),
                        row.getDouble("mean"),
                        row.getFloat("p999"),
                        row.getFloat("max")));
          }
        },
        "layer",
        "neuron",
        "active_fraction",
        "token_count",
        "mean",
        "p999",
        "max");
    return stats;
  }

  private Set<String> commonWords() {
    Map<String, Integer> counts = new HashMap<>();
    int[] strongest = new int[1];
    forEachRow(
        TRIGGERS,
        row -> {
          if (row.getInt("rank") == 1) {
            strongest[0]++;
            new HashSet<>(List.of(NeuronTriggers.words(row.getString("prefix"))))
                .forEach(word -> counts.merge(word, 1, Integer::sum));
          }
        },
        "rank",
        "prefix");
    Set<String> common = new HashSet<>();
    counts.forEach(
        (word, count) -> {
          if (count > COMMON_WORD * strongest[0]) {
            common.add(word);
          }
        });
    return common;
  }

  private void forEachNeuron(Consumer<NeuronTriggers> consumer) {
    List<Line> lines = new ArrayList<>();
    Address[] current = new Address[1];
    Runnable flush =
        () -> {
          if (!lines.isEmpty()) {
            consumer.accept(
                NeuronTriggers.of(current[0].layer(), current[0].neuron(), List.copyOf(lines)));
            lines.clear();
          }
        };
    forEachRow(
        TRIGGERS,
        row -> {
          Address address = new Address(row.getInt("layer"), row.getInt("neuron"));
          if (!address.equals(current[0])) {
            flush.run();
            current[0] = address;
          }
          if (row.getString("polarity").equals("positive")) {
            lines.add(
                new Line(
                    row.getFloat("coefficient"),
                    row.getString("prefix"),
                    row.getString("token"),
                    row.getString("next_token")));
          }
        },
        "layer",
        "neuron",
        "polarity",
        "coefficient",
        "prefix",
        "token",
        "next_token");
    flush.run();
  }

  /** Rows of a table in the order of its files, which are sorted by layer and neuron. */
  private void forEachRow(String table, Consumer<TableRow> consumer, String... columns) {
    for (TableFile file : manifest.tables().getOrDefault(table, List.of())) {
      Path path = new Path(folder.table(table), file.name());
      try (ParquetTableReader reader = ParquetTableReader.open(hadoop, path, columns)) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          consumer.accept(row);
        }
      } catch (IOException e) {
        throw CensusException.runFailed(path + " cannot be read: " + e.getMessage(), e);
      }
    }
  }
}
