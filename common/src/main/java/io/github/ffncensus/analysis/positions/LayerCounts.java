package io.github.ffncensus.analysis.positions;

import io.github.ffncensus.analysis.Packed;
import java.util.Locale;

/**
 * Counts and sums over the sampled positions of one layer, all of them integers, so that they add
 * up to the same in any order.
 *
 * <p>Fractions are summed in units of 2^-26 and rounded once each: a mean is off by at most 2^-27.
 */
final class LayerCounts {
  /** Prefixes of fewer text tokens are short, as in the paper. */
  private static final int SHORT_PREFIX = 5;

  private static final double UNIT = 0x1p-26;

  /** Equal parts of [0, 1] in the histogram of output probabilities. */
  static final int PROBABILITY_BINS = 1000;

  /** What is counted or summed; the histograms follow in the same array. */
  private enum Count {
    POSITIONS,
    MATCHES,
    RESIDUAL,
    FFN,
    AGREEMENT,
    COMPOSITION,
    SPLIT_AGREEMENT,
    SETTLED,
    PROBABILITY,
    FFN_SPEAKS,
    RESIDUAL_IN_FFN,
    ACTIVE,
    NEGATIVE,
    LARGE,
    AGREEING,
    AGREEING_SHARE,
    NONE_AGREES,
    NO_POSITIVE_AGREES,
    NONE_OF_ALL_AGREES,
    NONE_AGREES_WITH_LAYER,
    SHORT,
    SHORT_AGREEING,
    STOP_WORD,
    STOP_WORD_AGREEING,
    CHANGED,
    CHANGED_SPEAKS,
    CHANGED_IN_FFN,
    DEMOTED,
    COSINE,
    SHARED_STEM,
    RELATED
  }

  private static final String OUTPUT_PROBABILITY = "output_probability";
  private static final String ACTIVE_BINS = "active_memories";
  private static final String LAYER_TOKEN_RANK = "layer_token_rank";
  private static final String RESIDUAL_TOKEN_RANK = "residual_token_rank";

  private static final int PROBABILITIES = Count.values().length;
  private static final int ACTIVE_MEMORIES = PROBABILITIES + PROBABILITY_BINS;

  private final int neurons;
  private final long[] counts;

  /** Of top(o) in r's distribution, where the class is composition; in the last layer. */
  private final RankCounts layerTokenRanks;

  /** Of top(r) in y, where the prediction changes; in the last layer. */
  private final RankCounts residualTokenRanks;

  LayerCounts(int neurons) {
    this(neurons, new RankCounts(), new RankCounts());
  }

  private LayerCounts(int neurons, RankCounts layerTokenRanks, RankCounts residualTokenRanks) {
    this.neurons = neurons;
    this.layerTokenRanks = layerTokenRanks;
    this.residualTokenRanks = residualTokenRanks;
    counts = new long[ACTIVE_MEMORIES + neurons + 1];
  }

  void add(SampledPosition p) {
    MemoryCounts m = p.memories();
    add(Count.POSITIONS, 1);
    count(Count.MATCHES, p.residualToken() == p.outputToken());
    add(Count.valueOf(p.predictionClass().name()), 1);
    count(Count.SPLIT_AGREEMENT, p.splitAgreement());
    count(Count.SETTLED, p.settlingLayer() == p.layer());
    add(Count.PROBABILITY, fixed(p.outputProbability()));
    if (p.residualTokenInFfn() != null) {
      add(Count.FFN_SPEAKS, 1);
      add(Count.RESIDUAL_IN_FFN, fixed(p.residualTokenInFfn()));
    }
    add(Count.ACTIVE, m.active());
    add(Count.NEGATIVE, m.negative());
    add(Count.LARGE, m.large());
    add(Count.AGREEING, m.agreeing());
    add(Count.AGREEING_SHARE, fixed(m.agreeingShare()));
    count(Count.NONE_AGREES, m.agreeing() == 0);
    count(Count.NO_POSITIVE_AGREES, m.agreeingPositive() == 0);
    count(Count.NONE_OF_ALL_AGREES, m.agreeingAll() == 0);
    count(Count.NONE_AGREES_WITH_LAYER, m.agreeingWithLayer() == 0);
    boolean isShort = p.prefixTokens() < SHORT_PREFIX;
    count(Count.SHORT, isShort);
    count(Count.SHORT_AGREEING, isShort && m.agreeing() > 0);
    count(Count.STOP_WORD, p.stopWord());
    count(Count.STOP_WORD_AGREEING, p.stopWord() && m.agreeing() > 0);
    if (p.change() != null) {
      add(p, p.change());
    }
    int bin = (int) Math.min(PROBABILITY_BINS - 1, p.outputProbability() * PROBABILITY_BINS);
    counts[PROBABILITIES + bin]++;
    counts[ACTIVE_MEMORIES + m.active()]++;
  }

