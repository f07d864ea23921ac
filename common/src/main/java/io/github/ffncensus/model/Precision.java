package io.github.ffncensus.model;

/**
 * Number format of weights and of the forward pass. Coefficients are always observed as float32.
 */
public enum Precision {
  FLOAT32,
  FLOAT16,
  BFLOAT16
}
