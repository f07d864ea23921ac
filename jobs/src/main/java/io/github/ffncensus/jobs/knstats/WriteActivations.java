package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.opendomain.ActivationSums;
import io.github.ffncensus.knowledge.opendomain.FactNames;
import io.github.ffncensus.knowledge.opendomain.FactNeurons;
import io.github.ffncensus.knowledge.opendomain.FactNeurons.Neuron;
import io.github.ffncensus.knowledge.opendomain.FactResult;
import io.github.ffncensus.knowledge.opendomain.ResultBlock;
import io.github.ffncensus.knowledge.opendomain.TextClass;
import io.github.ffncensus.knowledge.opendomain.TriggerRules;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/** Task: a file of {@code knowledge_neuron_activations} from the merged blocks of some facts. */
final class WriteActivations implements FlatMapFunction<Iterator<Tuple2<Long, byte[]>>, TableFile> {
  static final String TABLE = "knowledge_neuron_activations";

  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final Broadcast<FactBook> book;
  private final TriggerRules triggers;

  WriteActivations(TaskSetup setup, Broadcast<FactBook> book, TriggerRules triggers) {
    this.setup = setup;
    this.book = book;
    this.triggers = triggers;
  }

  private record ActivationRow(
      String method,
      FactNames fact,
      TextClass textClass,
      Neuron neuron,
      ActivationSums sums,
      int place) {}

  @Override
  public Iterator<TableFile> call(Iterator<Tuple2<Long, byte[]>> blocks) throws IOException {
    if (!blocks.hasNext()) {
      return List.<TableFile>of().iterator();
    }
    Tuple2<Long, byte[]> block = blocks.next();
    int file = ResultFiles.fileOf((int) (block._1() * ResultBlock.FACTS));
    try (ParquetTableWriter<ActivationRow> writer =
        setup.create(TABLE, file, WriteActivations::encode)) {
      while (true) {
        for (ActivationRow row : rows(block._2())) {
          writer.write(row);
        }
        if (!blocks.hasNext()) {
          return List.of(writer.finish()).iterator();
        }
        block = blocks.next();
      }
    }
  }

  private List<ActivationRow> rows(byte[] packed) {
    List<ActivationRow> rows = new ArrayList<>();
    ResultBlock.unpack(packed, triggers).forEach((result, fact) -> addRows(fact, result, rows));
    return rows;
  }

  private void addRows(int fact, FactResult result, List<ActivationRow> rows) {
    FactBook facts = book.value();
    FactNeurons neurons = facts.neurons().get(fact);
    for (int method = 0; method < facts.methods().size(); method++) {
      for (TextClass textClass : TextClass.values()) {
        Optional<ActivationSums> sums = result.sums(textClass);
        if (sums.isPresent()) {
          for (int place : neurons.of(method)) {
            rows.add(
                new ActivationRow(
                    facts.methods().get(method),
                    facts.names().get(fact),
                    textClass,
                    neurons.get(place),
                    sums.get(),
                    place));
          }
        }
      }
    }
  }

  private static void encode(ActivationRow row, RowWriter out) {
    out.string("method", row.method());
    out.string("relation", row.fact().relation());
    out.string("fact_id", row.fact().factId());
    out.intValue("layer", row.neuron().layer());
    out.intValue("neuron", row.neuron().index());
    out.string("text_class", row.textClass().label());
    out.longValue("sentences", row.sums().count());
    out.doubleValue("mean", row.sums().mean(row.place()));
    out.doubleValue("stddev", row.sums().stddev(row.place()));
    out.floatValue("min", (float) row.sums().min(row.place()));
    out.floatValue("max", (float) row.sums().max(row.place()));
  }
}
