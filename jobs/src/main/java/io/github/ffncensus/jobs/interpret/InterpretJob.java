package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.interpret.patterns.PatternTables;
import io.github.ffncensus.jobs.task.ChosenNeurons;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.table.TableFile;
import java.util.List;
import java.util.Map;

/**
 * The second look: what the triggers and values that the scan found mean. Each part makes its
 * tables from those before it; the findings come last because they read all of them.
 */
public final class InterpretJob {
  private InterpretJob() {}

  /**
   * Looks for what is not in the model, before any work.
   *
   * @throws CensusException of kind CONFIGURATION if there is any
   */
  public static void check(CensusConfig config, ModelFolder model) {
    ChosenNeurons.check(
        "census.interpret.perturbations.neurons",
        config.interpret().perturbations().neurons(),
        model.architecture());
  }

  /** Runs the parts that are configured; returns the files of each table, left in staging. */
  public static Map<String, List<TableFile>> run(StageContext context) {
    CensusConfig.Interpret config = context.config().interpret();
    if (context.has("trigger_prefixes")) {
      CoefficientTolerance.measure(context);
    }
    if (config.values().enabled()) {
      ValueTable.write(context);
    }
    if (config.lenses().enabled()) {
      LensTable.write(context);
    }
    if (config.perturbations().enabled() && context.has("trigger_prefixes")) {
      context.step("perturbations", () -> PerturbationTable.write(context));
    }
    if (config.patterns().enabled() && context.has("trigger_prefixes")) {
      PatternTables.write(context);
    }
    if (config.examples().enabled() && context.has(NeuronQuantiles.TABLE)) {
      context.step("examples", () -> ExampleTable.write(context));
    }
    if (config.memories().enabled()) {
      MemoryTables.write(context);
    }
    if (config.findings().enabled()) {
      context.step("findings", () -> FindingsTable.write(context));
    }
    return context.made();
  }
}
