package io.github.ffncensus.interpret.patterns;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * In how many windows of words each n-gram, suffix and skip pair occurs, in a few sorted arrays
 * whose size is that of all windows together. An n-gram is its first n - 1 words' place among all
 * (n - 1)-grams, and its last word.
 */
final class GramCounts {
  private static final int NONE = -1;

  /** Of n-grams of n + 2 words. */
  private final Level[] levels = new Level[Candidates.LONGEST_NGRAM - 1];

  private final Level pairs;

  /**
   * @param windows words as numbers from 0
   */
  GramCounts(List<int[]> windows) {
    // For each window and place the number of the gram that begins there; first of one word.
    List<int[]> begun = windows;
    for (int n = 2; n <= Candidates.LONGEST_NGRAM; n++) {
      Level level = new Level(keysOfGrams(windows, begun, n), keysOfSuffixes(windows, begun, n));
      begun = level.number(windows, begun, n);
      levels[n - 2] = level;
    }
    pairs = new Level(keysOfPairs(windows), new long[0]);
  }

  /** Windows that have the n-gram. */
  int ofNgram(int[] words) {
    int found = find(words);
    return found < 0 ? 0 : levels[words.length - 2].counts[found];
  }

  /** Windows that end in it. */
  int ofSuffix(int[] words) {
    int found = find(words);
    return found < 0 ? 0 : levels[words.length - 2].suffixCounts[found];
  }

  /** Windows that have a word and two to five places after it another. */
  int ofPair(int first, int second) {
    int found = Arrays.binarySearch(pairs.keys, key(first, second));
    return found < 0 ? 0 : pairs.counts[found];
  }

  private int find(int[] words) {
    int number = words[0];
    for (int n = 2; n <= words.length && number >= 0; n++) {
      number = Arrays.binarySearch(levels[n - 2].keys, key(number, words[n - 1]));
    }
    return number;
  }

  private static long key(int before, int word) {
    return (long) before << Integer.SIZE | word;
  }

  private static long[] keysOfGrams(List<int[]> windows, List<int[]> begun, int n) {
    List<long[]> ofWindows = new ArrayList<>(windows.size());
    for (int w = 0; w < windows.size(); w++) {
      int[] window = windows.get(w);
      int[] shorter = begun.get(w);
      long[] keys = new long[Math.max(0, window.length - n + 1)];
      for (int i = 0; i < keys.length; i++) {
        keys[i] = key(shorter[i], window[i + n - 1]);
      }
      ofWindows.add(Arrays.stream(keys).distinct().toArray());
    }
    return sorted(ofWindows);
  }

  private static long[] keysOfSuffixes(List<int[]> windows, List<int[]> begun, int n) {
    List<long[]> ofWindows = new ArrayList<>();
    for (int w = 0; w < windows.size(); w++) {
      int[] window = windows.get(w);
      if (window.length >= n) {
        int last = window.length - 1;
        ofWindows.add(new long[] {key(begun.get(w)[window.length - n], window[last])});
      }
    }
    return sorted(ofWindows);
  }

  private static long[] keysOfPairs(List<int[]> windows) {
    List<long[]> ofWindows = new ArrayList<>(windows.size());
    for (int[] window : windows) {
      long[] keys = new long[window.length * Candidates.FARTHEST_PAIR];
      int count = 0;
      for (int from = 0; from < window.length; from++) {
        int farthest = Math.min(window.length - 1, from + Candidates.FARTHEST_PAIR);
        for (int to = from + Candidates.NEAREST_PAIR; to <= farthest; to++) {
          keys[count++] = key(window[from], window[to]);
        }
      }
      ofWindows.add(Arrays.stream(keys, 0, count).distinct().toArray());
    }
    return sorted(ofWindows);
  }

  private static long[] sorted(List<long[]> parts) {
    long[] all = parts.stream().flatMapToLong(Arrays::stream).toArray();
    Arrays.sort(all);
    return all;
  }

  /** All grams of one length. */
  private static final class Level {
    private final long[] keys;
    private final int[] counts;
    private final int[] suffixCounts;

    /**
     * @param occurrences keys, sorted, one for each window
     * @param suffixes the same of those that end a window
     */
    Level(long[] occurrences, long[] suffixes) {
      keys = Arrays.stream(occurrences).distinct().toArray();
      counts = counts(keys, occurrences);
      suffixCounts = counts(keys, suffixes);
    }

    private static int[] counts(long[] keys, long[] occurrences) {
      int[] counts = new int[keys.length];
      int key = 0;
      for (long occurrence : occurrences) {
        while (keys[key] != occurrence) {
          key++;
        }
        counts[key]++;
      }
      return counts;
    }

    /** The number of the gram that begins at each place of each window. */
    List<int[]> number(List<int[]> windows, List<int[]> begun, int n) {
      List<int[]> numbers = new ArrayList<>(windows.size());
      for (int w = 0; w < windows.size(); w++) {
        int[] window = windows.get(w);
        int[] shorter = begun.get(w);
        int[] ofWindow = new int[window.length];
        Arrays.fill(ofWindow, NONE);
        for (int i = 0; i + n <= window.length; i++) {
          ofWindow[i] = Arrays.binarySearch(keys, key(shorter[i], window[i + n - 1]));
        }
        numbers.add(ofWindow);
      }
      return numbers;
    }
  }
}
