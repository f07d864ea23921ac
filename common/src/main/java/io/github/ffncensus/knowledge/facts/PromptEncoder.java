package io.github.ffncensus.knowledge.facts;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import io.github.ffncensus.text.ModelTokenizer;
import io.github.ffncensus.text.TokenizedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Turns prompts into what the model reads, and tells of those that it cannot read.
 *
 * <p>A masked model gets its own mask token in the answer's place, once per token of the answer. A
 * causal model gets the text before that place without the space at its end, then the answer's
 * tokens but the last; of the text after it nothing may be left but punctuation. The answer's
 * tokens are those that stand in the place when the whole text is tokenized, the space before a
 * word included where the vocabulary has it so. Thread-safe.
 */
public final class PromptEncoder {
  /** How a masked model reads an answer of several tokens. */
  public enum Fill {
    /** A pass per token, those before it filled in. */
    LEFT_TO_RIGHT,
    /** One pass, every token predicted beside masks. */
    ALL_MASKED
  }

  private final ModelTokenizer tokenizer;
  private final boolean causal;
  private final Fill fill;
  private final String marker;
  private final int maxTokens;

  /**
   * @param marker what prompts have in the answer's place
   * @param maxTokens that the model reads at once, special tokens included
   * @throws CensusException of kind INPUT if the model is a masked one and its tokenizer knows no
   *     mask
   */
  public PromptEncoder(
      ModelTokenizer tokenizer, boolean causal, Fill fill, String marker, int maxTokens) {
    this.tokenizer = tokenizer;
    this.causal = causal;
    this.fill = fill;
    this.marker = marker;
    this.maxTokens = maxTokens;
    if (!causal && tokenizer.maskToken().isEmpty()) {
      throw CensusException.input(
          "the model is a masked one, but its tokenizer has no mask token: tokenizer.json lists"
              + " neither [MASK] nor <mask> as a special token, and tokenizer_config.json names no"
              + " mask_token that it lists");
    }
  }

  /**
   * A prompt, encoded or not.
   *
   * @param encoded null if rejected
   * @param reason null unless rejected
   * @param detail null unless rejected
   */
  public record Result(
      Fact fact, Prompt prompt, EncodedPrompt encoded, Reason reason, String detail) {

    /** The reject's row; to be asked for only if there is a reason. */
    public FactReject reject(long line) {
      return FactReject.prompt(line, fact, prompt.id(), reason, detail);
    }
  }

  /** How answers are read, for the output: {@code causal} or the fill. */
  public String reading() {
    return causal ? "causal" : fill.name().toLowerCase(Locale.ROOT);
  }

  /** All prompts of all facts, in order. */
  public List<Result> encodeAll(List<Fact> facts) {
    List<Place> places = new ArrayList<>();
    List<Result> results = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (Fact fact : facts) {
      for (Prompt prompt : fact.prompts()) {
        Result problem = problem(fact, prompt);
        results.add(problem);
        if (problem == null) {
          Place place = place(prompt);
          places.add(place);
          texts.add(place.shown());
          texts.add(place.full());
        }
      }
    }
    List<TokenizedText> tokens = tokenizer.encodeAll(texts);
    int next = 0;
    int result = 0;
    for (Fact fact : facts) {
      for (Prompt prompt : fact.prompts()) {
        if (results.get(result) == null) {
          results.set(
              result,
              result(
                  fact, prompt, places.get(next), tokens.get(2 * next), tokens.get(2 * next + 1)));
          next++;
        }
        result++;
      }
    }
    return results;
  }

  /**
   * A prompt's texts.
   *
   * @param shown what the model is shown, the mask in the answer's place
   * @param full with the answer
   * @param start code point of the answer in {@code full}
   * @param end code point after it
   */
  private record Place(String shown, String full, int start, int end) {}

  private Place place(Prompt prompt) {
    int at = prompt.text().indexOf(marker);
    String before = prompt.text().substring(0, at);
    String after = prompt.text().substring(at + marker.length());
    String shown = causal ? before.stripTrailing() : before + tokenizer.maskToken().get() + after;
    int start = before.codePointCount(0, before.length());
    return new Place(
        shown,
        before + prompt.answer() + (causal ? "" : after),
        start,
        start + prompt.answer().codePointCount(0, prompt.answer().length()));
  }

  /** What is wrong with the text; null if nothing is. */
  private Result problem(Fact fact, Prompt prompt) {
    int at = prompt.text().indexOf(marker);
    if (at < 0) {
      return rejected(fact, prompt, Reason.NO_MARKER, "no " + marker + " in: " + prompt.text());
    }
    if (prompt.text().indexOf(marker, at + marker.length()) >= 0) {
      return rejected(
          fact, prompt, Reason.SEVERAL_MARKERS, "several " + marker + " in: " + prompt.text());
    }
    if (!causal) {
      return null;
    }
    if (prompt.text().substring(0, at).isBlank()) {
      return rejected(
          fact,
          prompt,
          Reason.NO_TEXT_BEFORE,
          "a causal model predicts the answer from the text before it, and there is none: "
              + prompt.text());
    }
    if (!prompt.text().substring(at + marker.length()).codePoints().allMatch(TextEnds::isEnd)) {
      return rejected(
          fact,
          prompt,
          Reason.TEXT_AFTER,
          "a causal model does not see the text after the answer's place: " + prompt.text());
    }
    return null;
  }

