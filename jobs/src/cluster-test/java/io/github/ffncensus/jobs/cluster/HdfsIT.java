package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.cluster.Shared.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Warehouse and corpus on HDFS. */
@ExtendWith(Shared.class)
class HdfsIT {

  @Test
  void aKilledRunIsContinued_withTheTablesOfLocalDisks(
      StandaloneCluster cluster, Reference reference) throws IOException {
    Path folder = Shared.folder("hdfs");
    try (HdfsProcess hdfs = new HdfsProcess(folder)) {
      String warehouse = hdfs.url() + "/census";
      String corpus = hdfs.url() + "/corpora/corpus.jsonl";
      put(reference.census().corpusFile(), corpus);
      List<String> run =
          reference.census().arguments("run", "r1", warehouse, "corpus.input=" + corpus);
      CensusCommand command = CensusCommand.on(cluster, folder);
      RunWatch watch = new RunWatch(warehouse, "r1");
      try (ServerProcess driver = command.start(run)) {
        driver.await(() -> watch.scannedShards() >= 3, "three scanned shards");
      }
      assertThat(watch.isComplete("scan")).as("killed during the scan").isFalse();

      CensusCommand.Result again = command.run(run).expect(0);
      assertThat(again.output()).contains("ingest is complete already");
      command.run(reference.census().arguments("verify", "r1", warehouse)).expect(0);
      reference.assertSame(warehouse, "r1");
    }
  }

  private static void put(Path file, String path) throws IOException {
    org.apache.hadoop.fs.Path target = new org.apache.hadoop.fs.Path(path);
    FileSystem fs = target.getFileSystem(new Configuration());
    fs.copyFromLocalFile(new org.apache.hadoop.fs.Path(file.toUri()), target);
  }
}
