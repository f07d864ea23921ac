package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.positions.CompositionRow;
import io.github.ffncensus.analysis.positions.PositionAnalysis;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.analysis.positions.RefinementRow;
import io.github.ffncensus.analysis.positions.TokenTraits;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.PositionsConfig;
import io.github.ffncensus.jobs.task.Staging;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.apache.hadoop.fs.Path;

/**
 * Tables {@code layer_composition} and {@code prediction_refinement}, a row per layer, and {@code
 * position_counts}, which they are computed from: few enough rows for the driver to write.
 */
public final class PositionTables {
  static final String COMPOSITION = "layer_composition";
  static final String REFINEMENT = "prediction_refinement";

  public static final String COUNTS = "position_counts";

  private final Staging staging;
  private final CensusConfig config;
  private final String runId;
  private final String modelPath;
  private final Architecture architecture;

  /**
   * @param staging of the stage that writes the tables
   * @param modelPath folder of the model's tokenizer
   */
  public PositionTables(
      Staging staging,
      CensusConfig config,
      String runId,
      String modelPath,
      Architecture architecture) {
    this.staging = staging;
    this.config = config;
    this.runId = runId;
    this.modelPath = modelPath;
    this.architecture = architecture;
  }

  /** The words of the corpus' language. */
  static ModelWords words(String modelPath, CensusConfig config) {
    return new ModelWords(modelPath, config.corpus().sentenceLocale());
  }

  static PositionAnalysis analysis(PositionsConfig config, TokenTraits.Source traits) {
    PositionSample sample =
        switch (config.mode()) {
          case PER_SEQUENCE -> new PositionSample.PerSequence(config.perSequence(), config.seed());
          case RATE -> new PositionSample.Rate(config.rate(), config.seed());
        };
    return new PositionAnalysis(sample, Lens.valueOf(config.lens().name()), traits);
  }

  /** Of the merged blocks of a scan; without rows for a model that cannot predict. */
  static Map<String, List<TableFile>> tables(Merge merge, PositionAnalysis analysis) {
    Map<Integer, byte[]> layers = new TreeMap<>();
    merge.blocks(analysis).collect().forEach(block -> layers.put(block._1().layer(), block._2()));
    ScanContext context = merge.context();
    return new PositionTables(
            context.staging(),
            context.config(),
            context.runId(),
            context.modelPath(),
            merge.architecture())
        .write(layers);
  }

  /**
   * Writes the tables that are configured.
   *
   * @param layers the numbers of each layer, as {@link PositionAnalysis} packs them
   */
  public Map<String, List<TableFile>> write(Map<Integer, byte[]> layers) {
    PositionsConfig positions = config.scan().positions();
    Map<String, List<TableFile>> tables = new LinkedHashMap<>();
    String lens =
        Lens.valueOf(positions.lens().name()).in(architecture).name().toLowerCase(Locale.ROOT);
    if (positions.compositionEnabled()) {
      boolean hasStopWords = !words(modelPath, config).get().stopWords().isEmpty();
      tables.put(
          COMPOSITION,
          write(
              COMPOSITION,
              layers,
              (layer, packed) -> List.of(PositionAnalysis.composition(layer, packed)),
              (row, out) -> encode(row, positions.zeroAgreement(), hasStopWords, lens, out)));
    }
    if (positions.refinementEnabled()) {
      tables.put(
          REFINEMENT,
          write(
              REFINEMENT,
              layers,
              (layer, packed) -> List.of(PositionAnalysis.refinement(layer, packed)),
              new Refinements(lens)));
    }
    tables.put(COUNTS, write(COUNTS, layers, PositionTables::counts, PositionTables::encode));
    return tables;
  }

