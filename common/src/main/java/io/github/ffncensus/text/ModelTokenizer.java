package io.github.ffncensus.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.NativeCache;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The tokenizer of a Hugging Face model folder, as its {@code tokenizer.json} defines it: with the
 * special tokens of its post-processor, but never truncating and never padding, whatever the file
 * says about these. Thread-safe; one per process is enough.
 *
 * <p>Texts must be well-formed UTF-16: an unpaired surrogate has no token.
 */
public final class ModelTokenizer implements AutoCloseable {
  /** The file's name in a model folder. */
  public static final String FILE_NAME = "tokenizer.json";

  /** So many rows of an embedding may be without a token, however small the vocabulary. */
  private static final int MOST_PADDING = 128;

  /** What decoding puts for bytes that are no character. */
  private static final char REPLACEMENT = '\uFFFD';

  /** Stops the file's own truncation and padding, which DJL would otherwise take over. */
  private static final Map<String, String> WHOLE_TEXTS =
      Map.of("truncation", "false", "padding", "false");

  private final Path file;
  private final HuggingFaceTokenizer tokenizer;
  private final Vocabulary vocabulary;
  private final String mask;

  private ModelTokenizer(
      Path file, HuggingFaceTokenizer tokenizer, Vocabulary vocabulary, String mask) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
    this.mask = mask;
  }

  /**
   * @throws CensusException of kind INPUT if the folder has no tokenizer that can be read
   */
  public static ModelTokenizer open(Path modelFolder) {
    Path file = modelFolder.resolve(FILE_NAME);
    if (!Files.isRegularFile(file)) {
      throw CensusException.input(
          file
              + " does not exist. A model folder needs the tokenizer in this form; in Python,"
              + " AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes it.");
    }
    NativeCache.require();
    // From a stream, for from a folder DJL would also read tokenizer_config.json, and lower-case
    // and strip accents by itself, which shifts offsets.
    try (InputStream in = Files.newInputStream(file)) {
      Vocabulary vocabulary = Vocabulary.read(file);
      return new ModelTokenizer(
          file,
          HuggingFaceTokenizer.newInstance(in, WHOLE_TEXTS),
          vocabulary,
          MaskToken.find(modelFolder, vocabulary));
    } catch (IOException | RuntimeException e) {
      throw CensusException.input(
          file
              + " cannot be read as a tokenizer: "
              + firstLine(e)
              + ". It may be damaged: copy or download it again.",
          e);
    }
  }

  /**
   * Checks that the tokenizer can be the model's: every id that it can give has a row in the
   * embedding, and most rows have an id. Embeddings are often padded, by far less than half.
   *
   * @throws CensusException of kind INPUT if the tokenizer is of another model
   */
  public void requireFits(int modelVocabularySize) {
    int padding = modelVocabularySize - vocabulary.size();
    if (padding < 0 || (padding > MOST_PADDING && padding > vocabulary.size() / 2)) {
      throw CensusException.input(
          file
              + " has a vocabulary of "
              + vocabulary.size()
              + " tokens, but the model beside it one of "
              + modelVocabularySize
              + ": they do not belong together. Put the model's own tokenizer there.");
    }
  }

  public TokenizedText encode(String text) {
    return tokenized(tokenizer.encode(text));
  }

  /** Faster than one by one. */
  public List<TokenizedText> encodeAll(List<String> texts) {
    if (texts.isEmpty()) {
      return List.of();
    }
    List<TokenizedText> all = new ArrayList<>(texts.size());
    for (Encoding encoding : tokenizer.batchEncode(texts)) {
      all.add(tokenized(encoding));
    }
    return all;
  }

  /** The tokenizer's largest id plus one. */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /** Whether an id has a token; rows that only pad an embedding have none. */
  public boolean hasToken(int id) {
    return vocabulary.has(id);
  }

  /**
   * A token's surface as the vocabulary has it, such as «Ġthe» or «##ing».
   *
   * @throws IllegalArgumentException for an id that the tokenizer does not know
   */
  public String token(int id) {
    return vocabulary.token(id);
  }

  /**
   * What a token stands for in a text, such as «the» for «Ġthe» and «ing» for «##ing»; nothing for
   * one that is no text by itself, such as white space or a part of a character.
   *
   * @throws IllegalArgumentException for an id that the tokenizer does not know
   */
  public Optional<String> text(int id) {
    if (!hasToken(id)) {
      throw new IllegalArgumentException("the tokenizer has no token " + id);
    }
    String text = decode(new int[] {id});
    String bare =
        text.startsWith(vocabulary.continuation())
            ? text.substring(vocabulary.continuation().length())
            : text;
    return Optional.of(bare).filter(t -> !t.isEmpty() && t.indexOf(REPLACEMENT) < 0);
  }

  /** Whether a token is a symbol of the model, such as [SEP], and no text. */
  public boolean isSpecial(int id) {
    return vocabulary.isSpecial(id);
  }

  /** Whether a token stands for text that the vocabulary cannot spell. */
  public boolean isUnknown(int id) {
    return id == vocabulary.unknown();
  }

  /** The id of the token that stands for text which the vocabulary cannot spell. */
  public OptionalInt unknownToken() {
    return vocabulary.unknown() < 0 ? OptionalInt.empty() : OptionalInt.of(vocabulary.unknown());
  }

  /** What a text has in the place of a word that a masked model is to predict. */
  public Optional<String> maskToken() {
    return Optional.ofNullable(mask);
  }

  /**
   * The id of {@link #maskToken}.
   *
   * @throws java.util.NoSuchElementException if the tokenizer has none
   */
  public int maskId() {
    return vocabulary.special(maskToken().orElseThrow());
  }

  /** Tokens as text, without the space that the first of them may stand for. */
  public String decode(int[] ids) {
    return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false).strip();
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  private static TokenizedText tokenized(Encoding encoding) {
    long[] ids = encoding.getIds();
    CharSpan[] spans = encoding.getCharTokenSpans();
    int[] tokens = new int[ids.length];
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokens[i] = Math.toIntExact(ids[i]);
      // No span: outside the text's own tokens, so the post-processor's. Spans count code points.
      starts[i] = spans[i] == null ? -1 : spans[i].getStart();
      ends[i] = spans[i] == null ? -1 : spans[i].getEnd();
    }
    return new TokenizedText(tokens, starts, ends);
  }

  private static String firstLine(Exception e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return message.lines().findFirst().orElse(message);
  }
}
