package io.github.ffncensus.jobs;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.ConfigLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What every command takes. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = FfnCensus.Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true)
final class CommonOptions {

  @Option(
      names = {"-c", "--config"},
      required = true,
      paramLabel = "FILE",
      description = "The configuration, in HOCON.")
  private Path config;

  @Option(names = "--debug", description = "Show the stack trace of a failure.")
  private boolean debug;

  @Parameters(
      arity = "0..*",
      paramLabel = "KEY=VALUE",
      description = {
        "Overrides of the configuration, such as run-id=try-2 or",
        "corpus.input=[/data/a*.gz,/data/b.gz]; the values need no quotes but the shell's."
      })
  private List<String> overrides = new ArrayList<>();

  CensusConfig load() {
    return ConfigLoader.load(config, overrides);
  }

  /** With a setting that goes over all others. */
  CensusConfig loadWith(String setting) {
    List<String> all = new ArrayList<>(overrides);
    all.add(setting);
    return ConfigLoader.load(config, all);
  }

  boolean debug() {
    return debug;
  }

  /** The options of a command line, or null if it has none. */
  static CommonOptions of(CommandLine command) {
    var mixin = command.getMixins().get("options");
    return mixin instanceof CommonOptions options ? options : null;
  }
}
