package io.github.ffncensus.jobs;

import ai.djl.engine.Engine;
import io.github.ffncensus.ProductVersion;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** The software that a run is made with, as the manifest records it. Starts none of it. */
final class Versions {

  private static final String UNKNOWN = "unknown";

  private Versions() {}

  static Map<String, String> all() {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("ffn_census", ProductVersion.get());
    versions.put("java", System.getProperty("java.version"));
    versions.put("spark", property("spark-version-info.properties", "version"));
    versions.put("scala", property("library.properties", "version.number"));
    versions.put("djl", Engine.getDjlVersion());
    versions.put("pytorch", property("native/lib/pytorch.properties", "version"));
    versions.put("parquet", org.apache.parquet.Version.VERSION_NUMBER);
    versions.put("hadoop", org.apache.hadoop.util.VersionInfo.getVersion());
    return versions;
  }

  private static String property(String resource, String key) {
    Properties properties = new Properties();
    try (InputStream in = Versions.class.getClassLoader().getResourceAsStream(resource)) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      return UNKNOWN;
    }
    return properties.getProperty(key, UNKNOWN);
  }
}
