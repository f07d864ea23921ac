package io.github.ffncensus.model;

/**
 * A map from the residual space to logits: how a vector inside the model is read as a prediction.
 */
public enum Lens {
  /** E h: the output embedding alone, as Geva et al. 2021 print it; no norm, no bias. */
  RAW,
  /**
   * E (g * (h - mean h)): the output embedding after the linear part of the final norm, with gain g
   * (root-mean-square norms do not centre). Linear in h; ranks tokens as {@link #HEAD} does where
   * neither norm shift nor head bias exists. The same as {@link #RAW} for models without a final
   * norm.
   */
  FOLDED,
  /** The model's own final norm and prediction head, their biases included. */
  HEAD;

  /**
   * This lens under the name that it has for a model: without a final norm there is none to fold.
   */
  public Lens in(Architecture architecture) {
    return this == FOLDED && !architecture.preNorm() ? RAW : this;
  }

  /**
   * The lens for value vectors, which are directions rather than states: {@link #FOLDED} where the
   * model has a final norm, {@link #RAW} where it has none.
   */
  public static Lens ofValues(Architecture architecture) {
    return architecture.preNorm() ? FOLDED : RAW;
  }
}
