package io.github.ffncensus.jobs.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
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

  /** What the pass over the corpus observes. */
  public record Scan(
      int batchTokens,
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
  public record Interpret(Values values, Perturbations perturbations, Findings findings)
      implements Serializable {}

  public record Values(boolean enabled, ValueLens lens, int topTokens) implements Serializable {}

  /**
   * @param neuronsPerLayer sampled; 0 means all
   * @param ranks triggers of each, the strongest
   */
  public record Perturbations(boolean enabled, int neuronsPerLayer, int ranks, long seed)
      implements Serializable {}

  public record Findings(boolean enabled) implements Serializable {}

  public record Facts(List<String> input) implements Serializable {}

  /** A key with two values, as JSON text; absent is {@code null}. */
  public record Difference(String key, String before, String after) {}

  /** Values by key path, as {@link ValueType#parse} gives them. */
  private final LinkedHashMap<String, Object> values;

  CensusConfig(Map<String, Object> values) {
    this.values = new LinkedHashMap<>(values);
  }

  public String profile() {
    return text("profile");
  }

  public String runId() {
    return text("run-id");
  }

  public String warehouse() {
    return text("warehouse");
  }

  /**
   * In the order in which they run; of {@code auto}, those whose input is configured: a corpus,
   * facts, or both.
   */
  public List<Stage> stages() {
    boolean automatic = !(values.get("stages") instanceof List<?>);
    return Arrays.stream(Stage.values())
        .filter(stage -> automatic ? hasInput(stage) : texts("stages").contains(stage.word()))
        .toList();
  }

  private boolean hasInput(Stage stage) {
    return (!stage.readsCorpus() || !corpus().input().isEmpty())
        && (!stage.readsFacts() || !facts().input().isEmpty());
  }

  public Model model() {
    return new Model(
        text("model.path"), text("model.device"), constant(Precision.class, "model.precision"));
  }

  public Corpus corpus() {
    return new Corpus(
        texts("corpus.input"),
        constant(Format.class, "corpus.format"),
        text("corpus.text-field"),
        text("corpus.id-field"),
        constant(SequenceMode.class, "corpus.sequence"),
        flag("corpus.file-is-document"),
        constant(OverLong.class, "corpus.over-long"),
        text("corpus.sentence-locale"),
        integer("corpus.max-document-chars"),
        decimal("corpus.max-rejected-fraction"));
  }

  public Ingest ingest() {
    return new Ingest(
        (Long) values.get("ingest.shard-tokens"), (Long) values.get("ingest.split-bytes"));
  }

  public Scan scan() {
    return new Scan(
        integer("scan.batch-tokens"),
        new NeuronStats(flag("scan.neuron-stats.enabled")),
        triggerPrefixes(),
        activations(),
        positions());
  }

  public Interpret interpret() {
    return new Interpret(
        new Values(
            flag("interpret.values.enabled"),
            constant(ValueLens.class, "interpret.values.lens"),
            integer("interpret.values.top-tokens")),
        perturbations(),
        new Findings(flag("interpret.findings.enabled")));
  }

  public Facts facts() {
    return new Facts(texts("facts.input"));
  }

  /** Every key with its value, for the manifest. */
  public ObjectNode resolved() {
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = json.createObjectNode();
    values.forEach(
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
        flag(section + "enabled"),
        integer(section + "per-neuron"),
        constant(Distinct.class, section + "distinct"),
        polarities instanceof List<?> words
            ? words.stream().map(word -> Words.constant(Polarity.class, word)).toList()
            : List.of(),
        integer(section + "min-position"));
  }

  private Perturbations perturbations() {
    String section = "interpret.perturbations.";
    return new Perturbations(
        flag(section + "enabled"),
        integer(section + "neurons-per-layer"),
        integer(section + "ranks"),
        (Long) values.get(section + "seed"));
  }

  private Activations activations() {
    String section = "scan.activations.";
    return new Activations(
        constant(ActivationMode.class, section + "mode"),
        integer(section + "per-token"),
        decimal(section + "threshold"),
        texts(section + "neurons").stream().map(Neuron::parse).toList());
  }

  private PositionsConfig positions() {
    String sample = "scan.sampled-positions.";
    return new PositionsConfig(
        flag("scan.layer-composition.enabled"),
        flag("scan.prediction-refinement.enabled"),
        constant(PositionsConfig.ZeroAgreement.class, "scan.layer-composition.zero-agreement"),
        constant(PositionsConfig.Mode.class, sample + "mode"),
        integer(sample + "per-sequence"),
        decimal(sample + "rate"),
        (Long) values.get(sample + "seed"),
        constant(PositionsConfig.StateLens.class, sample + "lens"));
  }

  private String text(String path) {
    return (String) values.get(path);
  }

  private List<String> texts(String path) {
    return ((List<?>) values.get(path)).stream().map(String.class::cast).toList();
  }

  private boolean flag(String path) {
    return (Boolean) values.get(path);
  }

  private int integer(String path) {
    return Math.toIntExact((Long) values.get(path));
  }

  private double decimal(String path) {
    return (Double) values.get(path);
  }

  private <E extends Enum<E>> E constant(Class<E> type, String path) {
    return Words.constant(type, values.get(path));
  }
}
