/** Composition within a layer and refinement across layers, at sampled positions. */
package io.github.ffncensus.analysis.positions;
