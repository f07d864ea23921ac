package io.github.ffncensus.jobs.ingest;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The lines of a byte stream that begin before a given place. A line ends with a line feed, before
 * which a carriage return belongs to the line end; a carriage return alone is text. Lines longer
 * than a limit are skipped over and reported as such, in bounded memory.
 */
public final class LineInput implements Closeable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final long end;
  private final int maxBytes;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int available;
  private byte[] line = new byte[1 << 10];
  private int length;
  private boolean tooLong;
  private long position;

  /**
   * @param start place in the file of the stream's first byte
   * @param end lines that begin here or later are not read
   */
  public LineInput(InputStream in, long start, long end, int maxBytes) {
    this.in = in;
    this.position = start;
    this.end = end;
    this.maxBytes = maxBytes;
  }

  /** Goes to the line after the one under way; its bytes are lost. */
  public void skipLine() throws IOException {
    readToLineFeed(false);
  }

  /** Reads the next line; false if there is none. */
  public boolean next() throws IOException {
    if (position >= end) {
      return false;
    }
    if (!readToLineFeed(true)) {
      return false;
    }
    if (length > 0 && line[length - 1] == '\r') {
      length--;
    }
    return true;
  }

  /** Whether the line exceeds the limit, and so has no bytes here. */
  public boolean isTooLong() {
    return tooLong;
  }

  public byte[] buffer() {
    return line;
  }

  /** Bytes of the line, without its end. */
  public int length() {
    return length;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private boolean readToLineFeed(boolean keep) throws IOException {
    length = 0;
    tooLong = false;
    boolean any = false;
    while (fill()) {
      any = true;
      int from = next;
      while (next < available && buffer[next] != '\n') {
        next++;
      }
      boolean ended = next < available;
      if (keep) {
        append(from, next - from);
      }
      next += ended ? 1 : 0;
      position += next - from;
      if (ended) {
        return true;
      }
    }
    return any;
  }

  private void append(int from, int bytes) {
    if (tooLong || bytes > maxBytes - length) {
      tooLong = true;
      length = 0;
      return;
    }
    if (length + bytes > line.length) {
      long grown = Math.max(length + (long) bytes, 2L * line.length);
      line = Arrays.copyOf(line, (int) Math.min(maxBytes, grown));
    }
    System.arraycopy(buffer, from, line, length, bytes);
    length += bytes;
  }

  private boolean fill() throws IOException {
    if (next < available) {
      return true;
    }
    next = 0;
    available = Math.max(0, in.read(buffer, 0, buffer.length));
    return available > 0;
  }
}
