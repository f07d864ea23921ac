package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.SequenceSample;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.SequenceLookUp;
import io.github.ffncensus.jobs.task.SequenceTokens;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.jobs.task.UnreadableIds;
import io.github.ffncensus.model.TokenSequence;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Some of the sequences that a part of the stage samples: those that a task reads together.
 *
 * @param number of the piece, from 0
 * @param ids ascending
 */
record SampledSequences(int number, long[] ids) implements Serializable {
  /**
   * A sample in pieces, which are a function of the run. Sequences that the scan left out, by shard
   * or one by one, are not read again.
   */
  static List<SampledSequences> of(StageContext context, SequenceSample sample, int together) {
    ShardPlan plan = context.plan();
    Set<Long> rejected = UnreadableIds.of(context);
    long[] chosen =
        Arrays.stream(sample.of(plan.endSequenceId()))
            .filter(id -> plan.holds(id) && !rejected.contains(id))
            .toArray();
    List<SampledSequences> pieces = new ArrayList<>();
    for (int from = 0; from < chosen.length; from += together) {
      int to = Math.min(chosen.length, from + together);
      pieces.add(new SampledSequences(pieces.size(), Arrays.copyOfRange(chosen, from, to)));
    }
    return pieces;
  }

  String text() {
    return "%,d sampled sequences, sequence_id %d to %d"
        .formatted(ids.length, ids[0], ids[ids.length - 1]);
  }

  /** To be called in a task. */
  List<TokenSequence> read(TaskSetup setup, ShardPlan plan) {
    SequenceLookUp<TokenSequence> sequences =
        new SequenceLookUp<>(
            setup.hadoop(),
            setup.folder().table("sequences"),
            plan,
            SequenceTokens::decode,
            SequenceTokens.columns());
    List<TokenSequence> found = new ArrayList<>();
    for (long id : ids) {
      found.add(sequences.find(plan.placeOf(id), id));
    }
    return found;
  }
}
