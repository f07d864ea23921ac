package io.github.ffncensus.jobs.attribute;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_set;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.udf;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.attribute.ReadFacts.FileRead;
import io.github.ffncensus.jobs.ingest.CorpusInput;
import io.github.ffncensus.jobs.ingest.CorpusInputs;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.FactRows;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;
import org.apache.spark.sql.types.DataTypes;

/**
 * Facts from all files as shards: consecutive facts of about so many prompts. Which fact is in
 * which shard follows from files and configuration alone. Table {@code fact_rejects} on the way.
 */
final class FactShards {
  /** Relations in a message. */
  private static final int NAMED = 30;

  private FactShards() {}

  /**
   * A shard's facts.
   *
   * @param index from 0; there may be gaps
   * @param file in the staging folder {@link WriteFactShards#SHARDS}
   */
  record Shard(int index, String file) implements Serializable {}

  /**
   * Reads all facts.
   *
   * @return in order of their indexes
   * @throws CensusException of kind INPUT if no prompt at all can be used, or none of a relation
   *     that the configuration names
   */
  static List<Shard> write(StageContext context, PromptReading reading) {
    Configuration hadoop = context.setup().hadoop();
    Templates templates =
        Templates.read(
            hadoop,
            CorpusInputs.list(hadoop, "facts.templates", context.config().facts().templates()));
    List<FactSource> sources = sources(hadoop, context);
    List<FileRead> read =
        context.tasks(
            PartWork.of("facts", sources, FactSource::number, FactSource::path),
            new ReadFacts(context.setup(), templates, reading),
            FileRead.class);
    List<String> relations = context.config().facts().relations();
    requireKnown(read, relations);
    requireFacts(read);
    Dataset<Row> facts = numbered(staged(context, read));
    requireUsable(facts, relations);
    List<TableFile> rejects = new ArrayList<>();
    read.stream().map(FileRead::rejects).filter(Objects::nonNull).forEach(rejects::add);
    rejects.addAll(templateRejects(context, templates));
    rejects.addAll(
        facts
            .filter(col("copy").gt(1))
            .sortWithinPartitions("file", "ordinal")
            .javaRDD()
            .mapPartitions(new WriteDuplicates(context.setup(), sources.size()))
            .collect());
    context.made(SourcedReject.TABLE, rejects);
    WindowSpec sameHead = Window.partitionBy("relation", "head");
    Dataset<Row> all =
        facts
            .filter(col("copy").equalTo(1))
            .withColumn("other_answers", size(collect_set("answer").over(sameHead)).minus(1));
    int limit = context.config().facts().limitPerRelation();
    if (limit == 0) {
      return shards(context, all, promptsBefore(read, sources));
    }
    Dataset<Row> some = limited(all, limit);
    return shards(context, some, promptsBefore(some, sources));
  }

  /** The facts of a shard in words. */
  static String names(StageContext context, Shard shard) {
    Path file = context.setup().staging().file(WriteFactShards.SHARDS, shard.file());
    return FactRows.names(context.session().read().parquet(file.toString()));
  }

  private static List<FactSource> sources(Configuration hadoop, StageContext context) {
    List<FactSource> sources = new ArrayList<>();
    for (CorpusInput file :
        CorpusInputs.list(hadoop, "facts.input", context.config().facts().input())) {
      int number = sources.size();
      sources.add(new FactSource(number, number, file.path(), FactSource.Kind.FACTS));
    }
    int facts = sources.size();
    for (CorpusInput file :
        CorpusInputs.list(hadoop, "facts.pairs", context.config().facts().pairs())) {
      int number = sources.size();
      sources.add(new FactSource(number, number - facts, file.path(), FactSource.Kind.PAIRS));
    }
    return sources;
  }

  private static void requireKnown(List<FileRead> read, List<String> relations) {
    TreeSet<String> known = new TreeSet<>();
    read.forEach(file -> known.addAll(file.relations()));
    List<String> unknown = relations.stream().filter(r -> !known.contains(r)).toList();
    if (!unknown.isEmpty()) {
      String some = known.stream().limit(NAMED).collect(Collectors.joining(", "));
      throw CensusException.input(
          "census.facts.relations: the files have no relation %s. %s"
              .formatted(
                  String.join(", ", unknown),
                  known.isEmpty()
                      ? "They have none at all."
                      : "They have: " + some + (known.size() > NAMED ? ", ..." : "")));
    }
  }

  private static void requireFacts(List<FileRead> read) {
    if (read.stream().anyMatch(file -> file.facts() != null)) {
      return;
    }
    String example =
        read.stream()
            .map(FileRead::example)
            .filter(Objects::nonNull)
            .findFirst()
            .orElse("the files are empty");
    throw CensusException.input(
        "census.facts: no prompt in them can be used with this model; the first reject is: "
            + example);
  }

