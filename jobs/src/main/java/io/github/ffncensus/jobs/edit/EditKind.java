package io.github.ffncensus.jobs.edit;

import java.util.Locale;

/** What is edited, and whether it is the real thing or its control. */
enum EditKind {
  UPDATE,
  UPDATE_RANDOM_NEURONS,
  ERASE,
  ERASE_RANDOM_NEURONS;

  /** As the tables have it. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
