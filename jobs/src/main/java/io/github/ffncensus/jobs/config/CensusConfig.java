package io.github.ffncensus.jobs.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The configuration of a run: checked, complete and immutable. What the keys mean is documented in
 * {@code reference.conf}.
 */
public final class CensusConfig implements Serializable {

  private static final long serialVersionUID = 1L;

  static final List<String> PROFILES = List.of("census", "geva2021", "dai2022", "eleuther2022");

  public enum Stage {
    INGEST,
    SCAN,
    INTERPRET,
    ATTRIBUTE,
    KN_STATS,
    INTERVENE,
    EDIT;

    /** Whether the stage looks at the corpus, or at what an earlier stage made of it. */
    public boolean readsCorpus() {
      return compareTo(INTERPRET) <= 0 || this == KN_STATS;
    }

    /** Whether the stage looks at facts, or at what an earlier stage made of them. */
    public boolean readsFacts() {
      return compareTo(ATTRIBUTE) >= 0;
    }

    /** As in configuration files, manifests and messages. */
    public String word() {
      return Words.of(this);
    }
  }

  public enum Precision {
    FLOAT32,
    FLOAT16,
    BFLOAT16
  }

  public enum Format {
    TEXT,
    JSONL,
    PARQUET
  }

  public enum SequenceMode {
    SENTENCE,
    LINE,
    DOCUMENT
  }

  public enum OverLong {
    REJECT,
    WINDOW
  }

  public enum Distinct {
    SEQUENCE,
    PREFIX
  }

  public enum Polarity {
    POSITIVE,
    NEGATIVE
  }

  public enum ActivationMode {
    OFF,
    TOP,
    THRESHOLD,
    NEURONS,
    ALL
  }

  public enum ValueLens {
    AUTO,
    RAW,
    FOLDED,
    HEAD
  }

  /** The model to read with. */
  public record Model(String path, String device, Precision precision) implements Serializable {}

  /** What is read, and how it is cut. */
  public record Corpus(
      List<String> input,
      Format format,
      String textField,
      String idField,
      SequenceMode sequence,
      boolean fileIsDocument,
      OverLong overLong,
      String sentenceLocale,
      int maxDocumentChars,
      double maxRejectedFraction)
      implements Serializable {}

  /** How the work is divided. */
  public record Ingest(long shardTokens, long splitBytes) implements Serializable {}

  /**
   * What the pass over the corpus observes.
   *
   * @param maxRejectedSequences that a shard may do without because the model cannot read them
   */
  public record Scan(
      int batchTokens,
      int maxRejectedSequences,
      WavesConfig waves,
      NeuronStats neuronStats,
      TriggerPrefixes triggerPrefixes,
      Activations activations,
      PositionsConfig positions)
      implements Serializable {}

  public record NeuronStats(boolean enabled) implements Serializable {}

  /**
   * @param configuredPolarities empty for {@code auto}
   */
  public record TriggerPrefixes(
      boolean enabled,
      int perNeuron,
      Distinct distinct,
      List<Polarity> configuredPolarities,
      int minPosition)
      implements Serializable {

    /**
     * The polarities to collect: as configured, by default both for models with gated FFNs and
     * positive for others.
     */
    public List<Polarity> polarities(boolean gated) {
      if (!configuredPolarities.isEmpty()) {
        return configuredPolarities;
      }
      return gated ? List.of(Polarity.POSITIVE, Polarity.NEGATIVE) : List.of(Polarity.POSITIVE);
    }
  }

  public record Activations(
      ActivationMode mode, int perToken, double threshold, List<Neuron> neurons)
      implements Serializable {}

  /** A neuron's address: its layer and its index in the layer, both from 0. */
  public record Neuron(int layer, int index) implements Serializable {