  private static void requireUsable(Dataset<Row> facts, List<String> relations) {
    if (relations.isEmpty()) {
      return;
    }
    List<String> missing = new ArrayList<>(relations);
    facts
        .select("relation")
        .distinct()
        .collectAsList()
        .forEach(row -> missing.remove(row.getString(0)));
    if (!missing.isEmpty()) {
      throw CensusException.input(
          "census.facts.relations: no fact can be used with this model of "
              + String.join(", ", missing));
    }
  }

  private static Dataset<Row> staged(StageContext context, List<FileRead> read) {
    String[] paths =
        read.stream()
            .map(FileRead::facts)
            .filter(Objects::nonNull)
            .map(file -> context.setup().staging().file(ReadFacts.FACTS, file.name()))
            .map(Path::toString)
            .toArray(String[]::new);
    return context.session().read().parquet(paths);
  }

  /**
   * Says of each fact which copy it is of those with its id, from 1, and where the first stands.
   */
  private static Dataset<Row> numbered(Dataset<Row> facts) {
    WindowSpec copies = Window.partitionBy("relation", "fact_id").orderBy("file", "ordinal");
    return facts
        .withColumn("copy", row_number().over(copies))
        .withColumn("first_source", first("source").over(copies))
        .withColumn("first_line", first("line").over(copies));
  }

  private static List<TableFile> templateRejects(StageContext context, Templates templates) {
    if (templates.rejects().isEmpty()) {
      return List.of();
    }
    try (ParquetTableWriter<SourcedReject> writer =
        context.create(SourcedReject.TABLE, SourcedReject::encode)) {
      for (SourcedReject reject : templates.rejects()) {
        writer.write(reject);
      }
      return List.of(writer.finish());
    } catch (IOException e) {
      throw CensusException.cannotWrite(SourcedReject.TABLE, e);
    }
  }

  /** Prompts in the files before each file, and in all. */
  private static long[] promptsBefore(List<FileRead> read, List<FactSource> sources) {
    long[] prompts = new long[sources.size()];
    read.forEach(file -> prompts[file.file()] = file.prompts());
    return before(prompts);
  }

  /** The same of facts that are left of those in the files. */
  private static long[] promptsBefore(Dataset<Row> facts, List<FactSource> sources) {
    long[] prompts = new long[sources.size()];
    facts
        .groupBy("file")
        .agg(sum(size(col("prompt_ids"))))
        .collectAsList()
        .forEach(row -> prompts[row.getInt(0)] = row.getLong(1));
    return before(prompts);
  }

  private static long[] before(long[] prompts) {
    long[] before = new long[prompts.length + 1];
    for (int file = 0; file < prompts.length; file++) {
      before[file + 1] = before[file] + prompts[file];
    }
    return before;
  }

  private static List<Shard> shards(
      StageContext context, Dataset<Row> facts, long[] promptsBefore) {
    long shardPrompts = context.config().attribute().shardPrompts();
    int shards = Math.toIntExact(promptsBefore[promptsBefore.length - 1] / shardPrompts + 1);
    UserDefinedFunction shard =
        udf(
            (UDF2<Integer, Long, Integer>)
                (file, before) -> Math.toIntExact((promptsBefore[file] + before) / shardPrompts),
            DataTypes.IntegerType);
    int partitions = Math.max(1, Math.min(shards, 8 * context.spark().defaultParallelism()));
    return facts
        .withColumn("shard", shard.apply(col("file"), col("prompts_before")))
        .repartition(partitions, col("shard"))
        .sortWithinPartitions("shard", "file", "ordinal")
        .javaRDD()
        .mapPartitions(new WriteFactShards(context.setup()))
        .collect()
        .stream()
        .sorted(Comparator.comparingInt(Shard::index))
        .toList();
  }

  /**
   * So many facts of each relation: which ones follows from their names alone. Their prompts are
   * counted anew, lest shards of as many prompts as ever be nearly empty.
   */
  private static Dataset<Row> limited(Dataset<Row> facts, int limit) {
    UserDefinedFunction draw =
        udf(
            (UDF2<String, String, Long>)
                (relation, id) -> new FactKey(relation, id).hash("facts of the relation"),
            DataTypes.LongType);
    WindowSpec drawn =
        Window.partitionBy("relation")
            .orderBy(draw.apply(col("relation"), col("fact_id")), col("fact_id"));
    WindowSpec before =
        Window.partitionBy("file")
            .orderBy("ordinal")
            .rowsBetween(Window.unboundedPreceding(), Window.currentRow() - 1);
    return facts
        .withColumn("drawn", row_number().over(drawn))
        .filter(col("drawn").leq(limit))
        .drop("drawn")
        .withColumn("prompts_before", coalesce(sum(size(col("prompt_ids"))).over(before), lit(0L)));
  }
}
