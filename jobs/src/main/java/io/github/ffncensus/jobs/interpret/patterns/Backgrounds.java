package io.github.ffncensus.jobs.interpret.patterns;

import io.github.ffncensus.interpret.patterns.PatternBackground;
import io.github.ffncensus.interpret.patterns.PatternSettings;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The background that the tasks of this process share: reading and counting it takes longer than
 * the work of some tasks. Only that of the run at hand is kept.
 */
final class Backgrounds {
  private static final ConcurrentHashMap<Key, PatternBackground> LOADED = new ConcurrentHashMap<>();

  private record Key(Path file, PatternSettings settings) {}

  private Backgrounds() {}

  static PatternBackground of(
      Configuration hadoop, Path file, PatternSettings settings, ReadableTokens tokens) {
    Key key = new Key(file, settings);
    LOADED.keySet().removeIf(other -> !other.equals(key));
    return LOADED.computeIfAbsent(key, missing -> load(hadoop, file, settings, tokens));
  }

  private static PatternBackground load(
      Configuration hadoop, Path file, PatternSettings settings, ReadableTokens tokens) {
    PatternBackground.Builder background = new PatternBackground.Builder(settings);
    try (ParquetTableReader reader =
        ParquetTableReader.open(hadoop, file, ReadableTokens.COLUMNS)) {
      for (TableRow row = reader.next(); row != null; row = reader.next()) {
        background.add(tokens.prefix(0, row));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
    return background.build();
  }
}
