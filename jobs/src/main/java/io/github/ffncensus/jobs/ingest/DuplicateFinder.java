package io.github.ffncensus.jobs.ingest;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.row_number;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Finds the usable documents that have the id of an earlier one. The ids are shuffled and sorted
 * with spilling, so that neither their number nor the frequency of one matters; the driver sees
 * counts per split.
 */
final class DuplicateFinder {
  static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.StringType, false)
          .add("split", DataTypes.IntegerType, false)
          .add("document", DataTypes.LongType, false)
          .add("sequences", DataTypes.LongType, false)
          .add("tokens", DataTypes.LongType, false);

  private DuplicateFinder() {}

  /** By split; splits without duplicates are missing. */
  static Map<Integer, SplitDuplicates> find(
      SparkSession spark, IngestContext context, List<StagedSplit> splits) {
    JavaRDD<Row> ids =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(splits, splits.size())
            .flatMap(new DocumentIds(context));
    Dataset<Row> duplicates =
        spark
            .createDataFrame(ids, SCHEMA)
            .withColumn(
                "place", row_number().over(Window.partitionBy("id").orderBy("split", "document")))
            .where(col("place").gt(1))
            .drop("id", "place");
    return duplicates
        .repartition(col("split"))
        .sortWithinPartitions("split", "document")
        .toJavaRDD()
        .mapPartitions(new WriteDuplicates(context))
        .collect()
        .stream()
        .collect(Collectors.toMap(SplitDuplicates::split, found -> found));
  }
}
