package io.github.ffncensus.analysis.positions;

import java.util.Locale;

/** Where the prediction after a layer comes from (Geva et al., section 5.2). */
public enum PredictionClass {
  /** The residual's prediction stays, and the FFN's is another. */
  RESIDUAL,
  /** The FFN's prediction replaces the residual's. */
  FFN,
  /** All three are the same. */
  AGREEMENT,
  /** Neither the residual's nor the FFN's. */
  COMPOSITION;

  static PredictionClass of(int residualToken, int ffnToken, int layerToken) {
    boolean ofResidual = layerToken == residualToken;
    boolean ofFfn = layerToken == ffnToken;
    if (ofResidual) {
      return ofFfn ? AGREEMENT : RESIDUAL;
    }
    return ofFfn ? FFN : COMPOSITION;
  }

  /** As in tables. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
