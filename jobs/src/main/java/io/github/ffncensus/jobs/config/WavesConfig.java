package io.github.ffncensus.jobs.config;

import java.io.Serializable;
import java.util.OptionalInt;

/**
 * How a scan groups its shards in waves.
 *
 * @param first shards of the first wave; empty for as many as there are tasks at a time
 * @param growth shards scanned at the end of a wave by those scanned at its beginning
 */
public record WavesConfig(boolean enabled, OptionalInt first, double growth)
    implements Serializable {

  static WavesConfig of(ConfigValues values) {
    Object first = values.get("scan.waves.first");
    return new WavesConfig(
        values.flag("scan.waves.enabled"),
        first instanceof Long shards
            ? OptionalInt.of(Math.toIntExact(shards))
            : OptionalInt.empty(),
        values.decimal("scan.waves.growth"));
  }
}
