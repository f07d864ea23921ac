package io.github.ffncensus.interpret.patterns;

import io.github.ffncensus.text.WordSplitter;
import java.util.List;
import java.util.Map;

/** Cuts prefixes into words and looks at them. Not thread-safe. */
final class PrefixReader {
  private final WordSplitter splitter;
  private final Language language;
  private final ShapeFinder shapes;
  private final int windowWords;

  PrefixReader(PatternSettings settings) {
    this.splitter = new WordSplitter(settings.language());
    this.language = new Language(settings.language(), settings.stopWords());
    this.shapes = new ShapeFinder(language);
    this.windowWords = settings.windowWords();
  }

  Prefix read(PrefixText prefix) {
    List<String> asWritten = splitter.split(prefix.text());
    List<String> words = asWritten.stream().map(language::lowerCase).toList();
    int size = words.size();
    boolean[] content = new boolean[size];
    for (int i = 0; i < size; i++) {
      content[i] = hasLetterOrDigit(words.get(i)) && !language.isStopWord(words.get(i));
    }
    boolean endsInWord = size > 0 && words.get(size - 1).codePoints().anyMatch(Character::isLetter);
    return new Prefix(
        prefix.rank(),
        prefix.documentId(),
        words,
        content,
        Math.max(0, size - windowWords),
        endsInWord ? language.stem(words.get(size - 1)) : null,
        prefix.token(),
        prefix.target(),
        size == 0 ? Map.of() : shapes.of(asWritten, words));
  }

  private static boolean hasLetterOrDigit(String word) {
    return word.codePoints().anyMatch(Character::isLetterOrDigit);
  }
}
