package io.github.ffncensus.jobs.task;

import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.table.TableRow;

/** Rows of {@code sequences} as the model reads them. */
public final class SequenceTokens {
  private static final String[] NAMES = {"sequence_id", "token_ids", "token_starts"};

  private SequenceTokens() {}

  /** What {@link #decode} needs. */
  public static String[] columns() {
    return NAMES.clone();
  }

  public static TokenSequence decode(TableRow row) {
    int[] starts = row.getIntList("token_starts");
    boolean[] special = new boolean[starts.length];
    for (int t = 0; t < starts.length; t++) {
      special[t] = starts[t] < 0;
    }
    return new TokenSequence(row.getLong("sequence_id"), row.getIntList("token_ids"), special);
  }
}
