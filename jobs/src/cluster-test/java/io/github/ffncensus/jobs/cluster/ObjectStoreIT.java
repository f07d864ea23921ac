package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.cluster.Shared.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Warehouse and corpus on an object store, which has neither renames nor appends. */
@ExtendWith(Shared.class)
class ObjectStoreIT {

  @Test
  void ofTwoDriversOneIsRefused_andTheOtherKilledAndContinued(
      StandaloneCluster cluster, Reference reference) throws IOException {
    Path folder = Shared.folder("s3");
    try (S3Process s3 = new S3Process(folder)) {
      s3.put(reference.census().corpusFile(), "corpus.jsonl");
      List<String> run =
          reference
              .census()
              .arguments(
                  "run", "r1", s3.url() + "/w", "corpus.input=" + s3.url() + "/corpus.jsonl");
      CensusCommand command = s3.reachedBy(CensusCommand.on(cluster, folder));
      RunWatch watch = new RunWatch(s3.objects().resolve("w").toUri().toString(), "r1");
      try (ServerProcess one = command.start(run);
          ServerProcess other = command.start(run)) {
        one.await(() -> !one.process().isAlive() || !other.process().isAlive(), "refusal");
        ServerProcess refused = one.process().isAlive() ? other : one;
        ServerProcess driver = one.process().isAlive() ? one : other;
        assertThat(CensusCommand.end(refused).expect(2).output())
            .contains("is being worked on by process " + driver.process().pid());
        driver.await(() -> watch.scannedShards() >= 3, "three scanned shards");
      }
      assertThat(watch.isComplete("scan")).as("killed during the scan").isFalse();

      CensusCommand.Result again = command.run(run).expect(0);
      assertThat(again.output()).contains("ingest is complete already");
      s3.reachedBy(CensusCommand.local(folder))
          .run(reference.census().arguments("verify", "r1", s3.url() + "/w"))
          .expect(0);
      reference.assertSame(s3.objects().resolve("w").toUri().toString(), "r1");
    }
  }
}
