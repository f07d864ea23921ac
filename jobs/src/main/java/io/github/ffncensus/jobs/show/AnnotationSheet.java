package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.interpret.perturbations.NeuronSample;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * A table of trigger prefixes for people to annotate as the paper's did, as text with tabs: a row
 * per prefix, with empty columns for the patterns that it has and for its label. It does not say
 * what the program found.
 */
public final class AnnotationSheet {
  private static final String HEADER = "layer\tneuron\trank\tprefix\tnext_token\tpatterns\tlabel";

  private final PublishedTables tables;
  private final int prefixes;

  /**
   * @param prefixes of each neuron, repeated ones left out
   */
  public AnnotationSheet(PublishedTables tables, int prefixes) {
    this.tables = tables;
    this.prefixes = prefixes;
    tables.require(NeuronGallery.TRIGGERS, "scan");
  }

  /** Random neurons of every layer, always the same ones. */
  public static Set<Address> random(PublishedTables tables, int perLayer, long seed) {
    Set<Address> chosen = new TreeSet<>();
    for (int layer = 0; layer < tables.layers(); layer++) {
      BitSet ofLayer = new NeuronSample(perLayer, seed).of(layer, tables.neuronsPerLayer());
      int current = layer;
      ofLayer.stream().forEach(neuron -> chosen.add(new Address(current, neuron)));
    }
    return chosen;
  }

  /**
   * Writes the prefixes of these neurons; returns how many.
   *
   * @throws CensusException of kind RUN_FAILED if the file cannot be written
   */
  public int write(Set<Address> neurons, Path file) {
    try (PrintStream out =
        new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
      out.print(HEADER + "\n");
      Rows rows = new Rows(neurons, out);
      tables.forEachRow(
          NeuronGallery.TRIGGERS,
          rows::add,
          "layer",
          "neuron",
          "polarity",
          "rank",
          "prefix",
          "next_token");
      if (out.checkError()) {
        throw new IOException("the disk is full, or the file has gone");
      }
      return rows.count;
    } catch (IOException e) {
      throw CensusException.runFailed(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /** Of neurons whose triggers stand together, strongest first. */
  private final class Rows {
    private final Set<Address> neurons;
    private final PrintStream out;
    private final Set<String> seen = new HashSet<>();
    private Address current;
    private int count;

    Rows(Set<Address> neurons, PrintStream out) {
      this.neurons = neurons;
      this.out = out;
    }

    void add(TableRow row) {
      Address address = Address.of(row);
      if (!neurons.contains(address) || !row.getString("polarity").equals("positive")) {
        return;
      }
      if (!address.equals(current)) {
        current = address;
        seen.clear();
      }
      String prefix = row.getString("prefix");
      if (seen.size() < prefixes && seen.add(prefix.toLowerCase(Locale.ROOT))) {
        String next = row.getString("next_token");
        out.printf(
            Locale.ROOT,
            "%d\t%d\t%d\t%s\t%s\t\t\n",
            address.layer(),
            address.neuron(),
            row.getInt("rank"),
            cell(prefix),
            next == null ? "" : cell(TokenText.readable(next)));
        count++;
      }
    }
  }

  /** A cell on one line, which no spreadsheet takes for a formula. */
  private static String cell(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.matches("[=+@-].*") ? "'" + line : line;
  }
}
