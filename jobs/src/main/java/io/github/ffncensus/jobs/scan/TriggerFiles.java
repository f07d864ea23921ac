package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Divides a model's neurons as the files of {@code trigger_prefixes} do, so that a task that needs
 * all triggers of a neuron reads one file. Neurons without triggers are in no file, but still in
 * the division.
 */
public final class TriggerFiles {
  private static final Pattern NAME = Pattern.compile("part-(\\d+)-.*");

  private TriggerFiles() {}

  /** Some neurons of one layer, {@code to} exclusive. */
  public record Neurons(int layer, int from, int to) implements Serializable {}

  /**
   * What one file holds.
   *
   * @param number from 0
   * @param neurons ascending
   * @param file in {@code trigger_prefixes}; null if none of the neurons has a trigger
   */
  public record Share(int number, ArrayList<Neurons> neurons, String file) implements Serializable {

    /** Such as {@code layer 3, neurons 0 to 255}. */
    String text() {
      return neurons.stream()
          .map(n -> "layer %d, neurons %d to %d".formatted(n.layer(), n.from(), n.to() - 1))
          .collect(Collectors.joining("; "));
    }
  }

  /** The shares as the work of a part. */
  public static PartWork<Share> work(String part, List<Share> shares) {
    return PartWork.of(part, shares, Share::number, Share::text);
  }

  /** The names of files that hold ranges of neurons, by the number of their range. */
  public static Map<Integer, String> byNumber(List<TableFile> published) {
    Map<Integer, String> files = new HashMap<>();
    for (TableFile file : published) {
      Matcher name = NAME.matcher(file.name());
      if (name.matches()) {
        files.put(Integer.valueOf(name.group(1)), file.name());
      }
    }
    return files;
  }

  /**
   * All neurons of a model, each in one share.
   *
   * @param published the files of {@code trigger_prefixes}; none if the run has no such table
   */
  public static List<Share> of(Architecture architecture, List<TableFile> published) {
    Map<Integer, String> files = byNumber(published);
    int blocks = Analysis.blocks(architecture.intermediate());
    MergedBlocks.Ranges ranges = new MergedBlocks.Ranges(architecture.layers(), blocks);
    List<Share> shares = new ArrayList<>();
    for (int number = 0; number < ranges.numPartitions(); number++) {
      shares.add(new Share(number, new ArrayList<>(), files.get(number)));
    }
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (int block = 0; block < blocks; block++) {
        int from = block * Analysis.BLOCK_NEURONS;
        int to = Math.min(from + Analysis.BLOCK_NEURONS, architecture.intermediate());
        int number = ranges.getPartition(new MergedBlocks.Key(layer, block));
        shares.get(number).neurons().add(new Neurons(layer, from, to));
      }
    }
    return shares;
  }
}
