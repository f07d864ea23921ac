package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.intervention.InterventionRun;
import io.github.ffncensus.knowledge.intervention.Trial;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;

/** Reads several lists of prompts in one go, in a model as it is. */
final class Reader {
  private Reader() {}

  /** The readings of each list, in its order. */
  static List<List<AnswerReading>> read(
      TaskSetup setup, Transformer model, List<List<EncodedPrompt>> lists) {
    List<AnswerReading> readings =
        new InterventionRun(
                model,
                setup.config().scan().batchTokens(),
                tokens -> TaskContext.get().killTaskIfInterrupted())
            .run(lists.stream().flatMap(List::stream).map(Trial::clean).toList());
    List<List<AnswerReading>> split = new ArrayList<>();
    int from = 0;
    for (List<EncodedPrompt> list : lists) {
      split.add(readings.subList(from, from + list.size()));
      from += list.size();
    }
    return split;
  }
}
