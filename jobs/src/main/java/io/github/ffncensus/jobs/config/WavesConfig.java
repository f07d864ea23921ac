package io.github.ffncensus.jobs.config;

import java.io.Serializable;

/**
 * How a scan groups its shards in waves.
 *
 * @param first shards of the first wave; 0 for as many as there are tasks at a time
 * @param growth shards scanned at the end of a wave by those scanned at its beginning
 */
public record WavesConfig(boolean enabled, int first, double growth) implements Serializable {

  static WavesConfig of(ConfigValues values) {
    Object first = values.get("scan.waves.first");
    return new WavesConfig(
        values.flag("scan.waves.enabled"),
        first instanceof Long shards ? Math.toIntExact(shards) : 0,
        values.decimal("scan.waves.growth"));
  }
}
