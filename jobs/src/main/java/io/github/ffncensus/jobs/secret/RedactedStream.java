package io.github.ffncensus.jobs.secret;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Passes text on to another stream, line by line, without its secrets. */
public final class RedactedStream extends OutputStream {
  private final PrintStream target;
  private final Secrets secrets;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  private RedactedStream(PrintStream target, Secrets secrets) {
    this.target = target;
    this.secrets = secrets;
  }

  /** A stream to print to. Part of a line is held back until it is ended or flushed. */
  public static PrintStream around(PrintStream target, Secrets secrets) {
    // Flushing by itself after every piece of text, it would cut secrets in two.
    return new PrintStream(new RedactedStream(target, secrets), false, StandardCharsets.UTF_8);
  }

  @Override
  public synchronized void write(int b) {
    line.write(b);
    if (b == '\n') {
      flush();
    }
  }

  @Override
  public synchronized void flush() {
    if (line.size() > 0) {
      String text = line.toString(StandardCharsets.UTF_8);
      line.reset();
      target.print(secrets.redact(text));
    }
    target.flush();
  }
}