    static Neuron parse(String text) {
      int colon = text.indexOf(':');
      return new Neuron(
          Integer.parseInt(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)));
    }
  }

  /** What is made of the winners of the scan. */
  public record Interpret(
      Values values,
      Tolerance tolerance,
      Lenses lenses,
      Perturbations perturbations,
      PatternsConfig patterns,
      ExamplesConfig examples,
      Memories memories,
      Findings findings)
      implements Serializable {}

  public record Values(boolean enabled, ValueLens lens, int topTokens) implements Serializable {}

  /**
   * @param triggersPerLayer whose coefficients are read again in float32
   */
  public record Tolerance(int triggersPerLayer) implements Serializable {}

  public record Lenses(boolean enabled) implements Serializable {}

  /**
   * @param neurons to look at; none to sample them
   * @param neuronsPerLayer sampled; 0 means all
   * @param ranks triggers of each, the strongest
   */
  public record Perturbations(
      boolean enabled, List<Neuron> neurons, int neuronsPerLayer, int ranks, long seed)
      implements Serializable {}

  /**
   * @param sequences sampled
   * @param positionsPerSequence sampled in each of them
   * @param strongest memories of each position that are removed one by one
   */
  public record Memories(
      boolean enabled, int sequences, int positionsPerSequence, int strongest, long seed)
      implements Serializable {}

  public record Findings(boolean enabled) implements Serializable {}

  /** A key with two values, as JSON text; absent is {@code null}. */
  public record Difference(String key, String before, String after) {}

  private final ConfigValues values;

  CensusConfig(Map<String, Object> values) {
    this.values = new ConfigValues(values);
  }

  public String profile() {
    return values.text("profile");
  }

  public String runId() {
    return values.text("run-id");
  }

  public String warehouse() {
    return values.text("warehouse");
  }

  /**
   * In the order in which they run; of {@code auto}, those whose input is configured: a corpus,
   * facts, or both.
   */
  public List<Stage> stages() {
    boolean automatic = !(values.get("stages") instanceof List<?>);
    return Arrays.stream(Stage.values())
        .filter(
            stage -> automatic ? hasInput(stage) : values.texts("stages").contains(stage.word()))
        .toList();
  }

  private boolean hasInput(Stage stage) {
    return (!stage.readsCorpus() || !corpus().input().isEmpty())
        && (!stage.readsFacts() || facts().given());
  }

  public Model model() {
    return new Model(
        values.text("model.path"),
        values.text("model.device"),
        values.constant(Precision.class, "model.precision"));
  }

  public GpusConfig gpus() {
    return GpusConfig.of(values);
  }

  public Corpus corpus() {
    return new Corpus(
        values.texts("corpus.input"),
        values.constant(Format.class, "corpus.format"),
        values.text("corpus.text-field"),
        values.text("corpus.id-field"),
        values.constant(SequenceMode.class, "corpus.sequence"),
        values.flag("corpus.file-is-document"),
        values.constant(OverLong.class, "corpus.over-long"),
        values.text("corpus.sentence-locale"),
        values.integer("corpus.max-document-chars"),
        values.decimal("corpus.max-rejected-fraction"));
  }

  public Ingest ingest() {
    return new Ingest(
        values.longInteger("ingest.shard-tokens"), values.longInteger("ingest.split-bytes"));
  }

  public Scan scan() {
    return new Scan(
        values.integer("scan.batch-tokens"),
        values.integer("scan.max-rejected-sequences"),
        WavesConfig.of(values),
        new NeuronStats(values.flag("scan.neuron-stats.enabled")),
        triggerPrefixes(),
        activations(),
        PositionsConfig.of(values));
  }

  public Interpret interpret() {
    return new Interpret(
        new Values(
            values.flag("interpret.values.enabled"),
            values.constant(ValueLens.class, "interpret.values.lens"),
            values.integer("interpret.values.top-tokens")),
        new Tolerance(values.integer("interpret.tolerance.triggers-per-layer")),
        new Lenses(values.flag("interpret.lenses.enabled")),
        perturbations(),
        PatternsConfig.of(values),
        ExamplesConfig.of(values),
        memories(),
        new Findings(values.flag("interpret.findings.enabled")));
  }

  public FactsConfig facts() {
    return FactsConfig.of(values);
  }

  public AttributeConfig attribute() {
    return AttributeConfig.of(values);
  }

  public KnStatsConfig knStats() {
    return KnStatsConfig.of(values);
  }

  public InterveneConfig intervene() {
    return InterveneConfig.of(values);
  }

  public EditConfig edit() {
    return EditConfig.of(values);
  }

  /** All texts that the configuration consists of, by the path of their key. */
  Map<String, List<String>> texts() {
    return values.allTexts();
  }

  /** Every key with its value, for the manifest. */
  public ObjectNode resolved() {
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = json.createObjectNode();
    values
        .all()
        .forEach(
            (path, value) -> {
              ObjectNode section = root;
              String[] names = path.split("\\.");
              for (String name : Arrays.copyOf(names, names.length - 1)) {
                section = section.withObjectProperty(name);
              }
              section.set(names[names.length - 1], json.valueToTree(value));
            });
    return root;
  }

  /**
   * The keys whose values differ from those of an earlier {@link #resolved()}, operational ones
   * left out.
   */
  public List<Difference> difference(JsonNode earlier) {
    JsonNode now = resolved();
    List<Difference> differences = new ArrayList<>();
    for (ConfigKey key : ConfigKey.all()) {
      String pointer = "/" + key.path().replace('.', '/');
      JsonNode before = earlier.at(pointer);
      JsonNode after = now.at(pointer);
      // Compared as text: JSON read back has an IntNode where valueToTree gives a LongNode.
      if (!key.operational() && !before.toString().equals(after.toString())) {
        differences.add(new Difference(key.fullPath(), display(before), display(after)));
      }
    }
    return differences;
  }

  private static String display(JsonNode value) {
    return value instanceof MissingNode ? null : value.toString();
  }

  private TriggerPrefixes triggerPrefixes() {
    String section = "scan.trigger-prefixes.";
    Object polarities = values.get(section + "polarities");
    return new TriggerPrefixes(
        values.flag(section + "enabled"),
        values.integer(section + "per-neuron"),
        values.constant(Distinct.class, section + "distinct"),
        polarities instanceof List<?> words
            ? words.stream().map(word -> Words.constant(Polarity.class, word)).toList()
            : List.of(),
        values.integer(section + "min-position"));
  }

  private Perturbations perturbations() {
    String section = "interpret.perturbations.";
    return new Perturbations(
        values.flag(section + "enabled"),
        neurons(section + "neurons"),
        values.integer(section + "neurons-per-layer"),
        values.integer(section + "ranks"),
        values.longInteger(section + "seed"));
  }

  private Memories memories() {
    String section = "interpret.memories.";
    return new Memories(
        values.flag(section + "enabled"),
        values.integer(section + "sequences"),
        values.integer(section + "positions-per-sequence"),
        values.integer(section + "strongest"),
        values.longInteger(section + "seed"));
  }

  private Activations activations() {
    String section = "scan.activations.";
    return new Activations(
        values.constant(ActivationMode.class, section + "mode"),
        values.integer(section + "per-token"),
        values.decimal(section + "threshold"),
        neurons(section + "neurons"));
  }

  private List<Neuron> neurons(String key) {
    return values.texts(key).stream().map(Neuron::parse).toList();
  }
}
