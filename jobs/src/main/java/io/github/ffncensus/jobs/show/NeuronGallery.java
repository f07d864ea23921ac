package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Prints neurons from a published run: chosen ones, or those of each layer whose trigger prefixes
 * most plainly share something. Reads the tables' files in order, a neuron at a time.
 */
public final class NeuronGallery {
  private static final String TRIGGERS = "trigger_prefixes";
  private static final String STATS = "neuron_stats";
  private static final String VALUES = "value_predictions";
  private static final int PROMOTED = 5;
  private static final String[] TRIGGER_COLUMNS = {
    "layer", "neuron", "polarity", "rank", "coefficient", "prefix", "token", "next_token"
  };

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

  private record Exhibit(NeuronTriggers triggers, Optional<SharedFeature> shared) {
    double clarity() {
      return shared.map(SharedFeature::clarity).orElse(0.0);
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
    Background background = background();
    TreeMap<Address, Exhibit> exhibits = new TreeMap<>();
    for (Address address : chosen) {
      NeuronTriggers none = new NeuronTriggers(address.layer(), address.neuron(), List.of());
      exhibits.put(address, new Exhibit(none, Optional.empty()));
    }
    forEachNeuron(
        triggers ->
            exhibits.computeIfPresent(
                new Address(triggers.layer(), triggers.neuron()),
                (address, none) -> new Exhibit(triggers, triggers.shared(background))));
    print(exhibits, out);
  }

  /** Prints the plainest neurons of every layer, no two of a layer for the same kind of reason. */
  public void print(PrintStream out) {
    Background background = background();
    TreeMap<Integer, Map<SharedFeature.Kind, Exhibit>> best = new TreeMap<>();
    forEachNeuron(
        triggers -> {
          Exhibit exhibit = new Exhibit(triggers, triggers.shared(background));
          exhibit
              .shared()
              .ifPresent(
                  shared ->
                      best.computeIfAbsent(
                              triggers.layer(), layer -> new EnumMap<>(SharedFeature.Kind.class))
                          .merge(
                              shared.kind(), exhibit, (a, b) -> b.clarity() > a.clarity() ? b : a));
        });
    TreeMap<Address, Exhibit> exhibits = new TreeMap<>();
    best.values().stream()
        .flatMap(
            ofLayer ->
                ofLayer.values().stream()
                    .sorted(Comparator.comparingDouble(Exhibit::clarity).reversed())
                    .limit(perLayer))
        .forEach(
            exhibit ->
                exhibits.put(
                    new Address(exhibit.triggers().layer(), exhibit.triggers().neuron()), exhibit));
    print(exhibits, out);
  }

  private void print(TreeMap<Address, Exhibit> exhibits, PrintStream out) {
    Map<Address, String> stats = stats(exhibits.keySet());
    Map<Address, String> values = values(exhibits.keySet());
    exhibits.forEach(
        (address, exhibit) -> {
          out.printf(
              "%nLayer %d, neuron %d: %s%n",
              address.layer(),
              address.neuron(),
              exhibit
                  .shared()
                  .map(SharedFeature::toString)
                  .orElse("its strongest prefixes share nothing plain"));
          if (stats.containsKey(address)) {
            out.println("  " + stats.get(address));
          }
          if (values.containsKey(address)) {
            out.println("  " + values.get(address));
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

  private Map<Address, String> values(Set<Address> addresses) {
    Map<Address, String> values = new HashMap<>();
    forEachRow(
        VALUES,
        row -> {
          Address address = new Address(row.getInt("layer"), row.getInt("neuron"));
          if (addresses.contains(address)) {
            values.put(
                address,
                "its value promotes %s%s"
                    .formatted(
                        row.getStringList("top_tokens").stream()
                            .limit(PROMOTED)
                            .map(token -> "\"" + NeuronTriggers.readable(token) + "\"")
                            .collect(Collectors.joining(", ")),
                        row.isNull("next_token_rank")
                            ? ""
                            : "; what follows its strongest prefix is number %,d"
                                .formatted(row.getInt("next_token_rank"))));
          }
        },
        "layer",
        "neuron",
        "top_tokens",
        "next_token_rank");
    return values;
  }

  private Background background() {
    Background background = new Background();
    forEachRow(
        TRIGGERS,
        row -> {
          if (row.getInt("rank") == 1) {
            background.add(line(row));
          }
        },
        TRIGGER_COLUMNS);
    return background;
  }

  private static Line line(TableRow row) {
    return new Line(
        row.getFloat("coefficient"),
        row.getString("prefix"),
        row.getString("token"),
        row.getString("next_token"));
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
            lines.add(line(row));
          }
        },
        TRIGGER_COLUMNS);
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
