package io.github.ffncensus.interpret.patterns;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Patterns by brute force, from the definitions: prefixes are lower-case words with single spaces
 * between them, the last token is the last word, and there is no stemming.
 */
final class PatternOracle {
  private final List<PrefixText> background;
  private final Set<String> stopWords;
  private final int window;

  PatternOracle(List<PrefixText> background, Set<String> stopWords, int window) {
    this.background = background;
    this.stopWords = stopWords;
    this.window = window;
  }

  record Expected(String kind, String pattern, int support, int background, int counted) {}

  /** A pattern as text, {@code kind:words}. */
  Set<String> patterns(List<PrefixText> prefixes) {
    Set<String> all = new TreeSet<>();
    for (PrefixText prefix : prefixes) {
      String[] words = prefix.text().split(" ");
      String[] last = lastWords(words);
      all.add("last_token:" + prefix.token());
      if (prefix.token().matches(".*[a-z].*")) {
        all.add("last_stem:" + prefix.token());
      }
      for (int from = 0; from < last.length; from++) {
        for (int to = from + 1; to < last.length; to++) {
          String gram = String.join(" ", Arrays.copyOfRange(last, from, to + 1));
          if (to - from <= 3) {
            all.add("ngram:" + gram);
            if (to == last.length - 1) {
              all.add("suffix_ngram:" + gram);
            }
          }
          if (to - from >= 2 && to - from <= 5) {
            all.add("skip_pair:" + last[from] + " _ " + last[to]);
          }
        }
      }
      for (int i = 0; i < words.length - 1; i++) {
        if (isContent(words[i])) {
          all.add("topic:" + words[i]);
        }
      }
      all.add("document:" + prefix.documentId());
      if (prefix.target() != null) {
        all.add("next_token:" + prefix.target());
      }
    }
    return all;
  }

  boolean isContent(String word) {
    return word.matches(".*[a-z0-9].*") && !stopWords.contains(word);
  }

  String[] lastWords(String[] words) {
    return Arrays.copyOfRange(words, Math.max(0, words.length - window), words.length);
  }

  boolean matches(String pattern, PrefixText prefix) {
    String kind = pattern.substring(0, pattern.indexOf(':'));
    String what = pattern.substring(pattern.indexOf(':') + 1);
    String[] words = prefix.text().split(" ");
    String tail = " " + String.join(" ", lastWords(words)) + " ";
    return switch (kind) {
      case "last_token", "last_stem" -> prefix.token().equals(what);
      case "suffix_ngram" -> tail.endsWith(" " + what + " ");
      case "ngram" -> tail.contains(" " + what + " ");
      case "skip_pair" -> !pairs(what, words).isEmpty();
      case "topic" -> Arrays.asList(words).subList(0, words.length - 1).contains(what);
      case "document" -> prefix.documentId().equals(what);
      case "next_token" -> what.equals(prefix.target());
      default -> throw new IllegalArgumentException(pattern);
    };
  }

  /** Places of both words. */
  private List<Integer> pairs(String pair, String[] words) {
    String first = pair.substring(0, pair.indexOf(" _ "));
    String second = pair.substring(pair.indexOf(" _ ") + 3);
    List<Integer> places = new ArrayList<>();
    for (int i = Math.max(0, words.length - window); i < words.length; i++) {
      for (int j = i + 2; j <= i + 5 && j < words.length; j++) {
        if (words[i].equals(first) && words[j].equals(second)) {
          places.add(i);
          places.add(j);
        }
      }
    }
    return places;
  }

  /** Whether a shallow pattern that the prefix has is made of this word of it, among others. */
  boolean covers(String pattern, PrefixText prefix, int place) {
    String kind = pattern.substring(0, pattern.indexOf(':'));
    String what = pattern.substring(pattern.indexOf(':') + 1);
    String[] words = prefix.text().split(" ");
    int length = what.split(" ").length;
    switch (kind) {
      case "suffix_ngram":
        return place >= words.length - length;
      case "ngram":
        for (int i = Math.max(0, words.length - window); i + length <= words.length; i++) {
          boolean here = String.join(" ", Arrays.copyOfRange(words, i, i + length)).equals(what);
          if (here && place >= i && place < i + length) {
            return true;
          }
        }
        return false;
      case "skip_pair":
        return pairs(what, words).contains(place);
      default:
        return place == words.length - 1;
    }
  }

