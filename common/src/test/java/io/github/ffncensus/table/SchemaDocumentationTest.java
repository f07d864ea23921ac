package io.github.ffncensus.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas, SQL and documentation say the same. */
class SchemaDocumentationTest {
  private static final Path FOLDER = Path.of("../data-schemas");
  private static final Pattern DOCUMENTED =
      Pattern.compile("\\| `(\\w+)` \\| (\\S+) \\| (yes|no) \\|");

  static List<String> tables() {
    return TableSchema.tables();
  }

  @ParameterizedTest
  @MethodSource("tables")
  void documentationListsEveryColumn(String table) throws IOException {
    List<String> documented = new ArrayList<>();
    Matcher rows = DOCUMENTED.matcher(Files.readString(FOLDER.resolve(table + ".md")));
    while (rows.find()) {
      String type = rows.group(2).replace("&lt;", "<").replace("&gt;", ">");
      documented.add(rows.group(1) + " " + type + " " + rows.group(3));
    }
    assertThat(documented)
        .isEqualTo(
            columns(table)
                .map(column -> column.getName() + " " + sqlType(column) + " " + nullable(column))
                .toList());
  }

  @ParameterizedTest
  @MethodSource("tables")
  void sqlCreatesEveryColumn(String table) throws IOException {
    String sql = Files.readString(FOLDER.resolve("ddl.sql"));
    String columns =
        String.join(
            ",\n",
            columns(table)
                .map(column -> "  `" + column.getName() + "` " + sqlType(column))
                .toList());
    assertThat(sql)
        .contains(
            "CREATE TABLE IF NOT EXISTS " + table + " (\n" + columns + ",\n  `run_id` STRING\n)")
        .contains("CREATE OR REPLACE VIEW " + table + " AS");
  }

  @Test
  void everySchemaIsATable() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(name -> name.endsWith(".schema"))
                  .map(name -> name.replace(".schema", "")))
          .containsExactlyInAnyOrderElementsOf(TableSchema.tables());
    }
  }

  private static Stream<Type> columns(String table) {
    return TableSchema.load(table).getFields().stream();
  }

  private static String nullable(Type column) {
    return column.isRepetition(Repetition.OPTIONAL) ? "yes" : "no";
  }

  private static String sqlType(Type column) {
    if (column.isPrimitive()) {
      return sqlType(column.asPrimitiveType().getPrimitiveTypeName());
    }
    Type element = column.asGroupType().getType(0).asGroupType().getType(0);
    return "ARRAY<" + sqlType(element.asPrimitiveType().getPrimitiveTypeName()) + ">";
  }

  private static String sqlType(PrimitiveTypeName type) {
    return switch (type) {
      case BOOLEAN -> "BOOLEAN";
      case INT32 -> "INT";
      case INT64 -> "BIGINT";
      case FLOAT -> "FLOAT";
      case DOUBLE -> "DOUBLE";
      case BINARY -> "STRING";
      default -> throw new IllegalArgumentException(type.toString());
    };
  }
}
