package io.github.ffncensus.jobs.run;

/**
 * The model as the manifest knows it: what it is called, what it looks like, and by the hashes
 * which one it is.
 */
public record ModelIdentity(
    String name,
    String path,
    String modelType,
    int layers,
    int neuronsPerLayer,
    String weightsSha256,
    String tokenizerSha256,
    String configSha256) {}
