package io.github.ffncensus.jobs.task;

import io.github.ffncensus.text.ModelTokenizer;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tokenizers of this process, shared by its tasks: reading a large vocabulary takes longer than
 * many a task. They stay open as long as the process.
 */
public final class Tokenizers {
  private static final ConcurrentHashMap<Key, ModelTokenizer> OPEN = new ConcurrentHashMap<>();

  private record Key(String folder, long modified) {}

  private Tokenizers() {}

  public static ModelTokenizer of(String modelFolder) {
    Path folder = Path.of(modelFolder);
    // Another file in the same place, in a process that outlives a run, is another tokenizer.
    long modified = folder.resolve(ModelTokenizer.FILE_NAME).toFile().lastModified();
    return OPEN.computeIfAbsent(new Key(modelFolder, modified), key -> ModelTokenizer.open(folder));
  }
}
