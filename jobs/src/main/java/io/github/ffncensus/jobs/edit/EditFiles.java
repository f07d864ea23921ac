package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.task.GroupFiles;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What a task of the stage writes. */
final class EditFiles {
  static final String EDITS = "fact_edits";
  static final String PROMPTS = "fact_edit_prompts";
  static final String DELTAS = "edit_deltas";

  private final TaskSetup setup;
  private final List<EditRow> edits = new ArrayList<>();
  private final List<EditPromptRow> prompts = new ArrayList<>();
  private final List<DeltaRow> deltas = new ArrayList<>();

  EditFiles(TaskSetup setup) {
    this.setup = setup;
  }

  void add(EditRow edit) {
    edits.add(edit);
  }

  void add(EditPromptRow prompt) {
    prompts.add(prompt);
  }

  void add(DeltaRow delta) {
    deltas.add(delta);
  }

  /**
   * @param part number of the files
   */
  GroupFiles write(int part) throws IOException {
    GroupFiles files = new GroupFiles();
    String method = setup.config().edit().method().key();
    write(files, EDITS, part, edits, EditRow::encode);
    write(files, PROMPTS, part, prompts, EditPromptRow.encoder(setup.tokenizer()));
    write(files, DELTAS, part, deltas, DeltaRow.encoder(method, setup.weightsSha256()));
    return files;
  }

  private <T> void write(
      GroupFiles files, String table, int part, List<T> rows, RowEncoder<T> encoder)
      throws IOException {
    if (rows.isEmpty()) {
      return;
    }
    try (ParquetTableWriter<T> writer = setup.create(table, part, encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      files.add(table, writer.finish());
    }
  }
}
