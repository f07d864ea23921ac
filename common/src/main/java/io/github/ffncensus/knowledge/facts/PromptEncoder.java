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
  private final boolean needsOther;

  /** As with all parameters, for who needs the answers alone. */
  public PromptEncoder(
      ModelTokenizer tokenizer, boolean causal, Fill fill, String marker, int maxTokens) {
    this(tokenizer, causal, fill, marker, maxTokens, false);
  }

  /**
   * @param marker what prompts have in the answer's place
   * @param maxTokens that the model reads at once, special tokens included
   * @param needsOther whether prompts must have another answer, of as many tokens as the right one
   * @throws CensusException of kind INPUT if the model is a masked one and its tokenizer knows no
   *     mask
   */
  public PromptEncoder(
      ModelTokenizer tokenizer,
      boolean causal,
      Fill fill,
      String marker,
      int maxTokens,
      boolean needsOther) {
    this.tokenizer = tokenizer;
    this.causal = causal;
    this.fill = fill;
    this.marker = marker;
    this.maxTokens = maxTokens;
    this.needsOther = needsOther;
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
   * @param other tokens of the other answer, one for each of the answer's; null unless needed
   * @param reason null unless rejected
   * @param detail null unless rejected
   */
  public record Result(
      Fact fact, Prompt prompt, EncodedPrompt encoded, int[] other, Reason reason, String detail) {

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
    List<Result> results = new ArrayList<>();
    List<Asked> asked = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (Fact fact : facts) {
      for (Prompt prompt : fact.prompts()) {
        Result problem = problem(fact, prompt);
        if (problem == null) {
          Asked one = asked(fact, prompt, results.size());
          asked.add(one);
          texts.add(one.shown());
          texts.add(one.answer().text());
          if (needsOther) {
            texts.add(one.other().text());
          }
        }
        results.add(problem);
      }
    }
    List<TokenizedText> tokens = tokenizer.encodeAll(texts);
    int each = needsOther ? 3 : 2;
    for (int i = 0; i < asked.size(); i++) {
      Result result = result(asked.get(i), tokens.subList(each * i, each * (i + 1)));
      results.set(asked.get(i).number(), result);
    }
    return results;
  }

  /**
   * A prompt's texts.
   *
   * @param number among all prompts
   * @param shown what the model is shown, the mask in the answer's place
   * @param other null unless needed
   */
  private record Asked(
      Fact fact, Prompt prompt, int number, String shown, AnswerPlace answer, AnswerPlace other) {}

  private Asked asked(Fact fact, Prompt prompt, int number) {
    int at = prompt.text().indexOf(marker);
    String before = prompt.text().substring(0, at);
    String after = prompt.text().substring(at + marker.length());
    String shown = causal ? before.stripTrailing() : before + tokenizer.maskToken().get() + after;
    String seen = causal ? "" : after;
    AnswerPlace other = needsOther ? AnswerPlace.of(before, prompt.other(), seen) : null;
    return new Asked(
        fact, prompt, number, shown, AnswerPlace.of(before, prompt.answer(), seen), other);
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
    if (needsOther && prompt.other() == null) {
      return rejected(
          fact, prompt, Reason.MISSING_FIELD, "no other_answer, which attribute.target needs");
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

  private Result result(Asked asked, List<TokenizedText> tokens) {
    Fact fact = asked.fact();
    Prompt prompt = asked.prompt();
    int[] context = causal ? withoutEnd(tokens.get(0)) : tokens.get(0).ids();
    int[] answer = answer(context, asked.answer(), tokens.get(1));
    int[] other = needsOther ? answer(context, asked.other(), tokens.get(2)) : null;
    String problem = inexpressible(prompt.answer(), answer);
    if (problem == null && needsOther) {
      problem = inexpressible(prompt.other(), other);
      if (problem == null && other.length != answer.length) {
        problem =
            "«%s» has %d tokens, the answer «%s» %d"
                .formatted(prompt.other(), other.length, prompt.answer(), answer.length);
      }
    }
    if (problem != null) {
      return rejected(fact, prompt, Reason.INEXPRESSIBLE_ANSWER, problem);
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
    return new Result(fact, prompt, encoded, other, null, null);
  }

  /**
   * The answer's tokens in its place; where they cannot be told apart there, those it has alone.
   */
  private int[] answer(int[] context, AnswerPlace place, TokenizedText full) {
    int[] answer = causal ? following(context, full) : place.tokens(full);
    return answer.length > 0 ? answer : alone(causal ? place.withSpace() : place.alone());
  }

  private static Result rejected(Fact fact, Prompt prompt, Reason reason, String detail) {
    return new Result(fact, prompt, null, null, reason, detail);
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

  /** What is wrong with an answer; null if nothing is. */
  private String inexpressible(String text, int[] answer) {
    if (answer.length == 0) {
      return "the tokenizer makes no token of «" + text + "»";
    }
    for (int id : answer) {
      if (tokenizer.isUnknown(id)) {
        return "the vocabulary cannot spell «" + text + "»: " + tokenizer.token(id);
      }
      if (tokenizer.isSpecial(id)) {
        return "«" + text + "» contains the special token " + tokenizer.token(id);
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
