package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.positions.PositionAnalysis;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.TriggerSearch;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.TriggerPrefixes;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An analysis of the scan, and how its merged blocks become tables.
 *
 * @param tables to be called on the driver
 */
record ScanAnalysis(Analysis analysis, TableWriter tables) {

  /** Leaves finished files in staging. */
  @FunctionalInterface
  interface TableWriter {
    /**
     * @return files by table; a table of the analysis that has no rows may have no file
     */
    Map<String, List<TableFile>> write(Merge merge);
  }

  /**
   * The analyses whose partial results merge, as configured for a model; the same on every machine.
   */
  static List<ScanAnalysis> of(ScanContext context, Architecture architecture) {
    CensusConfig.Scan scan = context.config().scan();
    List<ScanAnalysis> analyses = new ArrayList<>();
    if (scan.neuronStats().enabled()) {
      NeuronStatistics statistics = new NeuronStatistics();
      analyses.add(new ScanAnalysis(statistics, merge -> WriteStats.tables(merge, statistics)));
    }
    if (scan.triggerPrefixes().enabled()) {
      TriggerSearch search = triggerSearch(scan.triggerPrefixes(), architecture);
      analyses.add(new ScanAnalysis(search, merge -> TriggerTable.tables(merge, search)));
    }
    if (scan.positions().enabled()) {
      PositionAnalysis positions =
          PositionTables.analysis(
              scan.positions(), PositionTables.words(context.modelPath(), context.config()));
      analyses.add(new ScanAnalysis(positions, merge -> PositionTables.tables(merge, positions)));
    }
    return analyses;
  }

  private static TriggerSearch triggerSearch(TriggerPrefixes config, Architecture architecture) {
    List<Polarity> polarities =
        config.polarities(architecture.gated()).stream()
            .map(polarity -> Polarity.valueOf(polarity.name()))
            .toList();
    return new TriggerSearch(
        config.perNeuron(),
        TriggerSearch.Distinct.valueOf(config.distinct().name()),
        polarities,
        config.minPosition());
  }
}
