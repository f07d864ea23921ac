package io.github.ffncensus.jobs.task;

import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;

/** What the task of a group left in staging, by table. */
public record GroupFiles(LinkedHashMap<String, ArrayList<TableFile>> tables)
    implements Serializable {

  public GroupFiles() {
    this(new LinkedHashMap<>());
  }

  /** Adds a finished file; one without rows is as good as none and may be left out. */
  public void add(String table, TableFile file) {
    tables.computeIfAbsent(table, name -> new ArrayList<>()).add(file);
  }
}
