package io.github.ffncensus.jobs.ingest;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** The local file system, on which every corpus and staging file fails to open twice. */
public final class FlakyFileSystem extends LocalFileSystem {
  static final Set<String> FAILED = ConcurrentHashMap.newKeySet();

  static void install(Configuration hadoop) {
    hadoop.set("fs.file.impl", FlakyFileSystem.class.getName());
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    FAILED.clear();
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    String name = path.toUri().getPath();
    boolean flaky = name.endsWith(".jsonl") || name.contains("/tokenized/");
    if (flaky && (FAILED.add(name + " once") || FAILED.add(name + " twice"))) {
      throw new IOException("flaky");
    }
    return super.open(path, bufferSize);
  }
}
