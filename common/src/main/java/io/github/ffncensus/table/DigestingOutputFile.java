package io.github.ffncensus.table;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/**
 * An output file that computes the SHA-256 of its bytes while they are written, so that nobody has
 * to read the file again.
 */
final class DigestingOutputFile implements OutputFile {
  private final OutputFile file;
  private final MessageDigest digest;
  private PositionOutputStream stream;
  private long bytes;

  DigestingOutputFile(OutputFile file) {
    this.file = file;
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** To be called once, after the stream was closed. */
  String sha256() {
    return HexFormat.of().formatHex(digest.digest());
  }

  long bytes() {
    return bytes;
  }

  /** Closes the stream without a footer, for a file that is given up. */
  void abandon() throws IOException {
    if (stream != null) {
      stream.close();
    }
  }

  @Override
  public PositionOutputStream create(long blockSizeHint) throws IOException {
    return digesting(file.create(blockSizeHint));
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSizeHint) throws IOException {
    return digesting(file.createOrOverwrite(blockSizeHint));
  }

  @Override
  public boolean supportsBlockSize() {
    return file.supportsBlockSize();
  }

  @Override
  public long defaultBlockSize() {
    return file.defaultBlockSize();
  }

  @Override
  public String getPath() {
    return file.getPath();
  }

  private PositionOutputStream digesting(PositionOutputStream target) {
    stream = new DigestingStream(target);
    return stream;
  }

  private final class DigestingStream extends PositionOutputStream {
    private final PositionOutputStream target;

    DigestingStream(PositionOutputStream target) {
      this.target = target;
    }

    @Override
    public long getPos() throws IOException {
      return target.getPos();
    }

    @Override
    public void write(int b) throws IOException {
      target.write(b);
      digest.update((byte) b);
      bytes++;
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
      target.write(data, offset, length);
      digest.update(data, offset, length);
      bytes += length;
    }

    @Override
    public void flush() throws IOException {
      target.flush();
    }

    @Override
    public void close() throws IOException {
      target.close();
    }
  }
}
