package io.github.ffncensus.jobs.scan;

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
 * A shard's packed blocks of one analysis: layer, block, length and bytes of each, then an end
 * mark, so that a cut file is noticed.
 */
final class PartialFile {
  private static final int END = -1;
  private static final int BUFFER = 1 << 16;

  private PartialFile() {}

  static final class Writer implements Closeable {
    private final DataOutputStream out;
    private long bytes;

    Writer(Configuration hadoop, Path file) throws IOException {
      out =
          new DataOutputStream(
              new BufferedOutputStream(file.getFileSystem(hadoop).create(file, true), BUFFER));
    }

    void put(int layer, int block, byte[] packed) throws IOException {
      out.writeInt(layer);
      out.writeInt(block);
      out.writeInt(packed.length);
      out.write(packed);
      bytes += 3L * Integer.BYTES + packed.length;
    }

    /** Ends the file and returns its length. */
    long finish() throws IOException {
      out.writeInt(END);
      out.flush();
      return bytes + Integer.BYTES;
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
    private int layer;
    private int block;

    Reader(Configuration hadoop, Path file) throws IOException {
      this.file = file;
      in =
          new DataInputStream(
              new BufferedInputStream(file.getFileSystem(hadoop).open(file), BUFFER));
    }

    /** Moves to the next block; false at the end of the file. */
    boolean next() throws IOException {
      try {
        layer = in.readInt();
        if (layer == END) {
          return false;
        }
        block = in.readInt();
        return true;
      } catch (EOFException e) {
        throw cut(e);
      }
    }

    int layer() {
      return layer;
    }

    int block() {
      return block;
    }

    /** The bytes of the current block, once. */
    byte[] packed() throws IOException {
      if (layer == END) {
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
      return CensusException.runFailed(file + " is cut short; scan again with --force", e);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
