package io.github.ffncensus.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.ActivationMode;
import io.github.ffncensus.jobs.config.CensusConfig.Neuron;
import io.github.ffncensus.jobs.config.CensusConfig.Polarity;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.KnStatsConfig.WordChoice;
import io.github.ffncensus.knowledge.attribution.StepRule;
import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.knowledge.edit.Erasure;
import io.github.ffncensus.knowledge.edit.UpdateRule;
import io.github.ffncensus.knowledge.opendomain.RandomPool;
import io.github.ffncensus.knowledge.opendomain.ReadingRules.WordKind;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Scope;
import io.github.ffncensus.knowledge.refinement.CoarseRule;
import io.github.ffncensus.knowledge.refinement.CoarseRule.Kind;
import io.github.ffncensus.knowledge.refinement.RatioSearch;
import io.github.ffncensus.knowledge.refinement.RatioSearch.Mode;
import io.github.ffncensus.knowledge.refinement.SharingRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {

  private static final String MINIMAL =
      """
      census {
        run-id = r1
        warehouse = /w
        model.path = /m
        corpus.input = ["/c/*.jsonl"]
      }
      """;

  @TempDir Path folder;

  @Test
  void minimal_hasTheDefaults() throws IOException {
    CensusConfig config = load(MINIMAL);

    assertThat(config.runId()).isEqualTo("r1");
    assertThat(config.stages()).containsExactly(Stage.INGEST, Stage.SCAN, Stage.INTERPRET);
    assertThat(config.corpus().input()).containsExactly("/c/*.jsonl");
    assertThat(config.scan().triggerPrefixes().perNeuron()).isEqualTo(25);
    assertThat(config.scan().triggerPrefixes().polarities(false))
        .containsExactly(Polarity.POSITIVE);
    assertThat(config.scan().triggerPrefixes().polarities(true))
        .containsExactly(Polarity.POSITIVE, Polarity.NEGATIVE);
    assertThat(config.scan().activations().mode()).isEqualTo(ActivationMode.TOP);
  }

  @Test
  void layers_laterWins() throws IOException {
    String text = MINIMAL + "census { profile = geva2021, scan.batch-tokens = 100 }";
    assertThat(load(text).scan().triggerPrefixes().perNeuron())
        .as("profile over defaults")
        .isEqualTo(50);
    assertThat(load(text).scan().batchTokens()).as("file over defaults").isEqualTo(100);

    String file = text + "\ncensus.scan.trigger-prefixes.per-neuron = 7";
    assertThat(load(file).scan().triggerPrefixes().perNeuron())
        .as("file over profile")
        .isEqualTo(7);
    assertThat(
            load(file, "scan.trigger-prefixes.per-neuron=9").scan().triggerPrefixes().perNeuron())
        .as("command line over file")
        .isEqualTo(9);
    assertThat(load(MINIMAL, "profile=geva2021").scan().triggerPrefixes().perNeuron())
        .isEqualTo(50);
  }

  @ParameterizedTest
  @ValueSource(strings = {"census", "geva2021", "dai2022", "eleuther2022"})
  void profiles_load(String profile) throws IOException {
    assertThat(load(MINIMAL, "profile=" + profile).profile()).isEqualTo(profile);
  }

  @Test
  void commandLine_needsNoQuotes() throws IOException {
    CensusConfig config =
        load(
            MINIMAL,
            "census.model.path=s3a://bucket/a b:c",
            "corpus.input=[/a/*.gz, hdfs://n:8020/{x,y}/b c, \"/q\"]",
            "scan.activations.mode=neurons",
            "scan.activations.neurons=3:17",
            "scan.trigger-prefixes.polarities=[negative]",
            "scan.activations.threshold=-1e-3",
            "scan.batch-tokens=1e3");

    assertThat(config.model().path()).isEqualTo("s3a://bucket/a b:c");
    assertThat(config.scan().activations().neurons()).containsExactly(new Neuron(3, 17));
    assertThat(config.scan().activations().threshold()).isEqualTo(-0.001);
    assertThat(config.scan().triggerPrefixes().polarities(true)).containsExactly(Polarity.NEGATIVE);
    assertThat(config.scan().batchTokens()).isEqualTo(1000);
    assertThat(load(MINIMAL, "corpus.input=/one[1].txt").corpus().input())
        .containsExactly("/one[1].txt");
    assertThat(load(MINIMAL, "corpus.input=[/a/*.gz,hdfs://n:8020/{x,y}/b c]").corpus().input())
        .containsExactly("/a/*.gz", "hdfs://n:8020/{x,y}/b c");
    assertThat(
            load(MINIMAL, "scan.trigger-prefixes.polarities=auto")
                .scan()
                .triggerPrefixes()
                .configuredPolarities())
        .isEmpty();
  }

  @Test
  void substitution_takesTheEnvironment() throws IOException {
    assertThat(load(MINIMAL + "census.model.path = ${PATH}\"/x\"").model().path())
        .isEqualTo(System.getenv("PATH") + "/x");
  }

  @ParameterizedTest
  @CsvSource({
    "scan.batch-token, scan.batch-tokens",
    "scan.trigger-prefixes.perNeuron, scan.trigger-prefixes.per-neuron",
    "scan.trigger_prefixes.per_neuron, scan.trigger-prefixes.per-neuron",
    "batch-tokens, scan.batch-tokens",
    "model.pth, model.path",
    "corpus.fromat, corpus.format",
    "runid, run-id",
    "scan.per-neuron, scan.trigger-prefixes.per-neuron",
    "ingest.batch-tokens, scan.batch-tokens"
  })
  void unknownKey_suggestsTheNearest(String written, String meant) throws IOException {
    assertThatThrownBy(() -> load(MINIMAL + "census." + written + " = 1"))
        .hasMessage(
            "%s:7: unknown key census.%s; the nearest known key is census.%s",
            file(), written, meant);
    assertThatThrownBy(() -> load(MINIMAL, written + "=1"))
        .hasMessage(
            "command line: unknown key %s; the nearest known key is census.%s", written, meant);
  }

  @Test
  void unknownKey_outsideOfTheCensusSection() {
    assertThatThrownBy(() -> load(MINIMAL + "run-id = x"))
        .hasMessage("%s:7: unknown key run-id; the nearest known key is census.run-id", file());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "scan.batch-tokens = many | a whole number from 1 to 16,777,216",
        "scan.batch-tokens = 0 | a whole number from 1 to 16,777,216",
        "scan.batch-tokens = 1.5 | a whole number from 1 to 16,777,216",
        "scan.batch-tokens = [1] | a whole number from 1 to 16,777,216",
        "scan.batch-tokens = {\"a\":1} | a whole number from 1 to 16,777,216",
        "scan.batch-tokens = null | a whole number from 1 to 16,777,216",
        "ingest.shard-tokens = 0 | a whole number from 1",
        "corpus.format = csv | one of text, jsonl, parquet",
        "corpus.sequence = sentences | one of sentence, line, document",
        "profile = geva | one of census, geva2021, dai2022, eleuther2022",
        "model.precision = fp16 | one of float32, float16, bfloat16",
        "model.device = cuda | auto, cpu or gpu:N",
        "scan.neuron-stats.enabled = maybe | true or false",
        "corpus.max-rejected-fraction = 1.1 | a number from 0.0 to 1.0",
        "corpus.input = [\"\"] | a list without repetitions, of: text that is not empty",
        "corpus.sentence-locale = english_language | a language tag such as en or pt-BR",
        "stages = [ingest, train] | auto, or a list, not empty, without repetitions, of: one of ingest, scan, interpret, attribute, kn-stats, intervene, edit",
        "stages = [scan, scan] | auto, or a list, not empty, without repetitions, of: one of ingest, scan, interpret, attribute, kn-stats, intervene, edit",
        "scan.trigger-prefixes.polarities = [up] | auto, or a list, not empty, without repetitions, of: one of positive, negative",
        "scan.activations.neurons = [\"3-1\"] | a list without repetitions, of: layer:neuron, both from 0, such as \"3:17\"",
        "run-id = a/b | up to 100 letters, digits, '.', '_' and '-', beginning with a letter or digit",
      })
  void badValue_saysWhatIsAllowed(String assignment, String expected) {
    CensusException failure = failure(() -> load(MINIMAL + "census." + assignment));

    assertThat(failure)
        .hasMessageStartingWith("%s:7: census.%s = ".formatted(file(), assignment.split(" ")[0]));
    assertThat(failure).hasMessageEndingWith(": must be " + expected);
    assertThat(failure.kind()).isEqualTo(CensusException.Kind.CONFIGURATION);
  }

  @Test
  void badValueOnTheCommandLine() {
    assertThatThrownBy(() -> load(MINIMAL, "corpus.format=csv", "scan=3", "stray"))
        .hasMessageContaining(
            "command line: census.corpus.format = \"csv\": must be one of text, jsonl, parquet")
        .hasMessageContaining("command line: scan is a section, not a key")
        .hasMessageContaining("command line: stray: not of the form key=value");
  }

  @Test
  void sectionWithAValue() {
    assertThatThrownBy(() -> load(MINIMAL + "census.ingest = 3"))
        .hasMessage("%s:7: census.ingest = 3: is a section: census.ingest { ... }", file());
  }

  @Test
  void missingKeys_andOtherProblems_areSaidAtOnce() {
    assertThatThrownBy(() -> load("census {\n  modle { path = x }\n  corpus.format = csv\n}"))
        .hasMessage(
            String.join(
                "\n  ",
                "The configuration has 5 problems:",
                file()
                    + ":2: unknown key census.modle.path; the nearest known key is census.model.path",
                file() + ": census.run-id is required, for example census.run-id = \"2026-11-23\"",
                file()
                    + ": census.warehouse is required, for example census.warehouse = \"/data/census\"",
                file()
                    + ": census.model.path is required, for example census.model.path = \"/models/gpt2\"",
                file()
                    + ":3: census.corpus.format = \"csv\": must be one of text, jsonl, parquet"));
  }

  @Test
  void stagesByThemselves_areThoseThatHaveInput() throws IOException {
    assertThat(load(MINIMAL).stages()).containsExactly(Stage.INGEST, Stage.SCAN, Stage.INTERPRET);
    assertThat(load(MINIMAL, "facts.input=f").stages()).containsExactly(Stage.values());
    assertThat(load(MINIMAL, "facts.input=f", "corpus.input=[]").stages())
        .containsExactly(Stage.ATTRIBUTE, Stage.INTERVENE, Stage.EDIT);
    assertThat(load(MINIMAL, "stages=[kn-stats,attribute]", "facts.input=f").stages())
        .containsExactly(Stage.ATTRIBUTE, Stage.KN_STATS);
    assertThatThrownBy(() -> load(MINIMAL, "corpus.input=[]"))
        .hasMessageContaining("census.corpus.input is required");
    assertThatThrownBy(() -> load(MINIMAL, "corpus.input=[]", "facts.input=f", "stages=[ingest]"))
        .hasMessageContaining("census.corpus.input is required by the stage ingest");
    assertThatThrownBy(() -> load(MINIMAL, "stages=[attribute]"))
        .hasMessageContaining("census.facts.input is required by the stage attribute");
  }

  @Test
  void relations() {
    assertThatThrownBy(() -> load(MINIMAL + "census.scan.activations.neurons = [\"1:2\"]"))
        .hasMessageContaining(
            file() + ":7: census.scan.activations.neurons is used with mode = neurons only");
    assertThatThrownBy(() -> load(MINIMAL + "census.scan.activations.mode = neurons"))
        .hasMessageContaining(
            file()
                + ":7: census.scan.activations.mode = neurons: census.scan.activations.neurons must");
    assertThatThrownBy(() -> load(MINIMAL + "census.corpus.file-is-document = true"))
        .hasMessageContaining(file() + ":7: census.corpus.file-is-document is for format = text");
    assertThatThrownBy(
            () ->
                load(
                    MINIMAL,
                    "scan.neuron-stats.enabled=false",
                    "scan.trigger-prefixes.enabled=false",
                    "scan.layer-composition.enabled=false",
                    "scan.prediction-refinement.enabled=false",
                    "scan.activations.mode=off"))
        .hasMessageContaining("the stage scan has nothing to do");
  }

  @Test
  void fileThatIsMissing() {
    Path missing = folder.resolve("none.conf");
    assertThatThrownBy(() -> ConfigLoader.load(missing, List.of()))
        .hasMessageStartingWith(missing + ": no such configuration file (--config)");
    assertThatThrownBy(() -> ConfigLoader.load(folder, List.of()))
        .hasMessage(folder + ": not a readable file (--config)");
  }

  @Test
  void fileThatIsNotHocon_namesTheLine() {
    assertThatThrownBy(() -> load("census {\n  run-id = = 3\n}"))
        .hasMessageStartingWith(file() + ":2: not valid HOCON: ");
    assertThatThrownBy(() -> load(MINIMAL + "census.model.path = ${not.there}"))
        .hasMessageStartingWith(file() + ":7: not valid HOCON: ")
        .hasMessageContaining("not.there");
  }

  @Test
  void resolved_isComplete_andOnlyResultsMakeADifference() throws IOException {
    CensusConfig first = load(MINIMAL);
    assertThat(first.resolved().at("/scan/trigger-prefixes/per-neuron").asInt()).isEqualTo(25);
    assertThat(first.resolved().at("/corpus/input/0").asText()).isEqualTo("/c/*.jsonl");

    assertThat(
            load(MINIMAL, "model.device=cpu", "scan.batch-tokens=7").difference(first.resolved()))
        .isEmpty();
    assertThat(
            load(MINIMAL, "scan.trigger-prefixes.per-neuron=7", "corpus.id-field=x")
                .difference(first.resolved()))
        .containsExactly(
            new CensusConfig.Difference("census.corpus.id-field", "\"id\"", "\"x\""),
            new CensusConfig.Difference("census.scan.trigger-prefixes.per-neuron", "25", "7"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"demo", "demo-facts", "local-example", "wikitext", "gpu-cluster"})
  void shippedConfigurations_load(String name) throws IOException {
    String text =
        Files.readString(Path.of("../conf/" + name + ".conf"))
            .replace("${FFN_CENSUS_HOME}", "\"/home\"");
    assertThat(load(text).runId()).isNotEmpty();
  }

  @Test
  void knowledgeNeurons_ofTheProfiles() throws IOException {
    AttributeConfig census = load(MINIMAL).attribute();
    assertThat(census.integratedGradients())
        .isEqualTo(new CoarseRule(Kind.MAX_FRACTION, 0.2, false));
    assertThat(census.activation()).isEqualTo(new CoarseRule(Kind.MAX_FRACTION, 0.5, false));
    assertThat(census.sharing()).isEqualTo(new SharingRule(true, false, 3));
    assertThat(census.search())
        .isEqualTo(new RatioSearch(Mode.GRID, 0.7, 0.05, 0.45, 0.95, 6, 2, 5));
    AttributeConfig dai = load(MINIMAL, "profile=dai2022").attribute();
    assertThat(dai.integratedGradients()).isEqualTo(census.integratedGradients());
    assertThat(dai.activation()).isEqualTo(census.activation());
    assertThat(dai.sharing()).isEqualTo(new SharingRule(false, false, 3));
    assertThat(dai.search().mode()).isEqualTo(Mode.ROUNDS);
    assertThat(dai.search().rounds()).isEqualTo(6);
    AttributeConfig eleuther = load(MINIMAL, "profile=eleuther2022").attribute();
    assertThat(eleuther.integratedGradients())
        .isEqualTo(new CoarseRule(Kind.MAX_FRACTION, 0.3, true));
    assertThat(eleuther.sharing()).isEqualTo(new SharingRule(false, true, 0));
    assertThat(eleuther.search().mode()).isEqualTo(Mode.FIXED);
    assertThat(eleuther.search().start()).isEqualTo(0.5);
  }

  @Test
  void rules_ofTheProfiles() throws IOException {
    CensusConfig census = load(MINIMAL);
    CensusConfig dai = load(MINIMAL, "profile=dai2022");
    CensusConfig eleuther = load(MINIMAL, "profile=eleuther2022");
    assertThat(census.attribute().gradients().rule()).isEqualTo(StepRule.MIDPOINT);
    assertThat(dai.attribute().gradients().rule()).isEqualTo(StepRule.LEFT);
    assertThat(eleuther.attribute().gradients().rule()).isEqualTo(StepRule.LINSPACE);
    for (CensusConfig config : List.of(census, dai, eleuther)) {
      assertThat(config.attribute().gradients().steps()).isEqualTo(20);
      assertThat(config.intervene().factors()).containsExactly(0.0, 2.0);
    }
    EditConfig.Update update = census.edit().update();
    assertThat(update)
        .isEqualTo(
            new EditConfig.Update(
                10, true, 0.1, false, List.of(Direction.EMBEDDING), new UpdateRule(true, 1, 8), 5));
    assertThat(dai.edit().update())
        .isEqualTo(
            new EditConfig.Update(
                10, true, 0.1, true, update.directions(), new UpdateRule(true, 1, 8), 5));
    assertThat(dai.edit().erase())
        .isEqualTo(new EditConfig.Erase(20, Erasure.ZERO, Integer.MAX_VALUE));
    assertThat(eleuther.edit().update())
        .isEqualTo(
            new EditConfig.Update(
                10, false, 1.0, false, update.directions(), new UpdateRule(false, 2, 2), 5));
    assertThat(eleuther.edit().erase().value()).isEqualTo(Erasure.UNKNOWN);
    assertThat(dai.knStats().words()).isEqualTo(new WordChoice(WordKind.SPACES, 50));
    assertThat(dai.knStats().random().source()).isEqualTo(RandomPool.Source.MENTIONS);
    assertThat(dai.knStats().triggers().perFact()).isEqualTo(20);
    assertThat(dai.knStats().triggers().scopes()).containsExactly(Scope.HEAD_AND_TAIL);
  }

  @Test
  void thresholds_fitTheirKind() throws IOException {
    String key = "attribute.activation.threshold";
    assertThat(failure(() -> load(MINIMAL, key + "=1.5")))
        .hasMessageContaining("with threshold-kind = max-fraction it must be from 0 to 1");
    assertThat(load(MINIMAL, key + "=99.5", key + "-kind=percentile").attribute().activation())
        .isEqualTo(new CoarseRule(Kind.PERCENTILE, 99.5, false));
    assertThat(load(MINIMAL, key + "=-3", key + "-kind=absolute").attribute().activation().value())
        .isEqualTo(-3);
    assertThat(failure(() -> load(MINIMAL, "facts.pairs=[/p.json]")))
        .hasMessageContaining("belong together");
  }

  @Test
  void everyKey_isDocumentedInTheReference() throws IOException {
    String reference = Files.readString(Path.of("src/main/resources/reference.conf"));
    CensusConfig defaults = load(MINIMAL);
    for (ConfigKey key : ConfigKey.all()) {
      String name = key.path().substring(key.path().lastIndexOf('.') + 1);
      assertThat(reference).as(key.path()).containsPattern("(?m)^ *(# )?" + name + " = ");
      assertThat(defaults.resolved().at("/" + key.path().replace('.', '/')).isMissingNode())
          .as(key.path())
          .isFalse();
    }
    assertThat(reference.split("operational\\]"))
        .hasSize(1 + (int) ConfigKey.all().stream().filter(ConfigKey::operational).count());
  }

  private static CensusException failure(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(CensusException.class, call);
  }

  private Path file() {
    return folder.resolve("my.conf");
  }

  private CensusConfig load(String text, String... overrides) throws IOException {
    return ConfigLoader.load(Files.writeString(file(), text), List.of(overrides));
  }
}
