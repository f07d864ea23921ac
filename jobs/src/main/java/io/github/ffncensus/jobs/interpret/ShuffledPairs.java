package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The agreement that a group of neurons would have if their values and targets were paired at
 * random: the baseline of every rate of agreement, because both sides favour frequent tokens.
 */
final class ShuffledPairs {
  private ShuffledPairs() {}

  /**
   * Per group, the sum over tokens of values that predict the token x targets that are it, over the
   * square of the group's neurons.
   *
   * @param answered neurons with a target
   * @param top the token that a value predicts; null, if it predicts nothing, pairs with no target
   * @param target the token at the strongest trigger
   * @param groups columns
   * @return by the values of the groups' columns
   */
  static Map<List<Object>, Double> rates(
      Dataset<Row> answered, Column top, Column target, String... groups) {
    Dataset<Row> predicted = counts(answered, top, "values", groups);
    Dataset<Row> wanted = counts(answered, target, "targets", groups);
    List<String> keys = new ArrayList<>(List.of(groups));
    keys.add("token");
    Map<List<Object>, Double> rates = new HashMap<>();
    for (Row row :
        wanted
            .join(predicted, keys.toArray(String[]::new), "left")
            .groupBy(columns(groups))
            .agg(
                sum(col("targets").multiply(coalesce(col("values"), lit(0L)))).as("pairs"),
                sum("targets").as("neurons"))
            .collectAsList()) {
      List<Object> group = new ArrayList<>();
      for (int i = 0; i < groups.length; i++) {
        group.add(row.get(i));
      }
      double n = row.getLong(groups.length + 1);
      rates.put(group, row.getLong(groups.length) / (n * n));
    }
    return rates;
  }

  private static Dataset<Row> counts(
      Dataset<Row> answered, Column token, String name, String... groups) {
    List<Column> keys = new ArrayList<>(List.of(columns(groups)));
    keys.add(token.as("token"));
    return answered.groupBy(keys.toArray(Column[]::new)).agg(count(lit(1)).as(name));
  }

  private static Column[] columns(String... names) {
    Column[] columns = new Column[names.length];
    for (int i = 0; i < names.length; i++) {
      columns[i] = col(names[i]);
    }
    return columns;
  }
}
