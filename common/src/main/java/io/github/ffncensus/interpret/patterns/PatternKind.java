package io.github.ffncensus.interpret.patterns;

import java.util.Locale;

/** In what way prefixes can be alike. */
public enum PatternKind {
  /** The last token, as the model's tokenizer cuts it. */
  LAST_TOKEN(PatternClass.SHALLOW),
  /** The stem of the last word. */
  LAST_STEM(PatternClass.SHALLOW),
  /** The last 2 to 4 words. */
  SUFFIX_NGRAM(PatternClass.SHALLOW),
  /** 2 to 4 words in a row, in the window of last words. */
  NGRAM(PatternClass.SHALLOW),
  /** Two words in this order with one to four between them, in the window of last words. */
  SKIP_PAIR(PatternClass.SHALLOW),
  /** What the last word looks like, or that a quotation or bracket is open: see {@link Shape}. */
  SHAPE(PatternClass.SHALLOW),
  /** A content word anywhere before the last word. */
  TOPIC(PatternClass.SEMANTIC),
  /** The document that the prefix comes from. */
  DOCUMENT(PatternClass.SEMANTIC),
  /** The token that the model is to predict there: no pattern of the input. */
  NEXT_TOKEN(PatternClass.OUTPUT);

  /** What a kind says of a neuron. */
  public enum PatternClass {
    /** It responds to a form of words. */
    SHALLOW,
    /** It responds to what the text is about. */
    SEMANTIC,
    /** Its triggers have a continuation in common. */
    OUTPUT;

    /** As in tables. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final PatternClass patternClass;

  PatternKind(PatternClass patternClass) {
    this.patternClass = patternClass;
  }

  public PatternClass patternClass() {
    return patternClass;
  }

  /** As in tables. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
