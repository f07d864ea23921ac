package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * An input file, of the corpus or of the facts, as the manifest knows it.
 *
 * @param path with scheme
 * @param fingerprint SHA-256 over the length, the first and the last megabyte: enough to notice
 *     that a file is another one, without reading a corpus twice
 */
public record CorpusFile(String path, long bytes, String fingerprint) {

  private static final int END_BYTES = 1 << 20;

  /**
   * Takes the fingerprint.
   *
   * @throws CensusException of kind INPUT if the file cannot be read
   */
  public static CorpusFile of(Configuration hadoop, String path, long bytes) {
    Path file = new Path(path);
    byte[] end = new byte[(int) Math.min(bytes, END_BYTES)];
    try (FSDataInputStream in = file.getFileSystem(hadoop).open(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes).array());
      in.readFully(0, end);
      digest.update(end);
      in.readFully(bytes - end.length, end);
      digest.update(end);
      return new CorpusFile(path, bytes, HexFormat.of().formatHex(digest.digest()));
    } catch (IOException e) {
      throw CensusException.input(
          "the input file %s cannot be read: %s".formatted(path, e.getMessage()), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
