package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.knowledge.opendomain.RandomSentences.PoolText;
import java.io.Serializable;
import java.util.ArrayList;

/**
 * What a shard has to do with the facts, as far as random draws depend on it.
 *
 * @param facts that have sentences with head and tail here
 * @param headAndTail how many, of each of these
 * @param pool sequences that facts may draw
 */
record ShardMentions(int[] facts, int[] headAndTail, ArrayList<PoolText> pool)
    implements Serializable {}
