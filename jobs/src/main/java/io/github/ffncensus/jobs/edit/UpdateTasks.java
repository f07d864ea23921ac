package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.knowledge.Relations;
import java.io.Serializable;

/**
 * How updates are shared out to tasks. The numbers are a function of the run; some tasks may have
 * no updates.
 */
record UpdateTasks(Relations relations, int factsPerRelation) implements Serializable {
  /** An update is read with a hundred prompts or more, three times. */
  private static final int UPDATES_PER_TASK = 5;

  private int perRelation() {
    int most = relations.facts().stream().mapToInt(Integer::intValue).max().orElse(0);
    return (Math.min(most, factsPerRelation) + UPDATES_PER_TASK - 1) / UPDATES_PER_TASK;
  }

  int count() {
    return perRelation() * relations.names().size();
  }

  /**
   * @param place of the update among those of its relation, from 0
   */
  int of(String relation, int place) {
    return relations.index(relation) * perRelation() + place / UPDATES_PER_TASK;
  }
}