  int inBackground(String pattern) {
    return (int) background.stream().filter(prefix -> matches(pattern, prefix)).count();
  }

  /** P(X >= support) by summing the terms. */
  static double tail(int support, int n, double q) {
    double sum = 0;
    for (int k = n; k >= support; k--) {
      double choose = 1;
      for (int i = 0; i < k; i++) {
        choose = choose * (n - i) / (i + 1);
      }
      sum += choose * Math.pow(q, k) * Math.pow(1 - q, n - k);
    }
    return sum;
  }

  /** The reported patterns of distinct prefixes. */
  List<Expected> reported(List<PrefixText> prefixes, int minSupport, double maxAdjusted) {
    Set<String> all = patterns(prefixes);
    List<String> supported =
        all.stream().filter(pattern -> matching(pattern, prefixes).size() >= minSupport).toList();
    List<String> kept =
        supported.stream()
            .filter(pattern -> supported.stream().noneMatch(o -> beats(o, pattern, prefixes)))
            .filter(
                pattern ->
                    all.size()
                            * tail(
                                matching(pattern, prefixes).size(), prefixes.size(), rate(pattern))
                        <= maxAdjusted)
            .toList();
    return kept.stream()
        .map(
            pattern ->
                new Expected(
                    pattern.substring(0, pattern.indexOf(':')),
                    pattern.substring(pattern.indexOf(':') + 1),
                    matching(pattern, prefixes).size(),
                    inBackground(pattern),
                    (int)
                        matching(pattern, prefixes).stream()
                            .filter(prefix -> counts(pattern, prefix, kept, prefixes))
                            .count()))
        .toList();
  }

  double rate(String pattern) {
    return (1.0 + inBackground(pattern)) / (2.0 + background.size());
  }

  List<PrefixText> matching(String pattern, List<PrefixText> prefixes) {
    return prefixes.stream().filter(prefix -> matches(pattern, prefix)).toList();
  }

  private boolean beats(String other, String pattern, List<PrefixText> prefixes) {
    if (!matching(other, prefixes).equals(matching(pattern, prefixes))) {
      return false;
    }
    String kind = pattern.substring(0, pattern.indexOf(':'));
    String what = pattern.substring(pattern.indexOf(':') + 1);
    String longer = other.substring(other.indexOf(':') + 1);
    if (kind.equals("skip_pair")) {
      String[] pair = what.split(" _ ");
      return other.startsWith("ngram:")
          && (" " + longer + " ")
              .matches(".* \\Q%s\\E (\\S+ )+\\Q%s\\E .*".formatted(pair[0], pair[1]));
    }
    return other.startsWith(kind + ":")
        && kind.endsWith("ngram")
        && longer.split(" ").length > what.split(" ").length;
  }

  private boolean counts(
      String pattern, PrefixText prefix, List<String> reported, List<PrefixText> prefixes) {
    if (!pattern.startsWith("topic:")) {
      return true;
    }
    List<String> shallow =
        reported.stream()
            .filter(p -> !p.matches("(topic|document|next_token):.*"))
            .filter(p -> matches(p, prefix))
            .toList();
    String[] words = prefix.text().split(" ");
    for (int i = 0; i < words.length - 1; i++) {
      int place = i;
      if (words[i].equals(pattern.substring("topic:".length()))
          && shallow.stream().noneMatch(p -> covers(p, prefix, place))) {
        return true;
      }
    }
    return false;
  }

  /** Prefixes with only shallow, only semantic, both and no pattern. */
  int[] labels(List<PrefixText> prefixes, int minSupport, double maxAdjusted) {
    List<String> reported =
        reported(prefixes, minSupport, maxAdjusted).stream()
            .map(found -> found.kind() + ":" + found.pattern())
            .toList();
    int[] labels = new int[4];
    for (PrefixText prefix : prefixes) {
      boolean shallow = false;
      boolean semantic = false;
      for (String pattern : reported) {
        if (matches(pattern, prefix)) {
          boolean semanticKind = pattern.matches("(topic|document):.*");
          shallow |= !semanticKind && !pattern.startsWith("next_token:");
          semantic |= semanticKind && counts(pattern, prefix, reported, prefixes);
        }
      }
      labels[shallow ? (semantic ? 2 : 0) : (semantic ? 1 : 3)]++;
    }
    return labels;
  }
}
