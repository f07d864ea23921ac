package io.github.ffncensus.jobs.config;

import io.github.ffncensus.knowledge.attribution.AnswerPath;
import io.github.ffncensus.knowledge.attribution.AttributionTarget;
import io.github.ffncensus.knowledge.attribution.StepRule;
import io.github.ffncensus.knowledge.attribution.TargetTokens;
import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.knowledge.edit.Erasure;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.knowledge.opendomain.RandomPool;
import io.github.ffncensus.knowledge.opendomain.ReadingRules;
import io.github.ffncensus.knowledge.opendomain.TriggerRules;
import io.github.ffncensus.knowledge.refinement.CoarseRule;
import io.github.ffncensus.knowledge.refinement.RatioSearch;
import io.github.ffncensus.text.entity.MatchRules;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A key of the configuration, its values, and what leaving it out or changing it means.
 *
 * @param path below {@code census}, for example {@code scan.batch-tokens}
 * @param example for required keys, which have no default; otherwise null
 * @param operational whether a run may be continued with another value, because no result depends
 *     on it or because what it names is compared by contents
 */
record ConfigKey(String path, ValueType type, String example, boolean operational) {

  static final String ROOT = "census";

  private static final ValueType RUN_ID =
      ValueType.matching(
          "[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
          "up to 100 letters, digits, '.', '_' and '-', beginning with a letter or digit");
  private static final ValueType NEURON =
      ValueType.matching("\\d{1,6}:\\d{1,9}", "layer:neuron, both from 0, such as \"3:17\"");

  private static final ValueType EDIT =
      ValueType.matching(
          "update(-head)?:.+/.+|erase:.+",
          "\"update:relation/fact_id\", \"update-head:relation/fact_id\" or \"erase:relation\"");

  private static final ValueType ANY_NUMBER =
      ValueType.decimal(-Double.MAX_VALUE, Double.MAX_VALUE);
  private static final ValueType KIND = ValueType.oneOf(CoarseRule.Kind.class);

