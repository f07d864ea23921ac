package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.SequenceSample;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.SequenceLookUp;
import io.github.ffncensus.jobs.task.SequenceTokens;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.TokenSequence;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Some of the sequences that a part of the stage samples: those that a task reads together.
 *
 * @param number of the piece, from 0
 * @param ids ascending
 */
record SampledSequences(int number, long[] ids) implements Serializable {

  /** A sample in pieces, which are a function of the run. */
  static List<SampledSequences> of(SequenceSample sample, ShardPlan plan, int together) {
    long[] chosen = sample.of(plan.sequences());
    List<SampledSequences> pieces = new ArrayList<>();
    for (int from = 0; from < chosen.length; from += together) {
      int to = Math.min(chosen.length, from + together);
      pieces.add(new SampledSequences(pieces.size(), Arrays.copyOfRange(chosen, from, to)));
    }
    return pieces;
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
      found.add(sequences.find(plan.shardOf(id).index(), id));
    }
    return found;
  }
}
