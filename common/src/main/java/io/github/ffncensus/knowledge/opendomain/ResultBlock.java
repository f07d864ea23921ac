package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.analysis.Packed;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ObjIntConsumer;

/**
 * Results of some consecutive facts over some shards: what travels and merges. A fact of which
 * nothing was read is not in it.
 */
public final class ResultBlock {
  /** Facts of a block. */
  public static final int FACTS = 64;

  private final TreeMap<Integer, FactResult> results = new TreeMap<>();

  /** How many blocks there are of so many facts. */
  public static int blocks(int facts) {
    return (facts + FACTS - 1) / FACTS;
  }

  void put(int fact, FactResult result) {
    results.put(fact, result);
  }

  /** The results with the numbers of their facts, ascending. */
  public void forEach(ObjIntConsumer<FactResult> action) {
    results.forEach((fact, result) -> action.accept(result, fact));
  }

  byte[] pack() {
    Packed out = new Packed();
    for (Map.Entry<Integer, FactResult> entry : results.entrySet()) {
      out.putVarLong(entry.getKey());
      entry.getValue().write(out);
    }
    return out.toByteArray();
  }

  public static ResultBlock unpack(byte[] packed, TriggerRules rules) {
    ResultBlock block = new ResultBlock();
    Packed.Reader in = new Packed.Reader(packed);
    while (in.hasRemaining()) {
      block.results.put(in.varInt(), FactResult.read(in, rules));
    }
    return block;
  }

  /**
   * Merges two packed blocks of the same facts. Associative and commutative to the bit: the result
   * is a function of the set of shards, whatever the order of arrival.
   */
  public static byte[] merge(byte[] left, byte[] right, TriggerRules rules) {
    ResultBlock merged = unpack(left, rules);
    unpack(right, rules)
        .results
        .forEach(
            (fact, result) -> {
              FactResult known = merged.results.putIfAbsent(fact, result);
              if (known != null) {
                known.addAll(result);
              }
            });
    return merged.pack();
  }
}
