package io.github.ffncensus.jobs;

/**
 * Tells the user how far the work is. Calls come from the driver only, one stage at a time, from
 * any thread.
 */
public interface Progress {

  /**
   * Begins a stage; the one before is finished.
   *
   * @param totalUnits how many there are to do, 0 if not known
   * @param unit what is counted, in the plural: shards, files
   */
  void stage(String name, long totalUnits, String unit);

  /** So much more is done. */
  void advance(long units, long tokens);

  /** The stage is done. */
  void finish();

  /** Something worth knowing about the stages so far, a line. */
  default void note(String line) {}

  /** Says nothing. */
  Progress SILENT =
      new Progress() {
        @Override
        public void stage(String name, long totalUnits, String unit) {}

        @Override
        public void advance(long units, long tokens) {}

        @Override
        public void finish() {}
      };
}
