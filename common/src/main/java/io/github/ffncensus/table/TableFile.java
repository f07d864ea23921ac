package io.github.ffncensus.table;

import java.io.Serializable;

/**
 * A finished file of a table, as a manifest records it.
 *
 * @param name file name without folder
 * @param rows rows in the file
 * @param bytes length of the file
 * @param sha256 of the file's bytes, lower-case hexadecimal
 */
public record TableFile(String name, long rows, long bytes, String sha256)
    implements Serializable {}
