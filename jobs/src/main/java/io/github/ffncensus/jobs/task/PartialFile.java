package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A task's packed blocks: number, length and bytes of each, then an end mark, so that a cut file is
 * noticed.
 */
public final class PartialFile {
  private static final long END = -1;
  private static final int BUFFER = 1 << 16;

  private PartialFile() {}

  /** Writes one block after another. */
  public static final class Writer implements Closeable {
    private final DataOutputStream out;
    private long bytes;

    public Writer(Configuration hadoop, Path file) throws IOException {
      out =
          new DataOutputStream(
              new BufferedOutputStream(file.getFileSystem(hadoop).create(file, true), BUFFER));
    }

    /**
     * @param number of the block, at least 0
     */
    public void put(long number, byte[] packed) throws IOException {
      out.writeLong(number);
      out.writeInt(packed.length);
      out.write(packed);
      bytes += Long.BYTES + Integer.BYTES + packed.length;
    }

    /** Ends the file and returns its length. */
    public long finish() throws IOException {
      out.writeLong(END);
      out.flush();
      return bytes + Long.BYTES;
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }

  /** Reads one block after another. */
  static final class Reader implements Closeable {
    private final Path file;
    private final DataInputStream in;
    private long number;

    Reader(Configuration hadoop, Path file) throws IOException {
      this.file = file;
      in =
          new DataInputStream(
              new BufferedInputStream(file.getFileSystem(hadoop).open(file), BUFFER));
    }

    /** Moves to the next block; false at the end of the file. */
    boolean next() throws IOException {
      try {
        number = in.readLong();
        return number != END;
      } catch (EOFException e) {
        throw cut(e);
      }
    }

    long number() {
      return number;
    }

    /** The bytes of the current block, once. */
    byte[] packed() throws IOException {
      if (number == END) {
        throw new NoSuchElementException();
      }
      try {
        byte[] packed = new byte[in.readInt()];
        in.readFully(packed);
        return packed;
      } catch (EOFException e) {
        throw cut(e);
      }
    }

    private CensusException cut(EOFException e) {
      return CensusException.runFailed(
          file + " is cut short; run the stage that wrote it again with --force", e);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
