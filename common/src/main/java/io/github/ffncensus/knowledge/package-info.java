/**
 * Knowledge neurons (Dai et al., ACL 2022): facts and their prompts, integrated gradients,
 * refinement, interventions and edits.
 */
package io.github.ffncensus.knowledge;
