/**
 * Integrated gradients of answers over memory coefficients (Dai et al. 2022, section 3.2), many
 * prompts at a time.
 */
package io.github.ffncensus.knowledge.attribution;
