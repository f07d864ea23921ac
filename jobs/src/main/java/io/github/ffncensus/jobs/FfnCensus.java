package io.github.ffncensus.jobs;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.ProductVersion;
import io.github.ffncensus.jobs.secret.RedactedStream;
import io.github.ffncensus.jobs.secret.Secrets;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line. Results go to standard output, progress and messages to standard error. */
@Command(
    name = "ffn-census",
    description =
        "Counts what every feed-forward neuron of a transformer does over a corpus, as Parquet tables.",
    mixinStandardHelpOptions = true,
    versionProvider = FfnCensus.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:Done.",
      "1:The run failed, or verify found problems; the message says what to do, and the same command continues a run.",
      "2:Unusable command line or configuration; no work was begun.",
      "3:Unusable model or corpus."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  ffn-census run --config my.conf",
      "  ffn-census run --config my.conf run-id=try-2 corpus.format=text",
      "",
      "ffn-census COMMAND --help says more about a command."
    })
public final class FfnCensus implements Callable<Integer> {

  private static final int FAILED = CensusException.Kind.RUN_FAILED.exitCode();
  private static final int UNUSABLE = CensusException.Kind.CONFIGURATION.exitCode();

  @Spec private CommandSpec spec;

  private FfnCensus() {}

  /**
   * The only place that ends the process; a success returns, because YARN takes any call of exit
   * for a failure.
   */
  public static void main(String[] args) {
    int exitCode = execute(args);
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  /** Runs a command and returns its exit code. */
  public static int execute(String... args) {
    return execute(System.out, System.err, args);
  }

  static int execute(PrintStream out, PrintStream err, String... args) {
    Secrets secrets = Secrets.ofProcess(SparkStages.hadoopConfiguration());
    try (PrintStream redactedOut = RedactedStream.around(out, secrets);
        PrintStream redactedErr = RedactedStream.around(err, secrets)) {
      return executeRedacted(redactedOut, redactedErr, args);
    }
  }

  private static int executeRedacted(PrintStream out, PrintStream err, String... args) {
    Console console = new Console(out, err);
    CommandLine commandLine =
        new CommandLine(new FfnCensus())
            .addSubcommand(new PlanCommand(console))
            .addSubcommand(new ComputingCommands.Run(console))
            .addSubcommand(new ComputingCommands.Ingest(console))
            .addSubcommand(new ComputingCommands.Scan(console))
            .addSubcommand(new ComputingCommands.Interpret(console))
            .addSubcommand(new ComputingCommands.Attribute(console))
            .addSubcommand(new ComputingCommands.KnStats(console))
            .addSubcommand(new ComputingCommands.Intervene(console))
            .addSubcommand(new ComputingCommands.Edit(console))
            .addSubcommand(new CombineCommand(console))
            .addSubcommand(new WarehouseCommands.Runs(console))
            .addSubcommand(new WarehouseCommands.Verify(console))
            .addSubcommand(new WarehouseCommands.Findings(console))
            .addSubcommand(new WarehouseCommands.Show(console))
            .addSubcommand(new WarehouseCommands.Report(console));
    commandLine
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((e, arguments) -> usageError(e))
        .setExecutionExceptionHandler((e, command, result) -> failure(e, command, err));
    return commandLine.execute(args);
  }

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "Name a command: " + String.join(", ", spec.subcommands().keySet()));
  }

  private static int usageError(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("ffn-census: " + e.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Usage: " + command.getHelp().synopsis(0).strip());
    err.printf("%s --help says more.%n", command.getCommandSpec().qualifiedName());
    return UNUSABLE;
  }

  private static int failure(Exception failure, CommandLine command, PrintStream err) {
    CensusException known = CensusException.in(failure).orElse(null);
    err.println(
        known == null
            ? "ffn-census: unexpected failure: %s (--debug shows where)"
                .formatted(Failures.summary(failure))
            : "ffn-census: " + known.getMessage());
    CommonOptions options = CommonOptions.of(command);
    if (options != null && options.debug()) {
      failure.printStackTrace(err);
    }
    return known == null ? FAILED : known.kind().exitCode();
  }

  /** Where a command writes. */
  record Console(PrintStream out, PrintStream err) {

    Progress progress() {
      return new ConsoleProgress(err, Boolean.getBoolean("ffn.census.terminal"));
    }
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"ffn-census " + ProductVersion.get()};
    }
  }
}
