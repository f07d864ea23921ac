package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged tables of facts, of a model of two layers of three neurons. */
class KnowledgeChecksTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path warehouse;
  private RunFolder folder;
  private final List<LayerRow> layers = new ArrayList<>();
  private final List<NeuronRow> neurons = new ArrayList<>();
  private final List<RankRow> ranks = new ArrayList<>();

  private record LayerRow(String fact, int prompt, int layer) {}

  private record NeuronRow(String fact, int layer, int neuron, int sharing, int prompts) {}

  private record RankRow(String relation, int rank, int sharing, int facts) {}

  @BeforeEach
  void sound() {
    folder = RunFolder.qualified(HADOOP, warehouse.toString(), "r1");
    for (int prompt : new int[] {0, 2}) {
      layers.add(new LayerRow("f", prompt, 0));
      layers.add(new LayerRow("f", prompt, 1));
    }
    neurons.add(new NeuronRow("f", 0, 2, 3, 4));
    neurons.add(new NeuronRow("f", 1, 0, 4, 4));
    neurons.add(new NeuronRow("g", 0, 0, 3, 3));
    ranks.add(new RankRow("r", 1, 2, 2));
    ranks.add(new RankRow("r", 2, 1, 2));
    ranks.add(new RankRow("s", 1, 1, 1));
  }

  @Test
  void soundTables_haveNoProblem() throws IOException {
    assertThat(problems()).isEmpty();
  }

  @Test
  void aLayerThatIsMissing() throws IOException {
    layers.remove(1);
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("relation r, fact f, prompt 2: layer 0 where 1 is due");
  }

  @Test
  void neuronsTwice_ofNoModel_orOfMorePromptsThanThereAre() throws IOException {
    neurons.add(new NeuronRow("g", 0, 0, 3, 3));
    neurons.add(new NeuronRow("h", 2, 0, 3, 3));
    neurons.add(new NeuronRow("i", 0, 0, 4, 3));
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("fact g: layer 0, neuron 0: is not after the one before")
        .contains("fact h: layer 2, neuron 0: the model has no such neuron")
        .contains("fact i: layer 0, neuron 0: 4 of 3 prompts share it");
  }

  @Test
  void ranksWithGaps_orApart() throws IOException {
    ranks.add(new RankRow("r", 4, 1, 2));
    ranks.add(new RankRow("t", 1, 1, 2));
    ranks.add(new RankRow("t", 2, 2, 2));
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("relation r: its rows do not stand together")
        .contains("relation r: rank 4 where 1 is due")
        .contains("relation t: rank 2 is shared by 2 facts, the one before by 1");
  }

  private List<String> problems() throws IOException {
    List<String> problems = new ArrayList<>();
    TableContentChecks contents = new TableContentChecks(HADOOP, folder, problems);
    KnowledgeChecks checks = new KnowledgeChecks(contents, 2, 3);
    checks.layersFollowEachOther(
        write(
            "attribution_layers",
            layers,
            (row, out) -> {
              out.string("relation", "r");
              out.string("fact_id", row.fact());
              out.intValue("prompt_id", row.prompt());
              out.intValue("layer", row.layer());
              out.doubleValue("probability_full", 0.5);
              out.doubleValue("probability_zeroed", 0.25);
              out.doubleValue("attribution_sum", 0.25);
              out.doubleValue("residual", 0);
            }));
    checks.neuronsAreShared(
        write(
            "knowledge_neurons",
            neurons,
            (row, out) -> {
              out.string("method", "activation");
              out.string("relation", "r");
              out.string("fact_id", row.fact());
              out.intValue("layer", row.layer());
              out.intValue("neuron", row.neuron());
              out.intValue("prompts_sharing", row.sharing());
              out.intValue("prompts", row.prompts());
              out.doubleValue("mean_attribution", 0.5);
            }));
    checks.ranksAreGapless(
        write(
            "relation_neurons",
            ranks,
            (row, out) -> {
              out.string("method", "activation");
              out.string("relation", row.relation());
              out.intValue("layer", 0);
              out.intValue("neuron", row.rank());
              out.intValue("facts_sharing", row.sharing());
              out.intValue("facts", row.facts());
              out.intValue("rank", row.rank());
              out.doubleValue("mean_attribution", 0.5);
              out.booleanValue("in_relation_set", true);
            }));
    return problems;
  }

  private <T> List<TableFile> write(String table, List<T> rows, RowEncoder<T> encoder)
      throws IOException {
    var file = new org.apache.hadoop.fs.Path(folder.table(table), "part.parquet");
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(HADOOP, file, table, "r1", encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      return List.of(writer.finish());
    }
  }
}
