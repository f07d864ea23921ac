package io.github.ffncensus.text;

import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.text.CutDocument.Sequence;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns documents into sequences: stretches of text that fit into the model's context, with their
 * tokens. A sequence of which the tokenizer makes nothing is left out; a document without any other
 * is rejected as empty. Not thread-safe.
 */
public final class SequenceCutter {
  /** What one sequence is. */
  public enum Unit {
    SENTENCE,
    LINE,
    /** The whole text, or consecutive windows where it is longer than the context. */
    DOCUMENT
  }

  /** What to do with a sentence or a line that is longer than the context. */
  public enum OverLong {
    /** Reject its document. */
    REJECT,
    /** Cut it into windows. */
    WINDOW
  }

  /** Texts per call of the tokenizer, and characters; larger batches gain nothing. */
  private static final int BATCH_TEXTS = 256;

  private static final int BATCH_CHARACTERS = 1 << 18;

  /** Longer texts hardly ever fit, and would be held as tokens whole: see {@link WindowCutter}. */
  private static final int CHARACTERS_PER_TOKEN = 16;

  private final ModelTokenizer tokenizer;
  private final SentenceSplitter splitter;
  private final WindowCutter windows;
  private final Unit unit;
  private final boolean cutOverLong;
  private final int maxTokens;
  private final int longText;

  /**
   * @param locale of the sentences, a language tag
   * @param maxTokens tokens that the model reads at once, special tokens included
   */
  public SequenceCutter(
      ModelTokenizer tokenizer, Unit unit, OverLong overLong, String locale, int maxTokens) {
    this.tokenizer = tokenizer;
    this.splitter = unit == Unit.SENTENCE ? new SentenceSplitter(locale) : null;
    this.windows = new WindowCutter(tokenizer, maxTokens);
    this.unit = unit;
    this.cutOverLong = unit == Unit.DOCUMENT || overLong == OverLong.WINDOW;
    this.maxTokens = maxTokens;
    this.longText = (int) Math.min(BATCH_CHARACTERS, (long) maxTokens * CHARACTERS_PER_TOKEN);
  }

  /** One result per document, in order. */
  public List<CutDocument> cutAll(List<String> documents) {
    List<List<String>> pieces = new ArrayList<>(documents.size());
    List<String> texts = new ArrayList<>();
    for (String document : documents) {
      List<String> own = pieces(document);
      pieces.add(own);
      own.stream().filter(text -> text.length() <= longText).forEach(texts::add);
    }
    List<TokenizedText> tokens = encodeInBatches(texts);
    List<CutDocument> results = new ArrayList<>(documents.size());
    int next = 0;
    for (List<String> own : pieces) {
      List<TokenizedText> ownTokens = new ArrayList<>(own.size());
      for (String piece : own) {
        // A long piece has no tokens yet, and null says so.
        ownTokens.add(piece.length() <= longText ? tokens.get(next++) : null);
      }
      results.add(assemble(own, ownTokens));
    }
    return results;
  }

  public CutDocument cut(String document) {
    return cutAll(List.of(document)).get(0);
  }

  private List<String> pieces(String document) {
    if (SentenceSplitter.trim(document).isEmpty()) {
      return List.of();
    }
    return switch (unit) {
      case SENTENCE -> splitter.split(document);
      case LINE -> document.lines().filter(line -> !SentenceSplitter.trim(line).isEmpty()).toList();
      case DOCUMENT -> List.of(document);
    };
  }

  private List<TokenizedText> encodeInBatches(List<String> texts) {
    List<TokenizedText> tokens = new ArrayList<>(texts.size());
    int from = 0;
    while (from < texts.size()) {
      int to = from;
      int characters = 0;
      while (to < texts.size() && to - from < BATCH_TEXTS && characters < BATCH_CHARACTERS) {
        characters += texts.get(to++).length();
      }
      tokens.addAll(tokenizer.encodeAll(texts.subList(from, to)));
      from = to;
    }
    return tokens;
  }

  private CutDocument assemble(List<String> pieces, List<TokenizedText> tokens) {
    List<Sequence> sequences = new ArrayList<>(pieces.size());
    for (int i = 0; i < pieces.size(); i++) {
      String piece = pieces.get(i);
      TokenizedText own = tokens.get(i) == null ? windows.whole(piece) : tokens.get(i);
      if (own != null && own.ids().length <= maxTokens) {
        if (own.realTokens() > 0) {
          sequences.add(new Sequence(piece, own));
        }
        continue;
      }
      List<Sequence> cut = cutOverLong ? windows.cut(piece) : null;
      if (cut == null) {
        return CutDocument.rejected(RejectReason.OVER_LONG, overLong(i, piece));
      }
      sequences.addAll(cut);
    }
    return sequences.isEmpty()
        ? CutDocument.rejected(RejectReason.EMPTY, "no token in it")
        : CutDocument.of(sequences);
  }

  private String overLong(int ordinal, String piece) {
    String what =
        switch (unit) {
          case SENTENCE -> "sentence " + (ordinal + 1);
          case LINE -> "line " + (ordinal + 1);
          case DOCUMENT -> "the document";
        };
    return what
        + " ("
        + piece.length()
        + " characters) does not fit into the model's "
        + maxTokens
        + " tokens"
        + (cutOverLong ? " and cannot be cut" : "");
  }
}
