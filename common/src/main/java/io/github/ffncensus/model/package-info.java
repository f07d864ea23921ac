/**
 * Hugging Face checkpoint folders and the one forward pass that runs them.
 *
 * <p>Read in this order: {@link io.github.ffncensus.model.ModelFolder} (what is on disk), {@link
 * io.github.ffncensus.model.ModelFamilies} (how an architecture is declared), {@link
 * io.github.ffncensus.model.TransformerLoader} (weights), {@link
 * io.github.ffncensus.model.Transformer} (the forward pass), {@link
 * io.github.ffncensus.model.ForwardObserver} (what an analysis sees of it). Nothing here knows of
 * analyses, tables or Spark.
 */
package io.github.ffncensus.model;
