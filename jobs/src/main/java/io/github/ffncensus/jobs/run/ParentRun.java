package io.github.ffncensus.jobs.run;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;

/**
 * A run that another one is combined from, as the manifest of that one lists it.
 *
 * @param attempt the parent's, which tells it from what a later {@code --force} makes of it
 * @param firstSequenceId where its sequences begin in the combined run
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record ParentRun(
    String runId, int attempt, long documents, long firstSequenceId, long sequences) {}
