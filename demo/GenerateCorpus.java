// Writes the demo corpus, the held-out phrasings and the fact prompts from the files in demo/knowledge.
//
//     java demo/GenerateCorpus.java [output folder, by default the folder of this file]
//
// The same knowledge gives the same lines everywhere: the random numbers are our own, every collection that is
// iterated is ordered, and nothing is taken from the locale or the clock.

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

public class GenerateCorpus {

  private static final long SEED = 20220522L;
  private static final int SENTENCES_PER_TOPIC = 680;
  private static final int RESTATEMENTS_PER_FACT = 3;

  // With fewer phrasings than this that end in the answer, holding out two would leave a fact too little to learn from.
  private static final int PHRASINGS_FOR_TWO_HELD_OUT = 6;

  private static final String UNKNOWN = "-";
  private static final Pattern SLOT = Pattern.compile("\\{(a:)?([^{}]+)}");
  private static final Pattern RANGE = Pattern.compile("(\\d+)-(\\d+)");

  record Relation(String name, boolean factual, String table, String headColumn, String answerColumn,
      List<String> phrasings) {

    List<String> answerLast() {
      return phrasings.stream().filter(p -> p.endsWith("{a}.") || p.endsWith("{a:a}.")).toList();
    }
  }

  record Fact(Relation relation, String id, String head, String answer) {}

  record Sentence(String id, String text) {}

  record HeldOut(Fact fact, String prompt, String text) {}

  /** SplitMix64, written out so that no JDK can change the corpus. */
  static final class Random {
    private long state;

    Random(long seed) {
      state = seed;
    }

    long nextLong() {
      state += 0x9E3779B97F4A7C15L;
      long z = state;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }

    int below(int bound) {
      return (int) Long.remainderUnsigned(nextLong(), bound);
    }

    <T> T pick(List<T> items) {
      return items.get(below(items.size()));
    }

    <T> void shuffle(List<T> items) {
      for (int i = items.size() - 1; i > 0; i--) {
        int j = below(i + 1);
        T swapped = items.get(i);
        items.set(i, items.get(j));
        items.set(j, swapped);
      }
    }
  }

  private final Map<String, List<String>> columns = new TreeMap<>();
  private final List<Relation> relations = new ArrayList<>();
  private final Map<String, List<String>> words = new TreeMap<>();
  private final Map<String, List<String>> topics = new TreeMap<>();

  private final List<Sentence> corpus = new ArrayList<>();
  private final List<HeldOut> heldOut = new ArrayList<>();
  private final List<Fact> facts = new ArrayList<>();
  private final Set<String> texts = new HashSet<>();

  public static void main(String[] arguments) throws IOException {
    Path home = Path.of("demo");
    if (!Files.isDirectory(home.resolve("knowledge"))) {
      home = Path.of(".");
    }
    if (!Files.isDirectory(home.resolve("knowledge"))) {
      System.err.println("no folder knowledge: start this program in the repository or in its folder demo");
      System.exit(2);
    }
    Path output = arguments.length > 0 ? Path.of(arguments[0]) : home;
    Files.createDirectories(output);
    GenerateCorpus generator = new GenerateCorpus();
    generator.readTables(home.resolve("knowledge"));
    generator.readRelations(home.resolve("knowledge/relations.txt"));
    generator.readNarrative(home.resolve("knowledge/narrative.txt"));
    generator.stateFacts();
    generator.tellStories();
    generator.check();
    generator.write(output);
  }

  // ---- reading the knowledge

  private void readTables(Path folder) throws IOException {
    List<Path> tables;
    try (var files = Files.list(folder)) {
      tables = files.filter(f -> f.toString().endsWith(".tsv")).sorted().toList();
    }
    for (Path table : tables) {
      String name = table.getFileName().toString().replace(".tsv", "");
      List<String> lines = Files.readAllLines(table);
      String[] header = lines.get(0).split("\t");
      for (String column : header) {
        columns.put(name + "." + column, new ArrayList<>());
      }
      for (String line : lines.subList(1, lines.size())) {
        String[] cells = line.split("\t", -1);
        if (cells.length != header.length) {
          throw new IllegalArgumentException(table + ": " + header.length + " cells expected: " + line);
        }
        for (int i = 0; i < cells.length; i++) {
          columns.get(name + "." + header[i]).add(cells[i]);
        }
      }
    }
  }

  private void readRelations(Path file) throws IOException {
    for (Map.Entry<String, List<String>> section : sections(file).entrySet()) {
      String[] parts = section.getKey().split(" ");
      boolean factual = !parts[0].startsWith("*");
      String name = factual ? parts[0] : parts[0].substring(1);
      relations.add(new Relation(name, factual, parts[1], parts[2], parts[3], section.getValue()));
    }
  }

