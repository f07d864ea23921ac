package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.TriggerFiles.Neurons;
import io.github.ffncensus.jobs.scan.TriggerFiles.Share;
import io.github.ffncensus.model.RandomTransformer;
import io.github.ffncensus.table.TableFile;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TriggerFilesTest {
  private static final String SHA = "0".repeat(64);

  @Test
  void shares_divideAllNeurons_inOrder() {
    var architecture = RandomTransformer.gpt2SmallShape();
    List<Share> shares = TriggerFiles.of(architecture, List.of());
    // 12 layers of 12 blocks, 16 to a file.
    assertThat(shares).hasSize(9).allSatisfy(share -> assertThat(share.file()).isNull());
    Set<Long> seen = new HashSet<>();
    long last = -1;
    for (Share share : shares) {
      for (Neurons neurons : share.neurons()) {
        for (int n = neurons.from(); n < neurons.to(); n++) {
          long address = (long) neurons.layer() * architecture.intermediate() + n;
          assertThat(address).isGreaterThan(last);
          last = address;
          seen.add(address);
        }
      }
    }
    assertThat(seen).hasSize((int) architecture.neurons());
  }

  @Test
  void files_areFoundByTheirNumber() {
    List<Share> shares =
        TriggerFiles.of(
            RandomTransformer.gpt2SmallShape(),
            List.of(
                new TableFile("part-00007-abc-12.parquet", 1, 1, SHA),
                new TableFile("part-00000-abc-3.parquet", 1, 1, SHA),
                new TableFile("part-empty.parquet", 0, 1, SHA)));
    assertThat(shares.get(7).file()).isEqualTo("part-00007-abc-12.parquet");
    assertThat(shares.get(0).file()).isEqualTo("part-00000-abc-3.parquet");
    assertThat(shares.stream().filter(share -> share.file() != null)).hasSize(2);
  }
}
