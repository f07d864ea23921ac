package io.github.ffncensus.jobs.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * How far a run is, seen from outside.
 *
 * @param warehouse any Hadoop path
 */
record RunWatch(String warehouse, String runId) {
  private static final ObjectMapper JSON = new ObjectMapper();

  boolean isRunning(String stage) throws IOException {
    return status(stage).equals("running");
  }

  boolean isComplete(String stage) throws IOException {
    return status(stage).equals("complete");
  }

  private String status(String stage) throws IOException {
    return manifest().at("/stages/" + stage + "/status").asText();
  }

  private JsonNode manifest() throws IOException {
    Path file = new Path(warehouse, "_runs/" + runId + "/manifest.json");
    try (InputStream in = file.getFileSystem(new Configuration()).open(file)) {
      return JSON.readTree(in);
    } catch (FileNotFoundException e) {
      return JSON.createObjectNode();
    }
  }

  /** Shards of the scan that are recorded as done. */
  int scannedShards() throws IOException {
    Path folder = new Path(warehouse, "_staging/" + runId + "/scan/shards");
    FileSystem fs = folder.getFileSystem(new Configuration());
    int records = 0;
    try {
      for (FileStatus file : fs.listStatus(folder)) {
        records += file.getPath().getName().matches("\\d+\\.json") ? 1 : 0;
      }
    } catch (FileNotFoundException e) {
      return 0;
    }
    return records;
  }

  /** All shards of the ingested corpus. */
  int shards() throws IOException {
    Path file = new Path(warehouse, "_runs/" + runId + "/shards.json");
    try (InputStream in = file.getFileSystem(new Configuration()).open(file)) {
      return JSON.readTree(in).path("shards").size();
    }
  }
}