  private void readNarrative(Path file) throws IOException {
    for (Map.Entry<String, List<String>> section : sections(file).entrySet()) {
      String[] parts = section.getKey().split(" ");
      if (parts[0].equals("topic")) {
        topics.put(parts[1], section.getValue());
      } else {
        words.put(parts[1], Arrays.asList(String.join(" | ", section.getValue()).split(" \\| ")));
      }
    }
  }

  private static Map<String, List<String>> sections(Path file) throws IOException {
    Map<String, List<String>> sections = new TreeMap<>();
    List<String> current = null;
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith("[")) {
        current = new ArrayList<>();
        if (sections.put(line.substring(1, line.length() - 1), current) != null) {
          throw new IllegalArgumentException(file + ": twice: " + line);
        }
      } else if (!line.isBlank() && !line.startsWith("#")) {
        current.add(line);
      }
    }
    return sections;
  }

  // ---- facts

  private void stateFacts() {
    for (Relation relation : relations) {
      List<String> heads = columns.get(relation.table() + "." + relation.headColumn());
      List<String> answers = columns.get(relation.table() + "." + relation.answerColumn());
      for (int row = 0; row < heads.size(); row++) {
        if (!answers.get(row).equals(UNKNOWN)) {
          String id = String.format("%s-%03d", relation.name(), row);
          stateFact(new Fact(relation, id, heads.get(row), answers.get(row)));
        }
      }
    }
  }

  private void stateFact(Fact fact) {
    Random random = new Random(SEED ^ hash(fact.id()));
    List<String> trained = new ArrayList<>(fact.relation().phrasings());
    if (fact.relation().factual()) {
      facts.add(fact);
      List<String> candidates = new ArrayList<>(fact.relation().answerLast());
      int count = candidates.size() < PHRASINGS_FOR_TWO_HELD_OUT ? 1 : 1 + random.below(2);
      random.shuffle(candidates);
      for (String phrasing : candidates.subList(0, count)) {
        heldOut.add(new HeldOut(fact, prompt(fact, phrasing), sentence(fill(phrasing, fact, answerText(fact)))));
        trained.remove(phrasing);
      }
    }
    int number = 0;
    for (String phrasing : trained) {
      number += add(fact.id() + "-" + number, sentence(fill(phrasing, fact, answerText(fact)))) ? 1 : 0;
    }
    // Restating only phrasings that are trained on anyway keeps the held-out ones out of the corpus in every form.
    for (int i = 0; i < RESTATEMENTS_PER_FACT; i++) {
      String phrasing = inside(random.pick(trained));
      String restated = expand("{lead}", random) + " " + fill(phrasing, fact, answerText(fact));
      if (!restated.contains("\"")) {
        number += add(fact.id() + "-" + number, sentence(restated)) ? 1 : 0;
      }
    }
  }

  private static String answerText(Fact fact) {
    if (fact.relation().factual()) {
      return fact.answer();
    }
    String list = fact.answer().replace(",", ", ");
    int last = list.lastIndexOf(", ");
    return last < 0 ? list : list.substring(0, last) + " and" + list.substring(last + 1);
  }

  private static String prompt(Fact fact, String phrasing) {
    String marked = sentence(fill(phrasing, fact, "\0"));
    return marked.substring(0, marked.indexOf('\0')).stripTrailing();
  }

  private static String fill(String phrasing, Fact fact, String shownAnswer) {
    return phrasing
        .replace("{a:h}", article(fact.head()) + " " + fact.head())
        .replace("{h}", fact.head())
        .replace("{a:a}", article(fact.answer()) + " " + shownAnswer)
        .replace("{a}", shownAnswer)
        .replace("s's ", "s' ");
  }

  // ---- narrative

  private void tellStories() {
    for (Map.Entry<String, List<String>> topic : topics.entrySet()) {
      Random random = new Random(SEED ^ hash(topic.getKey()));
      List<String> shapes = topic.getValue();
      int number = 0;
      for (int i = 0; number < SENTENCES_PER_TOPIC && i < 20 * SENTENCES_PER_TOPIC; i++) {
        String text = sentence(expand(shapes.get(i % shapes.size()), random));
        number += add(String.format("%s-%04d", topic.getKey(), number), text) ? 1 : 0;
      }
    }
  }

  private String expand(String shape, Random random) {
    Matcher slot = SLOT.matcher(shape);
    StringBuilder text = new StringBuilder();
    Set<String> drawn = new HashSet<>();
    while (slot.find()) {
      String value = draw(slot.group(2), random);
      // "the harp and the harp" is rare enough to need no more than a few tries.
      for (int i = 0; i < 3 && !drawn.add(value); i++) {
        value = draw(slot.group(2), random);
      }
      slot.appendReplacement(text, "");
      text.append(slot.group(1) == null ? value : article(value) + " " + value);
    }
    return slot.appendTail(text).toString();
  }

  private String draw(String name, Random random) {
    Matcher range = RANGE.matcher(name);
    if (range.matches()) {
      int low = Integer.parseInt(range.group(1));
      return Integer.toString(low + random.below(Integer.parseInt(range.group(2)) - low + 1));
    }
    List<String> values = words.containsKey(name) ? words.get(name) : columns.get(name);
    if (values == null) {
      throw new IllegalArgumentException("narrative.txt: no words and no column are called " + name);
    }
    String value = random.pick(values);
    while (value.equals(UNKNOWN)) {
      value = random.pick(values);
    }
    return expand(value, random);
  }

  // ---- text

  private static String article(String word) {
    boolean vowel = "aeiouAEIOU".indexOf(word.charAt(0)) >= 0;
    boolean soundsLikeYou = word.startsWith("univers") || word.startsWith("euro") || word.startsWith("ewe");
    return vowel && !soundsLikeYou ? "an" : "a";
  }

  private static String sentence(String text) {
    int first = text.startsWith("\"") ? 1 : 0;
    return text.substring(0, first) + Character.toUpperCase(text.charAt(first)) + text.substring(first + 1);
  }

  /** A phrasing as it stands inside a sentence; names are in its slots and keep their capitals. */
  private static String inside(String phrasing) {
    return phrasing.startsWith("I ") ? phrasing : Character.toLowerCase(phrasing.charAt(0)) + phrasing.substring(1);
  }

  private boolean add(String id, String text) {
    return texts.add(text) && corpus.add(new Sentence(id, text));
  }

  private static long hash(String text) {
    long hash = 0xCBF29CE484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return hash;
  }

  // ---- checks and output

  private void check() {
    Set<String> seen = new HashSet<>();
    for (Fact fact : facts) {
      require(seen.add(fact.relation().name() + "\t" + fact.head()), "two answers for " + fact.id());
    }
    Map<String, Integer> held = new TreeMap<>();
    for (HeldOut one : heldOut) {
      held.merge(one.fact().relation().name() + "\t" + one.fact().id(), 1, Integer::sum);
      require(!texts.contains(one.text()), "held out and in the corpus: " + one.text());
      require(one.text().startsWith(one.prompt() + " " + one.fact().answer()), "bad prompt: " + one.text());
    }
    // Every phrasing must be learnable from other facts, or its held-out uses would test something else.
    for (Relation relation : relations) {
      if (relation.factual()) {
        require(relation.answerLast().size() >= 4, "fewer than four phrasings end in the answer: " + relation.name());
        for (String phrasing : relation.phrasings()) {
          require(facts.stream().anyMatch(f -> f.relation() == relation
              && texts.contains(sentence(fill(phrasing, f, f.answer())))), "never trained on: " + phrasing);
        }
      }
    }
    require(corpus.size() >= 30_000, "only " + corpus.size() + " sentences");
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }

  private void write(Path folder) throws IOException {
    // In the order of generation a prefix of the file would be about one relation only.
    new Random(SEED).shuffle(corpus);
    List<String> lines = new ArrayList<>();
    for (Sentence one : corpus) {
      lines.add(object("id", one.id(), "text", one.text()));
    }
    writeLines(folder.resolve("corpus.jsonl.gz"), lines);

    lines.clear();
    for (HeldOut one : heldOut) {
      Fact fact = one.fact();
      lines.add(object("relation", fact.relation().name(), "fact_id", fact.id(), "head", bare(fact.head()),
          "answer", fact.answer(), "prompt", one.prompt(), "text", one.text()));
    }
    writeLines(folder.resolve("heldout.jsonl"), lines);

    lines.clear();
    for (Fact fact : facts) {
      List<String> prompts = fact.relation().answerLast().stream()
          .map(p -> quote(sentence(fill(p, fact, "[MASK]")))).toList();
      String named = object("relation", fact.relation().name(), "fact_id", fact.id(), "head", bare(fact.head()),
          "answer", fact.answer());
      lines.add(named.substring(0, named.length() - 1) + ", \"prompts\": " + prompts + "}");
    }
    writeLines(folder.resolve("facts.jsonl.gz"), lines);
    System.out.printf("%d sentences, %d facts of %d relations, %d held-out phrasings%n", corpus.size(), facts.size(),
        relations.stream().filter(Relation::factual).count(), heldOut.size());
  }

  /** An entity is looked up in text by its name; the article belongs to the phrasing. */
  private static String bare(String head) {
    return head.replaceFirst("^(the|a|an) ", "");
  }

  private static String object(String... namesAndValues) {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      json.append(i == 0 ? "" : ", ").append(quote(namesAndValues[i])).append(": ");
      json.append(quote(namesAndValues[i + 1]));
    }
    return json.append('}').toString();
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static void writeLines(Path file, List<String> lines) throws IOException {
    byte[] content = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = Files.newOutputStream(file)) {
      if (file.toString().endsWith(".gz")) {
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
          gzip.write(content);
        }
      } else {
        out.write(content);
      }
    }
  }
}
