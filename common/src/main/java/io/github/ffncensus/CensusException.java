package io.github.ffncensus;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A failure that its reader can do something about. The message is all that the user sees: one line
 * or a few that name the file, key or document at fault and the fix. The kind decides the process'
 * exit code.
 */
public final class CensusException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Who has to act, and the exit code that says so. */
  public enum Kind {
    /** The run failed; running the same command again continues. */
    RUN_FAILED(1),
    /** Unusable command line or configuration, found before any work. */
    CONFIGURATION(2),
    /** Unusable model or corpus. */
    INPUT(3);

    private final int exitCode;

    Kind(int exitCode) {
      this.exitCode = exitCode;
    }

    public int exitCode() {
      return exitCode;
    }
  }

  private static final String TEXT_FORM = CensusException.class.getName() + "[%s:%d]: %s";
  private static final Pattern TEXT_START =
      Pattern.compile(Pattern.quote(CensusException.class.getName()) + "\\[([A-Z_]+):(\\d+)\\]: ");

  private final Kind kind;

  private CensusException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /**
   * A run that failed because something could not be written. Names the cause at the bottom, for
   * what stands above it may tell only which part of a file it was.
   *
   * @param what a file or table
   */
  public static CensusException cannotWrite(Object what, Throwable cause) {
    Throwable bottom = cause;
    while (bottom.getCause() != null) {
      bottom = bottom.getCause();
    }
    return runFailed("cannot write " + what + ": " + bottom.getMessage(), cause);
  }

  public static CensusException runFailed(String message) {
    return new CensusException(Kind.RUN_FAILED, message, null);
  }

  public static CensusException runFailed(String message, Throwable cause) {
    return new CensusException(Kind.RUN_FAILED, message, cause);
  }

  public static CensusException configuration(String message) {
    return new CensusException(Kind.CONFIGURATION, message, null);
  }

  public static CensusException configuration(String message, Throwable cause) {
    return new CensusException(Kind.CONFIGURATION, message, cause);
  }

  public static CensusException input(String message) {
    return new CensusException(Kind.INPUT, message, null);
  }

  public static CensusException input(String message, Throwable cause) {
    return new CensusException(Kind.INPUT, message, cause);
  }

  public Kind kind() {
    return kind;
  }

  /**
   * The census failure that another exception carries: as one of its causes, or, where only text
   * came back from a remote task, inside a message. Empty if there is none.
   */
  public static Optional<CensusException> in(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CensusException found) {
        return Optional.of(found);
      }
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      Optional<CensusException> parsed = parse(cause.getMessage(), failure);
      if (parsed.isPresent()) {
        return parsed;
      }
    }
    return Optional.empty();
  }

  private static Optional<CensusException> parse(String text, Throwable cause) {
    Matcher start = TEXT_START.matcher(text == null ? "" : text);
    if (!start.find()) {
      return Optional.empty();
    }
    int end = Math.min(text.length(), start.end() + Integer.parseInt(start.group(2)));
    String message = text.substring(start.end(), end);
    return Optional.of(new CensusException(Kind.valueOf(start.group(1)), message, cause));
  }

  /**
   * Names the kind and the message's length, so that {@link #in} finds both in the middle of a log
   * or a stack trace.
   */
  @Override
  public String toString() {
    return TEXT_FORM.formatted(kind, getMessage().length(), getMessage());
  }
}
