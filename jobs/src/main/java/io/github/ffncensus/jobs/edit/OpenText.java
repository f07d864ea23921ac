package io.github.ffncensus.jobs.edit;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.config.EditConfig;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.UnreadableIds;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;

/**
 * A fixed sample of the corpus as something to predict: of a causal model every text token from
 * those before it, of a masked one a random text token of each sequence, behind a mask.
 */
final class OpenText {
  private OpenText() {}

  /** The sample; none if the run has no corpus. */
  static ArrayList<EncodedPrompt> sample(StageContext context) {
    EditConfig config = context.config().edit();
    ArrayList<EncodedPrompt> sample = new ArrayList<>();
    if (config.openTextSequences() == 0 || !context.has("sequences")) {
      return sample;
    }
    boolean causal = context.model().causal();
    OptionalInt mask =
        causal ? OptionalInt.empty() : OptionalInt.of(context.setup().tokenizer().maskId());
    Set<Long> ids = ids(context, config);
    ids.removeAll(UnreadableIds.of(context));
    context
        .rows("sequences")
        .filter(col("sequence_id").isin(ids.toArray()))
        .select("sequence_id", "token_ids", "token_starts")
        .collectAsList()
        .stream()
        .sorted(Comparator.comparingLong(row -> row.getLong(0)))
        .forEach(row -> add(row, mask, config.seed(), sample));
    return sample;
  }

  /** Ids of sequences are dense, so that drawing them needs no look at the table. */
  private static Set<Long> ids(StageContext context, EditConfig config) {
    long sequences = context.published("sequences").stream().mapToLong(TableFile::rows).sum();
    Set<Long> ids = new LinkedHashSet<>();
    for (long draw = 0; ids.size() < Math.min(sequences, config.openTextSequences()); draw++) {
      ids.add(Long.remainderUnsigned(SeededHash.of(config.seed(), draw), sequences));
    }
    return ids;
  }

  private static void add(Row row, OptionalInt mask, long seed, List<EncodedPrompt> sample) {
    int[] tokens = ints(row.getList(1));
    int[] starts = ints(row.getList(2));
    // A causal model predicts nothing without a token before.
    int[] text =
        IntStream.range(mask.isPresent() ? 0 : 1, tokens.length)
            .filter(t -> starts[t] >= 0)
            .toArray();
    if (text.length == 0) {
      return;
    }
    AnswerContext context;
    if (mask.isPresent()) {
      int at = text[SeededHash.below(text.length, seed, row.getLong(0))];
      int[] masked = tokens.clone();
      masked[at] = mask.getAsInt();
      context = new AnswerContext(masked, new int[] {at}, new int[] {tokens[at]});
    } else {
      context =
          new AnswerContext(
              tokens,
              IntStream.of(text).map(t -> t - 1).toArray(),
              IntStream.of(text).map(t -> tokens[t]).toArray());
    }
    sample.add(new EncodedPrompt("", Long.toString(row.getLong(0)), 0, List.of(context)));
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }
}
