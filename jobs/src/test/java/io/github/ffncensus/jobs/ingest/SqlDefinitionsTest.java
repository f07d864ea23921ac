package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.SequenceRow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code data-schemas/ddl.sql} is SQL that Spark runs, over files as this product writes them. */
class SqlDefinitionsTest {
  @TempDir Path folder;

  @Test
  void sparkReadsTheTables() throws Exception {
    var file = new org.apache.hadoop.fs.Path(folder + "/w/sequences/run_id=2026-11-23/p.parquet");
    try (ParquetTableWriter<SequenceRow> writer =
        ParquetTableWriter.create(
            new Configuration(), file, "sequences", "2026-11-23", SequenceRow.ENCODER)) {
      int[] tokens = {1, 2};
      writer.write(new SequenceRow(0, "d", 0, "text", tokens, tokens, tokens));
      writer.finish();
    }
    SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.warehouse.dir", folder.resolve("spark").toString())
            .getOrCreate();
    try {
      statements().forEach(spark::sql);
      spark.sql("MSCK REPAIR TABLE sequences");
      Row row = spark.sql("SELECT * FROM sequences WHERE run_id = '2026-11-23'").head();
      assertThat(row.<String>getAs("text")).isEqualTo("text");
      assertThat(row.getList(row.fieldIndex("token_ids"))).isEqualTo(List.of(1, 2));
      assertThat(spark.sql("SELECT * FROM triggers_in_context").count()).isZero();
      assertThat(spark.sql("SELECT * FROM layer_activity").count()).isZero();
      assertThat(spark.sql("SELECT * FROM reject_reasons").count()).isZero();
      assertThat(spark.sql("SELECT * FROM fact_reject_reasons").count()).isZero();
      assertThat(spark.sql("SELECT * FROM facts_with_neurons").count()).isZero();
    } finally {
      spark.stop();
    }
  }

  /** Those for Spark and those for all. */
  private List<String> statements() throws Exception {
    String sql =
        Files.readString(Path.of("../data-schemas/ddl.sql"))
            .replaceAll("(?m)--.*$", "")
            .replace("${warehouse}", "file:" + folder.resolve("w"));
    List<String> statements = new ArrayList<>();
    for (String statement : sql.split(";")) {
      if (!statement.isBlank() && !statement.contains("read_parquet")) {
        statements.add(statement);
      }
    }
    return statements;
  }
}