  private <T> List<TableFile> write(
      String table,
      Map<Integer, byte[]> layers,
      BiFunction<Integer, byte[], List<T>> rows,
      RowEncoder<T> encoder) {
    if (layers.isEmpty()) {
      return List.of();
    }
    Path file = staging.file(table, "part-00000-%s.parquet".formatted(staging.driver()));
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(staging.hadoop(), file, table, runId, encoder)) {
      for (Map.Entry<Integer, byte[]> layer : layers.entrySet()) {
        for (T row : rows.apply(layer.getKey(), layer.getValue())) {
          writer.write(row);
        }
      }
      return List.of(writer.finish());
    } catch (IOException e) {
      throw CensusException.cannotWrite(file, e);
    }
  }

  /** A row of {@code position_counts}. */
  private record CountRow(int layer, String quantity, int bin, long count) {}

  private static List<CountRow> counts(int layer, byte[] packed) {
    List<CountRow> rows = new ArrayList<>();
    PositionAnalysis.forEachCount(
        packed, (quantity, bin, count) -> rows.add(new CountRow(layer, quantity, bin, count)));
    return rows;
  }

  private static void encode(CountRow row, RowWriter out) {
    out.intValue("layer", row.layer());
    out.string("quantity", row.quantity());
    out.intValue("bin", row.bin());
    out.longValue("count", row.count());
  }

  private static void encode(
      CompositionRow row,
      PositionsConfig.ZeroAgreement reading,
      boolean hasStopWords,
      String lens,
      RowWriter out) {
    out.intValue("layer", row.layer());
    out.longValue("positions", row.positions());
    number(out, "mean_active_memories", row.meanActive());
    number(out, "active_fraction", row.activeFraction());
    number(
        out,
        "zero_agreement_fraction",
        switch (reading) {
          case ACTIVE -> row.zeroAgreement();
          case ALL -> row.zeroAgreementAll();
          case CODE -> row.zeroAgreementCode();
        });
    out.string("zero_agreement_reading", reading.word());
    number(out, "zero_agreement_active", row.zeroAgreement());
    number(out, "zero_agreement_positive", row.zeroAgreementPositive());
    number(out, "zero_agreement_all", row.zeroAgreementAll());
    number(out, "zero_agreement_code", row.zeroAgreementCode());
    whole(out, "active_min", row.active().min());
    whole(out, "active_p10", row.active().p10());
    whole(out, "active_p25", row.active().p25());
    whole(out, "active_p50", row.active().p50());
    whole(out, "active_p75", row.active().p75());
    whole(out, "active_p90", row.active().p90());
    whole(out, "active_max", row.active().max());
    number(out, "mean_negative_memories", row.meanNegative());
    number(out, "mean_large_memories", row.meanLarge());
    number(out, "mean_agreeing_memories", row.meanAgreeing());
    number(out, "agreeing_share", row.agreeingShare());
    number(out, "short_prefix_fraction", row.shortPrefix());
    number(out, "short_prefix_fraction_of_agreeing", row.shortPrefixOfAgreeing());
    if (hasStopWords) {
      number(out, "stop_word_fraction", row.stopWord());
      number(out, "stop_word_fraction_of_agreeing", row.stopWordOfAgreeing());
    }
    out.string("lens", lens);
  }

  /** Takes the layers from the first to the last. */
  private static final class Refinements implements RowEncoder<RefinementRow> {
    private final String lens;
    private long settled;

    Refinements(String lens) {
      this.lens = lens;
    }

    @Override
    public void encode(RefinementRow row, RowWriter out) {
      out.intValue("layer", row.layer());
      out.longValue("positions", row.positions());
      number(out, "residual_matches_output", row.matches());
      number(out, "mean_output_probability", row.meanProbability());
      share(out, "residual", row.residual(), row.positions());
      share(out, "ffn", row.ffn(), row.positions());
      share(out, "agreement", row.agreement(), row.positions());
      share(out, "composition", row.composition(), row.positions());
      out.longValue("residual_positions", row.residual());
      out.longValue("ffn_positions", row.ffn());
      out.longValue("agreement_positions", row.agreement());
      out.longValue("composition_positions", row.composition());
      out.longValue("split_agreement_positions", row.splitAgreement());
      number(out, "median_output_probability", row.medianProbability());
      settled += row.settled();
      out.longValue("settled_positions", row.settled());
      share(out, "settled_fraction", settled, row.positions());
      number(out, "residual_token_z_in_ffn", row.residualInFfn());
      number(out, "residual_token_z_in_ffn_of_changed", row.residualInFfnOfChanged());
      number(out, "demoted_fraction_of_changed", row.demoted());
      whole(out, "residual_token_rank_in_ffn_p50", row.residualTokenRank());
      number(out, "composition_cosine", row.cosine());
      number(out, "composition_shared_stem_fraction", row.sharedStem());
      number(out, "composition_related_fraction", row.related());
      whole(out, "composition_token_rank_in_residual_p50", row.layerTokenRank());
      out.string("lens", lens);
    }
  }

  private static void share(RowWriter out, String column, long count, long positions) {
    if (positions > 0) {
      out.doubleValue(column, count / (double) positions);
    }
  }

  private static void number(RowWriter out, String column, Double value) {
    if (value != null) {
      out.doubleValue(column, value);
    }
  }

  private static void whole(RowWriter out, String column, Integer value) {
    if (value != null) {
      out.intValue(column, value);
    }
  }
}
