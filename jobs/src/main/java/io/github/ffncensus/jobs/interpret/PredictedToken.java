package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.text.ModelTokenizer;

/** Names of what a model predicts. */
final class PredictedToken {
  private PredictedToken() {}

  /** Rows of an embedding that no token has are predicted like all others. */
  static String name(ModelTokenizer tokenizer, int id) {
    return tokenizer.hasToken(id) ? tokenizer.token(id) : "<no token " + id + ">";
  }
}
