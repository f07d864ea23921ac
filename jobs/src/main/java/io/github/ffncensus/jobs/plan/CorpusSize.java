package io.github.ffncensus.jobs.plan;

/**
 * How large a corpus is once it is cut and tokenized.
 *
 * @param bytes of its files, compressed as they are
 * @param documents those that are used
 * @param tokens special tokens included
 * @param textBytes of the sequences, in UTF-8
 */
public record CorpusSize(
    long bytes, double documents, double sequences, double tokens, double textBytes) {

  /** Mean length of a sequence, special tokens included. */
  public double tokensPerSequence() {
    return sequences == 0 ? 0 : tokens / sequences;
  }

  /** The same corpus with more of everything. */
  public CorpusSize times(double factor, long wholeBytes) {
    return new CorpusSize(
        wholeBytes, documents * factor, sequences * factor, tokens * factor, textBytes * factor);
  }
}