  private Result result(
      Fact fact, Prompt prompt, Place place, TokenizedText shown, TokenizedText full) {
    int[] context = causal ? withoutEnd(shown) : shown.ids();
    int[] answer = causal ? following(context, full) : standing(place, full);
    if (answer.length == 0) {
      answer = alone(causal ? place.full().substring(place.shown().length()) : prompt.answer());
    }
    String problem = inexpressible(answer);
    if (problem != null) {
      String detail = "«" + prompt.answer() + "»: " + problem;
      return rejected(fact, prompt, Reason.INEXPRESSIBLE_ANSWER, detail);
    }
    int[] masks = causal ? new int[0] : positionsOf(tokenizer.maskId(), context);
    if (!causal && masks.length != 1) {
      return rejected(
          fact,
          prompt,
          Reason.SEVERAL_MARKERS,
          "its text already has the mask token: " + prompt.text());
    }
    List<AnswerContext> contexts =
        causal ? causal(context, answer) : masked(context, masks[0], answer);
    int length = contexts.get(0).tokens().length;
    if (length > maxTokens) {
      String detail = "has %,d tokens, the model takes %,d".formatted(length, maxTokens);
      return rejected(fact, prompt, Reason.OVER_LONG, detail);
    }
    EncodedPrompt encoded =
        new EncodedPrompt(fact.relation(), fact.factId(), prompt.id(), contexts);
    return new Result(fact, prompt, encoded, null, null);
  }

  private static Result rejected(Fact fact, Prompt prompt, Reason reason, String detail) {
    return new Result(fact, prompt, null, reason, detail);
  }

  private List<AnswerContext> masked(int[] context, int at, int[] answer) {
    int[] masks = new int[answer.length];
    Arrays.fill(masks, context[at]);
    int[] tokens = concat(concat(Arrays.copyOf(context, at), masks), rest(context, at + 1));
    if (fill == Fill.ALL_MASKED || answer.length == 1) {
      int[] positions = new int[answer.length];
      Arrays.setAll(positions, j -> at + j);
      return List.of(new AnswerContext(tokens, positions, answer));
    }
    List<AnswerContext> contexts = new ArrayList<>();
    for (int j = 0; j < answer.length; j++) {
      int[] filled = tokens.clone();
      System.arraycopy(answer, 0, filled, at, j);
      contexts.add(new AnswerContext(filled, new int[] {at + j}, new int[] {answer[j]}));
    }
    return contexts;
  }

  private static List<AnswerContext> causal(int[] context, int[] answer) {
    int[] positions = new int[answer.length];
    Arrays.setAll(positions, j -> context.length - 1 + j);
    int[] given = Arrays.copyOf(answer, answer.length - 1);
    return List.of(new AnswerContext(concat(context, given), positions, answer));
  }

  /** Without what the tokenizer adds at the end: a causal model would predict what follows it. */
  private static int[] withoutEnd(TokenizedText tokens) {
    int length = tokens.ids().length;
    while (length > 0 && tokens.isSpecial(length - 1)) {
      length--;
    }
    return Arrays.copyOf(tokens.ids(), length);
  }

  /** The tokens after the prompt's own; none if the answer changes how the prompt is cut. */
  private static int[] following(int[] context, TokenizedText full) {
    int[] whole = withoutEnd(full);
    boolean starts =
        whole.length > context.length
            && Arrays.equals(whole, 0, context.length, context, 0, context.length);
    return starts ? rest(whole, context.length) : new int[0];
  }

  /**
   * The tokens in the answer's place, that of the space before it included; none if a token reaches
   * across its ends.
   */
  private static int[] standing(Place place, TokenizedText full) {
    int[] text = place.full().codePoints().toArray();
    int space = place.start();
    while (space > 0 && TextEnds.isSpace(text[space - 1])) {
      space--;
    }
    int first = -1;
    int last = -1;
    for (int t = 0; t < full.ids().length; t++) {
      int start = full.starts()[t];
      int end = full.ends()[t];
      if (start < 0 || end <= space || start >= place.end()) {
        continue;
      }
      while (start < end && TextEnds.isSpace(text[start])) {
        start++;
      }
      // A token of space alone, which the mask takes away with the word, stands with the word.
      boolean blank = start == end;
      if (end > place.end() || !blank && start < place.start()) {
        return new int[0];
      }
      first = first < 0 ? t : first;
      last = t;
    }
    return first < 0 ? new int[0] : Arrays.copyOfRange(full.ids(), first, last + 1);
  }

  private int[] alone(String text) {
    TokenizedText tokens = tokenizer.encode(text);
    int[] ids = new int[tokens.realTokens()];
    int next = 0;
    for (int t = 0; t < tokens.ids().length; t++) {
      if (!tokens.isSpecial(t)) {
        ids[next++] = tokens.ids()[t];
      }
    }
    return ids;
  }

  private String inexpressible(int[] answer) {
    if (answer.length == 0) {
      return "the tokenizer makes no token of it";
    }
    for (int id : answer) {
      if (tokenizer.isUnknown(id)) {
        return "the vocabulary cannot spell it: " + tokenizer.token(id);
      }
      if (tokenizer.isSpecial(id)) {
        return "it contains the special token " + tokenizer.token(id);
      }
    }
    return null;
  }

  private static int[] positionsOf(int id, int[] tokens) {
    return IntStream.range(0, tokens.length).filter(t -> tokens[t] == id).toArray();
  }

  private static int[] rest(int[] tokens, int from) {
    return Arrays.copyOfRange(tokens, from, tokens.length);
  }

  private static int[] concat(int[] left, int[] right) {
    int[] both = Arrays.copyOf(left, left.length + right.length);
    System.arraycopy(right, 0, both, left.length, right.length);
    return both;
  }
}
