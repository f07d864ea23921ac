package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.analysis.Packed;
import io.github.ffncensus.analysis.ShardTree;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Direction;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was read of one fact over some shards. */
public final class FactResult {
  private final int neurons;
  private final TriggerRules rules;
  private final Map<TextClass, ShardTree<ActivationSums>> sums = new EnumMap<>(TextClass.class);
  private final List<BestTexts> lists = new ArrayList<>();

  FactResult(int neurons, TriggerRules rules) {
    this.neurons = neurons;
    this.rules = rules;
    for (TextClass textClass : TextClass.values()) {
      sums.put(textClass, new ShardTree<>(ActivationSums::merge));
    }
    for (int list = 0; list < rules.lists(); list++) {
      lists.add(new BestTexts(rules.direction(list), rules.perList()));
    }
  }

  void addShard(int shard, TextClass textClass, ActivationSums ofShard) {
    sums.get(textClass).addShard(shard, ofShard);
  }

  void add(int method, TriggerText text) {
    for (int scope = 0; scope < rules.scopes().size(); scope++) {
      if (rules.scopes().get(scope).admits(text.textClass())) {
        for (Direction direction : Direction.values()) {
          lists.get(rules.list(method, scope, direction)).add(text);
        }
      }
    }
  }

  void addAll(FactResult other) {
    other.sums.forEach((textClass, ofOther) -> sums.get(textClass).addAll(ofOther));
    for (int list = 0; list < lists.size(); list++) {
      lists.get(list).addAll(other.lists.get(list));
    }
  }

  /** Over all texts of a class; empty if there were none. */
  public Optional<ActivationSums> sums(TextClass textClass) {
    ActivationSums total = sums.get(textClass).total(new ActivationSums(neurons));
    return total.count() == 0 ? Optional.empty() : Optional.of(total);
  }

  /**
   * The best first.
   *
   * @param scope its place among those of the rules
   */
  public List<TriggerText> triggers(int method, int scope, Direction direction) {
    return lists.get(rules.list(method, scope, direction)).inOrder();
  }

  void write(Packed out) {
    out.putVarLong(neurons);
    sums.values().forEach(tree -> tree.write(out, ActivationSums::write));
    lists.forEach(list -> list.write(out));
  }

  static FactResult read(Packed.Reader in, TriggerRules rules) {
    int neurons = in.varInt();
    FactResult result = new FactResult(neurons, rules);
    result
        .sums
        .values()
        .forEach(tree -> tree.read(in, packed -> ActivationSums.read(packed, neurons)));
    result.lists.forEach(list -> list.read(in));
    return result;
  }
}
