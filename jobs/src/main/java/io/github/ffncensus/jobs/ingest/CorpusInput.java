package io.github.ffncensus.jobs.ingest;

import java.io.Serializable;

/**
 * A file of the corpus.
 *
 * @param path with scheme
 * @param name relative to the folder that all files of the corpus have in common; ids of documents
 *     that have none of their own begin with it, wherever the corpus lies
 * @param bytes length of the file
 */
public record CorpusInput(String path, String name, long bytes) implements Serializable {}
