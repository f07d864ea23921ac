package io.github.ffncensus.jobs.ingest;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/** Opens input files, decompressing by their ending. */
public final class CorpusStreams {
  /** The endings of Hadoop's own codecs, and Zstandard, for which Hadoop wants a native library. */
  private static final Set<String> COMPRESSED =
      Set.of("gz", "bz2", "zst", "zstd", "deflate", "lz4", "snappy");

  private static final Set<String> ZSTANDARD = Set.of("zst", "zstd");

  private CorpusStreams() {}

  /** Known from the name alone, so that every machine plans the same splits. */
  static boolean isCompressed(String path) {
    return COMPRESSED.contains(ending(path));
  }

  /** The decompressed bytes of a whole file. */
  public static InputStream open(Configuration hadoop, Path file) throws IOException {
    InputStream raw = file.getFileSystem(hadoop).open(file);
    try {
      if (ZSTANDARD.contains(ending(file.getName()))) {
        return new ZstdInputStream(raw);
      }
      if (!isCompressed(file.getName())) {
        return raw;
      }
      CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(file);
      if (codec == null) {
        throw new IOException("this Hadoop has no codec for it");
      }
      return codec.createInputStream(raw);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private static String ending(String path) {
    return path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
