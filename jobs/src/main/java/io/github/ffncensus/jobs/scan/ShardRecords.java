package io.github.ffncensus.jobs.scan;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The records of finished shards, a small JSON file each, written by the driver alone. */
final class ShardRecords {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FileSystem fs;
  private final Path folder;

  ShardRecords(Configuration hadoop, Path staging) throws IOException {
    folder = new Path(staging, "shards");
    fs = folder.getFileSystem(hadoop);
  }

  Optional<ShardRecord> find(int shard) {
    Path file = file(shard);
    try {
      if (!fs.exists(file)) {
        return Optional.empty();
      }
      try (InputStream in = fs.open(file)) {
        return Optional.of(JSON.readValue(in, ShardRecord.class));
      }
    } catch (IOException e) {
      throw CensusException.runFailed(
          file + " cannot be read: " + e.getMessage() + "; scan again with --force", e);
    }
  }

  /** Records a shard. A reader sees the whole record or none. */
  void write(ShardRecord record) {
    Path file = file(record.shard());
    Path aside = new Path(folder, "_" + file.getName());
    try {
      try (OutputStream out = fs.create(aside, true)) {
        JSON.writeValue(out, record);
      }
      if (!fs.rename(aside, file)) {
        throw new IOException("cannot rename " + aside);
      }
    } catch (IOException e) {
      throw CensusException.runFailed(
          "cannot record shard "
              + record.shard()
              + ": "
              + e.getMessage()
              + "; run the same command again",
          e);
    }
  }

  private Path file(int shard) {
    return new Path(folder, "%05d.json".formatted(shard));
  }
}