  private void add(SampledPosition p, Change change) {
    add(Count.CHANGED, 1);
    if (p.residualTokenInFfn() != null) {
      add(Count.CHANGED_SPEAKS, 1);
      add(Count.CHANGED_IN_FFN, fixed(p.residualTokenInFfn()));
      count(Count.DEMOTED, p.residualTokenInFfn() < 0);
    }
    if (change.residualTokenRank() != null) {
      residualTokenRanks.add(change.residualTokenRank());
    }
    if (p.predictionClass() == PredictionClass.COMPOSITION) {
      add(Count.COSINE, fixed(change.cosine()));
      count(Count.SHARED_STEM, change.sharedStem());
      count(Count.RELATED, change.related());
      if (change.layerTokenRank() != null) {
        layerTokenRanks.add(change.layerTokenRank());
      }
    }
  }

  private static long fixed(double value) {
    return Math.round(value / UNIT);
  }

  private void count(Count what, boolean happened) {
    add(what, happened ? 1 : 0);
  }

  private void add(Count what, long value) {
    counts[what.ordinal()] += value;
  }

  byte[] pack() {
    Packed out = new Packed().putVarLong(neurons);
    layerTokenRanks.pack(out);
    residualTokenRanks.pack(out);
    for (long count : counts) {
      // Zigzag: small numbers of either sign are short.
      out.putVarLong((count << 1) ^ (count >> 63));
    }
    return out.toByteArray();
  }

  static LayerCounts unpack(byte[] packed) {
    Packed.Reader in = new Packed.Reader(packed);
    LayerCounts layer = new LayerCounts(in.varInt(), RankCounts.unpack(in), RankCounts.unpack(in));
    for (int i = 0; i < layer.counts.length; i++) {
      long zigzag = in.varLong();
      layer.counts[i] = (zigzag >>> 1) ^ -(zigzag & 1);
    }
    return layer;
  }

