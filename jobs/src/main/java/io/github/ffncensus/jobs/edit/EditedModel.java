package io.github.ffncensus.jobs.edit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.EditConfig.WriteModel;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.model.EditedFolder;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.ValueVector;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Writes a model with some edits of a run, from the rows of {@code edit_deltas}. */
public final class EditedModel {
  /** The table that it is made from. */
  public static final String TABLE = EditFiles.DELTAS;

  private final WriteModel wanted;
  private final Map<Neuron, String> editedBy = new HashMap<>();
  private final TreeMap<Neuron, ValueVector> vectors =
      new TreeMap<>(Comparator.comparingInt(Neuron::layer).thenComparingInt(Neuron::index));

  private EditedModel(WriteModel wanted) {
    this.wanted = wanted;
  }

  /**
   * Writes the folder; nothing if it is there already.
   *
   * @param deltas files of the table
   * @param model whose neurons were edited
   * @throws CensusException of kind CONFIGURATION if there is no such edit, if two of them change
   *     the same neuron, or if the folder is something else
   */
  public static void write(
      Configuration hadoop,
      List<Path> deltas,
      ModelFolder model,
      String runId,
      String weightsSha256,
      WriteModel wanted) {
    EditedModel edited = new EditedModel(wanted);
    for (Path file : deltas) {
      edited.read(hadoop, file);
    }
    edited.requireAll();
    EditedFolder.write(
        model,
        java.nio.file.Path.of(wanted.folder()),
        List.copyOf(edited.vectors.values()),
        edited.note(runId, weightsSha256));
  }

  private void read(Configuration hadoop, Path file) {
    try (ParquetTableReader reader =
        ParquetTableReader.open(
            hadoop, file, "kind", "direction", "relation", "fact_id", "layer", "neuron", "value")) {
      for (TableRow row = reader.next(); row != null; row = reader.next()) {
        String edit = key(row);
        if (wanted.edits().contains(edit)) {
          add(edit, row);
        }
      }
    } catch (IOException e) {
      throw CensusException.runFailed(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private void add(String edit, TableRow row) {
    Neuron neuron = new Neuron(row.getInt("layer"), row.getInt("neuron"));
    String other = editedBy.put(neuron, edit);
    if (other != null) {
      throw CensusException.configuration(
          "census.edit.write-model.edits: %s and %s both change neuron %d of layer %d, so one model cannot have both"
              .formatted(other, edit, neuron.index(), neuron.layer()));
    }
    vectors.put(neuron, new ValueVector(neuron.layer(), neuron.index(), row.getFloatList("value")));
  }

  private void requireAll() {
    Set<String> found = new HashSet<>(editedBy.values());
    wanted.edits().stream()
        .filter(edit -> !found.contains(edit))
        .findFirst()
        .ifPresent(
            edit -> {
              throw CensusException.configuration(
                  "census.edit.write-model.edits: the run makes no edit %s; those that it makes are in the table %s"
                      .formatted(edit, EditFiles.EDITS));
            });
  }

  /**
   * An edit's name: {@code erase:relation}, {@code update:relation/fact_id}, or {@code update-head}
   * for one in the direction of the head. The relation's own slashes are written %2F.
   */
  private static String key(TableRow row) {
    String relation = row.getString("relation").replace("%", "%25").replace("/", "%2F");
    boolean byHead =
        !row.isNull("direction") && row.getString("direction").equals(Direction.HEAD.key());
    String kind = row.getString("kind") + (byHead ? "-head" : "");
    return kind + ":" + relation + (row.isNull("fact_id") ? "" : "/" + row.getString("fact_id"));
  }

  private String note(String runId, String weightsSha256) {
    ObjectNode note = new ObjectMapper().createObjectNode();
    note.put("run_id", runId);
    note.put("weights_sha256", weightsSha256);
    note.put("edited_neurons", vectors.size());
    wanted.edits().stream().sorted().forEach(note.putArray("edits")::add);
    return note.toPrettyString() + "\n";
  }
}
