/** The tables: schemas from data-schemas, a Parquet writer and a reader. */
package io.github.ffncensus.table;
