package io.github.ffncensus.jobs;

/** Failures that nobody foresaw, in a line for the user. */
public final class Failures {

  private Failures() {}

  /**
   * What the innermost cause says; of Spark's messages, which quote stack traces, the first line.
   */
  public static String summary(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    String message = cause.getMessage() == null ? "" : cause.getMessage().strip();
    String firstLine = message.lines().findFirst().orElse("");
    return firstLine.isEmpty()
        ? cause.getClass().getName()
        : cause.getClass().getSimpleName() + ": " + firstLine;
  }
}
