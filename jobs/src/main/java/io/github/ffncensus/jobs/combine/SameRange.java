package io.github.ffncensus.jobs.combine;

import io.github.ffncensus.jobs.scan.TriggerFiles;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The files of one range of neurons, of all parents that have one. A scan divides the neurons of a
 * model in one way, so that what belongs together has the same number.
 *
 * @param number of the range
 * @param files in the order of the parents
 */
record SameRange(int number, ArrayList<OfParent> files) implements Serializable {

  /**
   * @param firstSequenceId of the parent's sequences among all
   */
  record OfParent(String path, long firstSequenceId) implements Serializable {}

  /** The ranges of a table, ascending. */
  static List<SameRange> of(List<Parent> parents, String table) {
    TreeMap<Integer, SameRange> ranges = new TreeMap<>();
    for (Parent parent : parents) {
      TriggerFiles.byNumber(parent.files(table))
          .forEach(
              (number, file) ->
                  ranges
                      .computeIfAbsent(number, n -> new SameRange(n, new ArrayList<>()))
                      .files()
                      .add(new OfParent(parent.path(table, file), parent.run().firstSequenceId())));
    }
    return List.copyOf(ranges.values());
  }

  String text() {
    return "range %d of neurons: %s"
        .formatted(number, String.join(", ", files.stream().map(OfParent::path).toList()));
  }
}
