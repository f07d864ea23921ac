package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.knowledge.opendomain.FactMentions;
import io.github.ffncensus.knowledge.opendomain.FactNames;
import io.github.ffncensus.knowledge.opendomain.FactNeurons;
import io.github.ffncensus.text.entity.MatchRules;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** All facts, numbered from 0, with their names and neurons, as tasks need them. */
final class FactBook implements Serializable {
  private static final long serialVersionUID = 1L;

  private final ArrayList<FactNames> names;
  private final ArrayList<FactNeurons> neurons;
  private final ArrayList<String> methods;
  private final MatchRules rules;

  /** Made once in every process that needs it. */
  private transient FactMentions mentions;

  /**
   * @param names by fact
   * @param neurons by fact; none at all for a fact without
   * @param methods in the order in which {@code neurons} have them
   */
  FactBook(
      List<FactNames> names, List<FactNeurons> neurons, List<String> methods, MatchRules rules) {
    this.names = new ArrayList<>(names);
    this.neurons = new ArrayList<>(neurons);
    this.methods = new ArrayList<>(methods);
    this.rules = rules;
  }

  int facts() {
    return names.size();
  }

  List<FactNames> names() {
    return names;
  }

  List<FactNeurons> neurons() {
    return neurons;
  }

  List<String> methods() {
    return methods;
  }

  /** Facts that have neurons. */
  BitSet withNeurons() {
    BitSet with = new BitSet();
    for (int fact = 0; fact < neurons.size(); fact++) {
      with.set(fact, neurons.get(fact).size() > 0);
    }
    return with;
  }

  synchronized FactMentions mentions() {
    if (mentions == null) {
      mentions = new FactMentions(names, rules);
    }
    return mentions;
  }
}
