package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunVerifierTest {

  @TempDir Path warehouse;
  private RunFixture run;

  @BeforeEach
  void run() {
    run = new RunFixture(warehouse);
  }

  @Test
  void soundRun() throws IOException {
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void missingFile() throws IOException {
    run.publish();
    Files.delete(run.published("sequences", "part-1.parquet"));
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("sequences/run_id=r1/part-1.parquet: is missing");
  }

  @Test
  void extraFile() throws IOException {
    run.publish();
    Files.copy(
        run.published("sequences", "part-0.parquet"), run.published("sequences", "part-9.parquet"));
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("part-9.parquet: is not part of the run");
  }

  @Test
  void flippedByte() throws IOException {
    run.publish();
    Path file = run.published("trigger_prefixes", "part-0.parquet");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    Files.delete(file.resolveSibling(".part-0.parquet.crc"));
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("part-0.parquet: its content changed: SHA-256 is ");
  }

  @Test
  void truncatedFile() throws IOException {
    run.publish();
    Path file = run.published("neuron_stats", "part-0.parquet");
    Files.write(file, new byte[3]);
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("part-0.parquet: has 3 bytes, the manifest says ");
  }

  @Test
  void sequencesThatNobodyAccountsFor() throws IOException {
    run.scannedSequences = 3;
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("of 4 sequences the scan read 3, 0 are in scan_rejects and 0 in skipped shards");
  }

  @Test
  void skippedShard_isAccountedFor() throws IOException {
    run.scannedSequences = 3;
    run.skipped =
        List.of(new SkippedShard("scan", SkippedShard.CORPUS, 1, "1 documents: d3", 1L, 1L, 9L));
    run.publish();
    assertThat(problems()).isEmpty();
    assertThat(
            SkippedShard.summary(
                RunManifest.read(RunFixture.HADOOP, run.folder).orElseThrow().json()))
        .isEqualTo("shard 1 of the corpus (1 documents, 1 sequences, 9 tokens) since scan");
  }

  @Test
  void wrongRowCount() throws IOException {
    run.publish();
    edit(json -> ((ObjectNode) json.at("/tables/rejects/files/0")).put("rows", 7));
    assertThat(problems())
        .hasSize(2)
        .anySatisfy(
            problem ->
                assertThat(problem).contains("part-0.parquet: has 1 rows, the manifest says 7"))
        .anySatisfy(
            problem -> assertThat(problem).contains("tables.rejects.rows is 1, its files have 7"));
  }

  @Test
  void runThatIsNotComplete() throws IOException {
    run.publish();
    edit(json -> json.put("status", "running"));
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("manifest.json: the run is running, not complete");
  }

  @Test
  void neuronsMissingAndTwice() throws IOException {
    run.stats.set(4, new RunFixture.Stats(0, 1));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith(
            "neuron_stats/run_id=r1: layer 0, neuron 1: has two rows; layer 1, neuron 1: is missing");
  }

  @Test
  void valuePredictionsOfEveryNeuron() throws IOException {
    run.predictions = List.copyOf(run.stats);
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void valuePredictionsOfNoNeuron() throws IOException {
    run.predictions = List.of();
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void valuePredictionsMissing() throws IOException {
    run.predictions = run.stats.subList(0, 5);
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("value_predictions/run_id=r1: layer 1, neuron 2: is missing");
  }

  private static RunFixture.Refinement refinement(int layer, long residual, long ffn) {
    long positions = residual + ffn;
    return new RunFixture.Refinement(
        layer, positions, residual, ffn, residual / (double) positions);
  }

  @Test
  void refinementOfEveryLayer() throws IOException {
    run.refinement = List.of(refinement(0, 2, 1), refinement(1, 0, 3));
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void refinementOfAModelWithoutHead() throws IOException {
    run.refinement = List.of();
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void layersMissingTwiceAndUnknown() throws IOException {
    run.refinement = List.of(refinement(0, 2, 1), refinement(0, 2, 1), refinement(2, 2, 1));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith(
            "prediction_refinement/run_id=r1: layer 0: has two rows; layer 2: the model has no such"
                + " layer; layer 1: is missing");
  }

  @Test
  void layersOverDifferentPositions() throws IOException {
    run.refinement = List.of(refinement(0, 2, 1), refinement(1, 2, 2));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("layers have different numbers of positions: {0=3, 1=4}");
  }

  @Test
  void classesThatAreNoPartition() throws IOException {
    run.refinement =
        List.of(
            new RunFixture.Refinement(0, 4, 2, 1, 0.75),
            new RunFixture.Refinement(1, 4, 3, 1, 0.75 + 1e-8));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("layer 0: its classes have 3 positions of 4; layer 1: the shares of its classes")
        .contains("add up to 1.00000001");
  }

  @Test
  void neuronThatTheModelHasNot() throws IOException {
    run.stats.add(new RunFixture.Stats(2, 0));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("layer 2, neuron 0: the model has no such neuron");
  }

  @Test
  void lensesOfEveryNeuron() throws IOException {
    run.lenses = ofLenses();
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void lensesMissing() throws IOException {
    run.lenses = ofLenses().subList(1, 12);
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("value_lenses/run_id=r1: folded lens, layer 0, neuron 0: is missing");
  }

  private List<RunFixture.OfLens> ofLenses() {
    return run.stats.stream()
        .flatMap(
            neuron -> Stream.of("folded", "raw").map(lens -> new RunFixture.OfLens(neuron, lens)))
        .toList();
  }

  @Test
  void examplesInOrder() throws IOException {
    RunFixture.Stats neuron = run.stats.get(0);
    run.examples =
        List.of(
            new RunFixture.Example(neuron, "to_p50", 1, 9),
            new RunFixture.Example(neuron, "to_p50", 2, 9),
            new RunFixture.Example(neuron, "above_p999", 1, 1),
            new RunFixture.Example(run.stats.get(1), "above_p999", 1, 2));
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void examplesWithAGap_orMoreThanThereWere() throws IOException {
    RunFixture.Stats neuron = run.stats.get(0);
    run.examples =
        List.of(
            new RunFixture.Example(neuron, "to_p50", 1, 1),
            new RunFixture.Example(neuron, "to_p50", 2, 1),
            new RunFixture.Example(neuron, "above_p999", 3, 9));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith(
            "activation_examples/run_id=r1: layer 0, neuron 0, to_p50: example 2 of 1 where 2 is due;"
                + " layer 0, neuron 0, above_p999: example 3 of 9 where 1 is due");
  }

  @Test
  void memoriesInOrder() throws IOException {
    run.memories =
        List.of(
            new RunFixture.Memory(0, 1, 1, 2),
            new RunFixture.Memory(0, 1, 2, 2),
            new RunFixture.Memory(0, 3, 1, 5),
            new RunFixture.Memory(2, 3, 1, 7));
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void memoriesOutOfOrder() throws IOException {
    run.memories =
        List.of(
            new RunFixture.Memory(0, 1, 1, 2),
            new RunFixture.Memory(0, 1, 2, 3),
            new RunFixture.Memory(0, 4, 2, 1));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith(
            "memory_ablations/run_id=r1: sequence 0, position 1: rank 2 contributes 3.0 after 2.0;"
                + " sequence 0, position 4: rank 2 where 1 is due");
  }

  @Test
  void gapInTheRanks() throws IOException {
    run.triggers.removeIf(
        t -> t.layer() == 1 && t.neuron() == 2 && t.rank() == 2 && t.polarity().equals("negative"));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("layer 1, neuron 2, negative: rank 3 where 2 is due");
  }

  @Test
  void coefficientsOutOfOrder() throws IOException {
    run.triggers.replaceAll(
        t ->
            t.rank() == 2 && t.layer() == 0 && t.neuron() == 0 && t.polarity().equals("positive")
                ? new RunFixture.Trigger(0, 0, "positive", 2, 9)
                : t);
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith("layer 0, neuron 0, positive: rank 2 has coefficient 9.0 after 3.0");
  }

  @Test
  void neuronWhoseRowsAreScattered() throws IOException {
    run.triggers.add(run.triggers.remove(0));
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("layer 0, neuron 0: its rows do not stand together");
  }

  @Test
  void sequenceIdsWithGapAndDouble() throws IOException {
    run.sequenceIds = List.of(0L, 1L, 1L, 4L);
    run.publish();
    assertThat(problems())
        .singleElement()
        .asString()
        .endsWith(
            "sequences/run_id=r1: sequence_id 1 occurs twice; sequence_ids from 2 to 3 are missing");
  }

  @Test
  void sequenceIdsInAnyOrderOfFiles() throws IOException {
    run.sequenceIds = List.of(2L, 3L, 0L, 1L);
    run.publish();
    assertThat(problems()).isEmpty();
  }

  @Test
  void documentsThatAreNotAccountedFor() throws IOException {
    run.publish();
    edit(json -> ((ObjectNode) json.path("corpus")).put("documents", 6).put("sequences", 5));
    assertThat(problems())
        .hasSize(2)
        .anySatisfy(
            p ->
                assertThat(p)
                    .endsWith("6 documents were read, but 4 are in sequences and 1 in rejects"))
        .anySatisfy(
            p -> assertThat(p).endsWith("corpus.sequences is 5, the table sequences has 4 rows"));
  }

  private List<String> problems() {
    RunManifest manifest = RunManifest.read(RunFixture.HADOOP, run.folder).orElseThrow();
    return RunVerifier.verify(RunFixture.HADOOP, manifest);
  }

  private void edit(Consumer<ObjectNode> change) throws IOException {
    Path file = warehouse.resolve("_runs/r1/manifest.json");
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = (ObjectNode) json.readTree(file.toFile());
    change.accept(root);
    json.writeValue(file.toFile(), root);
  }
}