  private static final List<ConfigKey> ALL =
      List.of(
          key("profile", ValueType.oneOf(CensusConfig.PROFILES)),
          required("run-id", RUN_ID, "\"2026-11-23\"", false),
          required("warehouse", ValueType.text(), "\"/data/census\"", true),
          key(
              "stages",
              ValueType.wordOr(
                  "auto", ValueType.listOf(ValueType.oneOf(CensusConfig.Stage.class), 1))),
          required("model.path", ValueType.text(), "\"/models/gpt2\"", true),
          operational(
              "model.device", ValueType.matching("auto|cpu|gpu:\\d{1,4}", "auto, cpu or gpu:N")),
          key("model.precision", ValueType.oneOf(CensusConfig.Precision.class)),
          operational("gpus.tasks", ValueType.oneOf(GpusConfig.Tasks.class)),
          operational("gpus.per-task", ValueType.decimal(0.01, 64)),
          operational("corpus.input", ValueType.listOf(ValueType.text(), 0)),
          key("corpus.format", ValueType.oneOf(CensusConfig.Format.class)),
          key("corpus.text-field", ValueType.text()),
          key("corpus.id-field", ValueType.text()),
          key("corpus.sequence", ValueType.oneOf(CensusConfig.SequenceMode.class)),
          key("corpus.file-is-document", ValueType.bool()),
          key("corpus.over-long", ValueType.oneOf(CensusConfig.OverLong.class)),
          key("corpus.sentence-locale", ValueType.languageTag()),
          key("corpus.max-document-chars", ValueType.integer(1, 1_000_000_000)),
          operational("corpus.max-rejected-fraction", ValueType.decimal(0, 1)),
          key("ingest.shard-tokens", ValueType.integer(1, Long.MAX_VALUE)),
          operational("ingest.split-bytes", ValueType.integer(1, Long.MAX_VALUE)),
          operational("scan.batch-tokens", ValueType.integer(1, 1 << 24)),
          operational("scan.max-rejected-sequences", ValueType.integer(0, 1 << 24)),
          operational("scan.waves.enabled", ValueType.bool()),
          operational("scan.waves.first", ValueType.wordOr("auto", ValueType.integer(1, 1 << 24))),
          operational("scan.waves.growth", ValueType.decimal(1.01, 1e6)),
          key("scan.neuron-stats.enabled", ValueType.bool()),
          key("scan.trigger-prefixes.enabled", ValueType.bool()),
          key("scan.trigger-prefixes.per-neuron", ValueType.integer(1, 10_000)),
          key("scan.trigger-prefixes.distinct", ValueType.oneOf(CensusConfig.Distinct.class)),
          key(
              "scan.trigger-prefixes.polarities",
              ValueType.wordOr(
                  "auto", ValueType.listOf(ValueType.oneOf(CensusConfig.Polarity.class), 1))),
          key("scan.trigger-prefixes.min-position", ValueType.integer(1, 1 << 24)),
          key("scan.activations.mode", ValueType.oneOf(CensusConfig.ActivationMode.class)),
          key("scan.activations.per-token", ValueType.integer(1, 1 << 24)),
          key("scan.activations.threshold", ANY_NUMBER),
          key("scan.activations.neurons", ValueType.listOf(NEURON, 0)),
          key("scan.sampled-positions.mode", ValueType.oneOf(PositionsConfig.Mode.class)),
          key("scan.sampled-positions.per-sequence", ValueType.integer(1, 1 << 24)),
          key("scan.sampled-positions.rate", ValueType.decimal(0, 1)),
          key("scan.sampled-positions.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("scan.sampled-positions.lens", ValueType.oneOf(PositionsConfig.StateLens.class)),
          key("scan.layer-composition.enabled", ValueType.bool()),
          key(
              "scan.layer-composition.zero-agreement",
              ValueType.oneOf(PositionsConfig.ZeroAgreement.class)),
          key("scan.prediction-refinement.enabled", ValueType.bool()),
          key("interpret.tolerance.triggers-per-layer", ValueType.integer(0, 10_000)),
          key("interpret.values.enabled", ValueType.bool()),
          key("interpret.values.lens", ValueType.oneOf(CensusConfig.ValueLens.class)),
          key("interpret.values.top-tokens", ValueType.integer(1, 10_000)),
          key("interpret.lenses.enabled", ValueType.bool()),
          key("interpret.perturbations.enabled", ValueType.bool()),
          key("interpret.perturbations.neurons", ValueType.listOf(NEURON, 0)),
          key("interpret.perturbations.neurons-per-layer", ValueType.integer(0, 1 << 24)),
          key("interpret.perturbations.ranks", ValueType.integer(1, 10_000)),
          key("interpret.perturbations.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("interpret.patterns.enabled", ValueType.bool()),
          key("interpret.patterns.ranks", ValueType.integer(1, 10_000)),
          key("interpret.patterns.background", ValueType.integer(100, 10_000_000)),
          key("interpret.patterns.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("interpret.patterns.min-support", ValueType.integer(2, 10_000)),
          key("interpret.patterns.max-adjusted-p", ValueType.decimal(0, 1)),
          key("interpret.patterns.window-words", ValueType.integer(2, 100)),
          key("interpret.patterns.language", ValueType.wordOr("auto", ValueType.languageTag())),
          key(
              "interpret.patterns.stop-words",
              ValueType.wordOr("auto", ValueType.listOf(ValueType.text(), 0))),
          key("interpret.examples.enabled", ValueType.bool()),
          key("interpret.examples.sequences", ValueType.integer(1, 1 << 24)),
          key("interpret.examples.positions-per-sequence", ValueType.integer(1, 1 << 10)),
          key("interpret.examples.per-band", ValueType.integer(1, 1000)),
          key("interpret.examples.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("interpret.memories.enabled", ValueType.bool()),
          key("interpret.memories.sequences", ValueType.integer(1, 1 << 24)),
          key("interpret.memories.positions-per-sequence", ValueType.integer(1, 1 << 10)),
          key("interpret.memories.strongest", ValueType.integer(1, 100_000)),
          key("interpret.memories.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("interpret.findings.enabled", ValueType.bool()),
          operational("facts.input", ValueType.listOf(ValueType.text(), 0)),
          operational("facts.templates", ValueType.listOf(ValueType.text(), 0)),
          operational("facts.pairs", ValueType.listOf(ValueType.text(), 0)),
          key("facts.relations", ValueType.listOf(ValueType.text(), 0)),
          key("facts.limit-per-relation", ValueType.integer(0, Integer.MAX_VALUE)),
          key("facts.marker", ValueType.text()),
          key("facts.min-templates", ValueType.integer(1, 1_000_000)),
          key("facts.fill", ValueType.oneOf(PromptEncoder.Fill.class)),
          key("attribute.shard-prompts", ValueType.integer(1, 10_000_000)),
          key("attribute.rule", ValueType.oneOf(StepRule.class)),
          key("attribute.steps", ValueType.integer(1, 1_000_000)),
          key("attribute.target", ValueType.oneOf(AttributionTarget.class)),
          key("attribute.target-tokens", ValueType.oneOf(TargetTokens.class)),
          key("attribute.answer-path", ValueType.oneOf(AnswerPath.class)),
          key("attribute.baseline", ValueType.oneOf(AttributeConfig.BaselineKind.class)),
          key("attribute.baseline-input", ValueType.listOf(ValueType.text(), 0)),
          operational("attribute.row-tokens", ValueType.integer(1, 1 << 30)),
          key("attribute.cut", ValueType.decimal(0, 1)),
          key("attribute.min-answer-probability", ValueType.decimal(0, 1)),
          key("attribute.max-answer-rank", ValueType.integer(0, 1 << 30)),
          key("attribute.held-out-share", ValueType.decimal(0, 1)),
          key("attribute.integrated-gradients.threshold-kind", KIND),
          key("attribute.integrated-gradients.threshold", ANY_NUMBER),
          key("attribute.integrated-gradients.strict", ValueType.bool()),
          key("attribute.activation.threshold-kind", KIND),
          key("attribute.activation.threshold", ANY_NUMBER),
          key("attribute.activation.strict", ValueType.bool()),
          key("attribute.sharing.ratio", ValueType.decimal(0, 1)),
          key("attribute.sharing.exact", ValueType.bool()),
          key("attribute.sharing.strict", ValueType.bool()),
          key("attribute.sharing.min-prompts", ValueType.integer(0, 1_000_000)),
          key("attribute.sharing.search", ValueType.oneOf(RatioSearch.Mode.class)),
          key("attribute.sharing.step", ValueType.decimal(1e-6, 1)),
          key("attribute.sharing.lowest", ValueType.decimal(0, 1)),
          key("attribute.sharing.highest", ValueType.decimal(0, 1)),
          key("attribute.sharing.rounds", ValueType.integer(1, 1_000)),
          key("attribute.sharing.fewest-neurons", ValueType.decimal(0, 1e9)),
          key("attribute.sharing.most-neurons", ValueType.decimal(0, 1e9)),
          key("attribute.relation-neurons.min-share", ValueType.decimal(0, 1)),
          key("kn-stats.names.case", ValueType.oneOf(MatchRules.LetterCase.class)),
          key("kn-stats.names.boundary", ValueType.oneOf(MatchRules.Boundary.class)),
          key("kn-stats.names.overlaps", ValueType.oneOf(MatchRules.Overlaps.class)),
          key("kn-stats.masks", ValueType.oneOf(ReadingRules.MaskRead.class)),
          key("kn-stats.words.kind", ValueType.oneOf(ReadingRules.WordKind.class)),
          key("kn-stats.words.limit", ValueType.integer(0, 1 << 24)),
          key("kn-stats.random.minimum", ValueType.integer(0, 1_000_000)),
          key("kn-stats.random.pool", ValueType.integer(1, 10_000_000)),
          key("kn-stats.random.source", ValueType.oneOf(RandomPool.Source.class)),
          key("kn-stats.triggers.per-fact", ValueType.integer(1, 10_000)),
          key(
              "kn-stats.triggers.scopes",
              ValueType.listOf(ValueType.oneOf(TriggerRules.Scope.class), 1)),
          key("kn-stats.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("intervene.factors", ValueType.listOf(ValueType.decimal(-1e6, 1e6), 1)),
          key(
              "intervene.targets",
              ValueType.listOf(ValueType.oneOf(InterveneConfig.Target.class), 1)),
          key("intervene.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("intervene.interactions.prompts-per-fact", ValueType.integer(0, 1_000_000)),
          key("intervene.interactions.max-neurons", ValueType.integer(2, 1_000)),
          key("edit.method", ValueType.oneOf(EditConfig.Method.class)),
          key("edit.seed", ValueType.integer(0, Long.MAX_VALUE)),
          key("edit.controls", ValueType.bool()),
          key("edit.open-text-sequences", ValueType.integer(0, 1_000_000)),
          key(
              "edit.update.facts-per-relation",
              ValueType.wordOr("all", ValueType.integer(0, Integer.MAX_VALUE))),
          key("edit.update.known-only", ValueType.bool()),
          key("edit.update.max-share", ValueType.decimal(0, 1)),
          key("edit.update.count-own-twice", ValueType.bool()),
          key("edit.update.directions", ValueType.listOf(ValueType.oneOf(Direction.class), 1)),
          key("edit.update.scaled", ValueType.bool()),
          key("edit.update.old-weight", ValueType.decimal(-1e6, 1e6)),
          key("edit.update.new-weight", ValueType.decimal(-1e6, 1e6)),
          key("edit.update.other-facts", ValueType.integer(1, 10_000)),
          key("edit.erase.neurons", ValueType.integer(0, 1 << 24)),
          key("edit.erase.value", ValueType.oneOf(Erasure.class)),
          key(
              "edit.erase.other-prompts",
              ValueType.wordOr("all", ValueType.integer(1, Integer.MAX_VALUE))),
          operational("edit.write-model.folder", ValueType.text()),
          operational("edit.write-model.edits", ValueType.listOf(EDIT, 0)));

  private static final Map<String, ConfigKey> BY_PATH =
      ALL.stream().collect(Collectors.toMap(ConfigKey::path, Function.identity()));

  static List<ConfigKey> all() {
    return ALL;
  }

  /** The key with this path, or null. */
  static ConfigKey of(String path) {
    return BY_PATH.get(path);
  }

  /** Whether keys lie below this path. */
  static boolean isSection(String path) {
    return ALL.stream().anyMatch(key -> key.path.startsWith(path + "."));
  }

  boolean required() {
    return example != null;
  }

  String fullPath() {
    return ROOT + "." + path;
  }

  private static ConfigKey key(String path, ValueType type) {
    return new ConfigKey(path, type, null, false);
  }

  private static ConfigKey operational(String path, ValueType type) {
    return new ConfigKey(path, type, null, true);
  }

  private static ConfigKey required(
      String path, ValueType type, String example, boolean operational) {
    return new ConfigKey(path, type, example, operational);
  }
}
