package io.github.ffncensus.jobs.attribute;

/** Columns that tables are joined on. */
final class AttributeColumns {
  private AttributeColumns() {}

  static String[] fact() {
    return new String[] {"relation", "fact_id"};
  }

  static String[] prompt() {
    return new String[] {"relation", "fact_id", "prompt_id"};
  }
}
