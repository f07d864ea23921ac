package io.github.ffncensus.jobs.knowledge;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** Views of {@code ddl.sql} over the files of a stage, as temporary views of a session. */
public final class SqlViews {
  private SqlViews() {}

  /** Registers the files of a table under its name. */
  public static void table(SparkSession spark, String table, String... files) {
    spark
        .read()
        .parquet(files)
        .withColumn("run_id", functions.lit("r"))
        .createOrReplaceTempView(table);
  }

  /** The rows of a view, whose tables and views must have been registered. */
  public static Dataset<Row> view(SparkSession spark, String name) {
    spark.sql(definition(name).replace("CREATE OR REPLACE VIEW", "CREATE OR REPLACE TEMP VIEW"));
    return spark.table(name);
  }

  private static String definition(String name) {
    try {
      String sql = Files.readString(Path.of("../data-schemas/ddl.sql")).replaceAll("(?m)--.*$", "");
      int start = sql.indexOf("CREATE OR REPLACE VIEW " + name + " AS");
      return sql.substring(start, sql.indexOf(';', start));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
