package io.github.ffncensus.jobs.edit;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.replace;
import static org.apache.spark.sql.functions.when;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.EditConfig.WriteModel;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.model.EditedFolder;
import io.github.ffncensus.model.ValueVector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;

/** Writes the model with some of the stage's edits, from the rows of {@code edit_deltas}. */
final class EditedModel {
  private EditedModel() {}

  static void write(StageContext context, WriteModel wanted) {
    List<ValueVector> vectors = new ArrayList<>();
    Map<Neuron, String> editedBy = new HashMap<>();
    Set<String> found = new HashSet<>();
    for (Row row :
        context
            .rows(EditFiles.DELTAS)
            .select(key().as("edit"), col("layer"), col("neuron"), col("value"))
            .filter(col("edit").isin(wanted.edits().toArray()))
            .orderBy("edit", "layer", "neuron")
            .collectAsList()) {
      Neuron neuron = new Neuron(row.getInt(1), row.getInt(2));
      String edit = row.getString(0);
      String other = editedBy.put(neuron, edit);
      if (other != null) {
        throw CensusException.configuration(
            "census.edit.write-model.edits: %s and %s both change neuron %d of layer %d, so one model cannot have both"
                .formatted(other, edit, neuron.index(), neuron.layer()));
      }
      found.add(edit);
      vectors.add(new ValueVector(neuron.layer(), neuron.index(), floats(row.getList(3))));
    }
    wanted.edits().stream()
        .filter(edit -> !found.contains(edit))
        .findFirst()
        .ifPresent(
            edit -> {
              throw CensusException.configuration(
                  "census.edit.write-model.edits: this stage makes no edit %s; those that it makes are in the table %s"
                      .formatted(edit, EditFiles.EDITS));
            });
    EditedFolder.write(
        context.model(), Path.of(wanted.folder()), vectors, note(context, wanted, vectors.size()));
  }

  /**
   * An edit's name: {@code erase:relation}, {@code update:relation/fact_id}, or {@code update-head}
   * for one in the direction of the head. The relation's own slashes are written %2F.
   */
  private static Column key() {
    Column relation = replace(replace(col("relation"), lit("%"), lit("%25")), lit("/"), lit("%2F"));
    Column kind =
        when(col("direction").equalTo(Direction.HEAD.key()), concat(col("kind"), lit("-head")))
            .otherwise(col("kind"));
    return when(col("fact_id").isNull(), concat(kind, lit(":"), relation))
        .otherwise(concat(kind, lit(":"), relation, lit("/"), col("fact_id")));
  }

  private static String note(StageContext context, WriteModel wanted, int neurons) {
    ObjectNode note = new ObjectMapper().createObjectNode();
    note.put("run_id", context.setup().folder().runId());
    note.put("weights_sha256", context.setup().weightsSha256());
    note.put("edited_neurons", neurons);
    wanted.edits().stream().sorted().forEach(note.putArray("edits")::add);
    return note.toPrettyString() + "\n";
  }

  private static float[] floats(List<Float> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }
}
