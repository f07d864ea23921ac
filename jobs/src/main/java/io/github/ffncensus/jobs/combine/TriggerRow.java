package io.github.ffncensus.jobs.combine;

import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableRow;
import java.util.Comparator;

/**
 * A row of {@code trigger_prefixes}.
 *
 * @param nextTokenId null at the end of a sequence, like {@code nextToken}
 */
record TriggerRow(
    Key key,
    int rank,
    float coefficient,
    long sequenceId,
    int position,
    String documentId,
    String prefix,
    int tokenId,
    String token,
    Integer nextTokenId,
    String nextToken) {

  /** What a ranking is of, in the order of the table. */
  record Key(int layer, int neuron, String polarity) implements Comparable<Key> {
    private static final Comparator<Key> ORDER =
        Comparator.comparingInt(Key::layer)
            .thenComparingInt(Key::neuron)
            .thenComparing(Key::polarity);

    @Override
    public int compareTo(Key other) {
      return ORDER.compare(this, other);
    }
  }

  /**
   * @param firstSequenceId is added to the sequence's id
   */
  static TriggerRow decode(TableRow row, long firstSequenceId) {
    boolean hasNext = !row.isNull("next_token_id");
    return new TriggerRow(
        new Key(row.getInt("layer"), row.getInt("neuron"), row.getString("polarity")),
        row.getInt("rank"),
        row.getFloat("coefficient"),
        row.getLong("sequence_id") + firstSequenceId,
        row.getInt("position"),
        row.getString("document_id"),
        row.getString("prefix"),
        row.getInt("token_id"),
        row.getString("token"),
        hasNext ? row.getInt("next_token_id") : null,
        hasNext ? row.getString("next_token") : null);
  }

  TriggerRow ranked(int newRank) {
    return new TriggerRow(
        key,
        newRank,
        coefficient,
        sequenceId,
        position,
        documentId,
        prefix,
        tokenId,
        token,
        nextTokenId,
        nextToken);
  }

  static void encode(TriggerRow row, RowWriter out) {
    out.intValue("layer", row.key.layer());
    out.intValue("neuron", row.key.neuron());
    out.string("polarity", row.key.polarity());
    out.intValue("rank", row.rank);
    out.floatValue("coefficient", row.coefficient);
    out.longValue("sequence_id", row.sequenceId);
    out.intValue("position", row.position);
    out.string("document_id", row.documentId);
    out.string("prefix", row.prefix);
    out.intValue("token_id", row.tokenId);
    out.string("token", row.token);
    if (row.nextTokenId != null) {
      out.intValue("next_token_id", row.nextTokenId);
      out.string("next_token", row.nextToken);
    }
  }
}
