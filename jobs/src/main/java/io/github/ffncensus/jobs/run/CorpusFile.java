package io.github.ffncensus.jobs.run;

/**
 * A file of the corpus as the manifest knows it.
 *
 * @param path with scheme
 * @param fingerprint SHA-256 over the length, the first and the last megabyte
 */
public record CorpusFile(String path, long bytes, String fingerprint) {}
