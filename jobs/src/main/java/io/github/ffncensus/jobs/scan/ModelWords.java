package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.positions.TokenTraits;
import io.github.ffncensus.interpret.patterns.Language;
import io.github.ffncensus.jobs.task.Tokenizers;
import io.github.ffncensus.text.ModelTokenizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which of a model's tokens are stop words, and which share a stem, as words of the corpus'
 * language. A token counts as the word that it spells by itself, whatever it may be a part of.
 *
 * @param modelPath folder of the tokenizer
 * @param language tag
 */
record ModelWords(String modelPath, String language) implements TokenTraits.Source {

  /** Tens of thousands of tokens are decoded, so once per process. */
  private static final Map<ModelWords, TokenTraits> KNOWN = new ConcurrentHashMap<>();

  @Override
  public TokenTraits get() {
    return KNOWN.computeIfAbsent(this, ModelWords::read);
  }

  private TokenTraits read() {
    ModelTokenizer tokenizer = Tokenizers.of(modelPath);
    Language words = new Language(language, null);
    BitSet stopWords = new BitSet();
    int[] stems = new int[tokenizer.vocabularySize()];
    Arrays.fill(stems, -1);
    Map<String, Integer> numbers = new HashMap<>();
    for (int id = 0; id < stems.length; id++) {
      Optional<String> word = word(tokenizer, words, id);
      if (word.isPresent()) {
        stopWords.set(id, words.isStopWord(word.get()));
        stems[id] = numbers.computeIfAbsent(words.stem(word.get()), stem -> numbers.size());
      }
    }
    return new TokenTraits(stopWords, stems);
  }

  private static Optional<String> word(ModelTokenizer tokenizer, Language words, int id) {
    if (!tokenizer.hasToken(id) || tokenizer.isSpecial(id)) {
      return Optional.empty();
    }
    return tokenizer
        .text(id)
        .map(text -> words.lowerCase(text.strip()))
        .filter(word -> word.codePoints().anyMatch(Character::isLetter));
  }
}
