package io.github.ffncensus.table;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** The Parquet schemas of the tables, from {@code data-schemas/<table>.schema}. */
public final class TableSchema {
  private static final List<String> TABLES =
      List.of(
          "sequences",
          "rejects",
          "scan_rejects",
          "activations",
          "neuron_stats",
          "trigger_prefixes",
          "layer_composition",
          "prediction_refinement",
          "position_counts",
          "value_predictions",
          "value_lenses",
          "activation_examples",
          "trigger_perturbations",
          "perturbation_summary",
          "background_prefixes",
          "trigger_patterns",
          "trigger_pattern_scores",
          "pattern_summary",
          "memory_positions",
          "memory_ablations",
          "key_value_findings",
          "fact_rejects",
          "fact_prompts",
          "fact_attributions",
          "fact_activations",
          "attribution_layers",
          "knowledge_neurons",
          "relation_neurons",
          "refinement_ratios",
          "knowledge_neuron_activations",
          "knowledge_neuron_triggers",
          "knowledge_neuron_rejects",
          "knowledge_neuron_findings",
          "fact_interventions",
          "neuron_interactions",
          "suppression_curves",
          "fact_edits",
          "fact_edit_prompts",
          "edit_deltas");

  private TableSchema() {}

  /** The names of all tables. */
  public static List<String> tables() {
    return TABLES;
  }

  /**
   * The columns of a table's files; {@code run_id} is not among them, it is the partition folder.
   *
   * @throws IllegalArgumentException for a name that is no table
   */
  public static MessageType load(String table) {
    String resource = "/data-schemas/" + table + ".schema";
    try (InputStream in = TableSchema.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("no such table: " + table);
      }
      return MessageTypeParser.parseMessageType(
          new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