  /** Every number that is not 0, with the name of what it counts and its bin. */
  void forEach(CountSink sink) {
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] == 0) {
        continue;
      }
      if (i < PROBABILITIES) {
        sink.accept(Count.values()[i].name().toLowerCase(Locale.ROOT), 0, counts[i]);
      } else if (i < ACTIVE_MEMORIES) {
        sink.accept(OUTPUT_PROBABILITY, i - PROBABILITIES, counts[i]);
      } else {
        sink.accept(ACTIVE_BINS, i - ACTIVE_MEMORIES, counts[i]);
      }
    }
    layerTokenRanks.forEach((rank, count) -> sink.accept(LAYER_TOKEN_RANK, rank, count));
    residualTokenRanks.forEach((rank, count) -> sink.accept(RESIDUAL_TOKEN_RANK, rank, count));
  }

  /** Adds what {@link #forEach} told. */
  void add(String quantity, int bin, long count) {
    switch (quantity) {
      case OUTPUT_PROBABILITY -> counts[PROBABILITIES + bin] += count;
      case ACTIVE_BINS -> counts[ACTIVE_MEMORIES + bin] += count;
      case LAYER_TOKEN_RANK -> layerTokenRanks.add(bin, count);
      case RESIDUAL_TOKEN_RANK -> residualTokenRanks.add(bin, count);
      default -> add(Count.valueOf(quantity.toUpperCase(Locale.ROOT)), count);
    }
  }

  void add(LayerCounts other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    layerTokenRanks.add(other.layerTokenRanks);
    residualTokenRanks.add(other.residualTokenRanks);
  }

  CompositionRow composition(int layer) {
    long agreeing = positions() - of(Count.NONE_AGREES);
    return new CompositionRow(
        layer,
        positions(),
        mean(Count.ACTIVE),
        positions() == 0 ? null : of(Count.ACTIVE) / (double) positions() / neurons,
        mean(Count.NONE_AGREES),
        new CompositionRow.Active(
            activeQuantile(0),
            activeQuantile(0.1),
            activeQuantile(0.25),
            activeQuantile(0.5),
            activeQuantile(0.75),
            activeQuantile(0.9),
            activeQuantile(1)),
        mean(Count.NEGATIVE),
        mean(Count.LARGE),
        mean(Count.NO_POSITIVE_AGREES),
        mean(Count.NONE_OF_ALL_AGREES),
        mean(Count.NONE_AGREES_WITH_LAYER),
        mean(Count.AGREEING),
        meanOfFixed(Count.AGREEING_SHARE, positions()),
        mean(Count.SHORT),
        share(Count.SHORT_AGREEING, agreeing),
        mean(Count.STOP_WORD),
        share(Count.STOP_WORD_AGREEING, agreeing));
  }

  RefinementRow refinement(int layer) {
    return new RefinementRow(
        layer,
        positions(),
        mean(Count.MATCHES),
        meanOfFixed(Count.PROBABILITY, positions()),
        of(Count.RESIDUAL),
        of(Count.FFN),
        of(Count.AGREEMENT),
        of(Count.COMPOSITION),
        of(Count.SPLIT_AGREEMENT),
        medianProbability(),
        of(Count.SETTLED),
        meanOfFixed(Count.RESIDUAL_IN_FFN, of(Count.FFN_SPEAKS)),
        meanOfFixed(Count.CHANGED_IN_FFN, of(Count.CHANGED_SPEAKS)),
        share(Count.DEMOTED, of(Count.CHANGED_SPEAKS)),
        residualTokenRanks.median(),
        meanOfFixed(Count.COSINE, of(Count.COMPOSITION)),
        share(Count.SHARED_STEM, of(Count.COMPOSITION)),
        share(Count.RELATED, of(Count.COMPOSITION)),
        layerTokenRanks.median());
  }

  private long positions() {
    return of(Count.POSITIONS);
  }

  private long of(Count what) {
    return counts[what.ordinal()];
  }

  private Double mean(Count what) {
    return share(what, positions());
  }

  private Double share(Count what, long over) {
    return over == 0 ? null : of(what) / (double) over;
  }

  private Double meanOfFixed(Count what, long over) {
    return over == 0 ? null : of(what) * UNIT / over;
  }

  /** The middle of the median's bin. */
  private Double medianProbability() {
    int bin = rank(PROBABILITIES, PROBABILITY_BINS, 0.5);
    return bin < 0 ? null : (bin + 0.5) / PROBABILITY_BINS;
  }

  private Integer activeQuantile(double q) {
    int active = rank(ACTIVE_MEMORIES, neurons + 1, q);
    return active < 0 ? null : Integer.valueOf(active);
  }

  /** Bin of the value of rank ceil(q n); -1 if there is none. */
  private int rank(int from, int bins, double q) {
    long wanted = (long) Math.ceil(q * positions());
    long seen = 0;
    for (int bin = 0; bin < bins; bin++) {
      seen += counts[from + bin];
      if (seen > 0 && seen >= wanted) {
        return bin;
      }
    }
    return -1;
  }
}
