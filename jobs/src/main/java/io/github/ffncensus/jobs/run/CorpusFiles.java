package io.github.ffncensus.jobs.run;

import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds the files of a corpus and tells by a glance at each whether they are still the same. */
public final class CorpusFiles {

  private static final int FINGERPRINT_BYTES = 1 << 20;

  private final Configuration hadoop;

  private CorpusFiles(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /**
   * The files that the inputs name, each once, sorted by path. Folders stand for all files below
   * them; names that begin with {@code _} or {@code .} are left out of folders and globs.
   *
   * @param inputs files, folders or globs
   * @throws CensusException of kind INPUT if an input names no file or one cannot be read
   */
  public static List<CorpusFile> find(Configuration hadoop, List<String> inputs) {
    CorpusFiles files = new CorpusFiles(hadoop);
    Map<String, FileStatus> found = new TreeMap<>();
    for (String input : inputs) {
      found.putAll(files.expand(input));
    }
    return found.values().parallelStream()
        .map(files::describe)
        .sorted(Comparator.comparing(CorpusFile::path))
        .toList();
  }

  private Map<String, FileStatus> expand(String input) {
    Map<String, FileStatus> found = new TreeMap<>();
    try {
      Path path = new Path(input);
      FileSystem fs = path.getFileSystem(hadoop);
      // A name with brackets or braces may be meant as it stands.
      FileStatus[] matches =
          fs.exists(path) ? new FileStatus[] {fs.getFileStatus(path)} : fs.globStatus(path);
      for (FileStatus match : matches == null ? new FileStatus[0] : matches) {
        add(fs, match, matches.length > 1, found);
      }
      if (matches == null || matches.length == 0) {
        throw CensusException.input(
            "census.corpus.input: %s: no such file; relative to %s"
                .formatted(input, fs.getWorkingDirectory()));
      }
      if (found.isEmpty()) {
        throw CensusException.input("census.corpus.input: %s: holds no files".formatted(input));
      }
      return found;
    } catch (IOException | IllegalArgumentException e) {
      throw CensusException.input(
          "census.corpus.input: %s: cannot be read: %s".formatted(input, e.getMessage()), e);
    }
  }

  private static void add(
      FileSystem fs, FileStatus status, boolean skipHidden, Map<String, FileStatus> found)
      throws IOException {
    String name = status.getPath().getName();
    if (skipHidden && (name.startsWith("_") || name.startsWith("."))) {
      return;
    }
    if (status.isFile()) {
      found.put(status.getPath().toString(), status);
      return;
    }
    for (FileStatus child : fs.listStatus(status.getPath())) {
      add(fs, child, true, found);
    }
  }

  private CorpusFile describe(FileStatus status) {
    Path path = status.getPath();
    long length = status.getLen();
    int bytes = (int) Math.min(length, FINGERPRINT_BYTES);
    byte[] buffer = new byte[bytes];
    try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(length).array());
      in.readFully(0, buffer);
      digest.update(buffer);
      in.readFully(length - bytes, buffer);
      digest.update(buffer);
      return new CorpusFile(path.toString(), length, HexFormat.of().formatHex(digest.digest()));
    } catch (IOException e) {
      throw CensusException.input("%s: cannot be read: %s".formatted(path, e.getMessage()), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
