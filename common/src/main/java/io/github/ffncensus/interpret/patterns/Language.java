package io.github.ffncensus.interpret.patterns;

import static java.util.Map.entry;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.text.DateFormatSymbols;
import com.ibm.icu.util.LocaleData;
import com.ibm.icu.util.ULocale;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.WordlistLoader;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.ca.CatalanAnalyzer;
import org.apache.lucene.analysis.da.DanishAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.el.GreekAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.et.EstonianAnalyzer;
import org.apache.lucene.analysis.eu.BasqueAnalyzer;
import org.apache.lucene.analysis.fi.FinnishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.ga.IrishAnalyzer;
import org.apache.lucene.analysis.hi.HindiAnalyzer;
import org.apache.lucene.analysis.hu.HungarianAnalyzer;
import org.apache.lucene.analysis.hy.ArmenianAnalyzer;
import org.apache.lucene.analysis.id.IndonesianAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.lt.LithuanianAnalyzer;
import org.apache.lucene.analysis.ne.NepaliAnalyzer;
import org.apache.lucene.analysis.nl.DutchAnalyzer;
import org.apache.lucene.analysis.no.NorwegianAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.ro.RomanianAnalyzer;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.sr.SerbianAnalyzer;
import org.apache.lucene.analysis.sv.SwedishAnalyzer;
import org.apache.lucene.analysis.ta.TamilAnalyzer;
import org.apache.lucene.analysis.tr.TurkishAnalyzer;
import org.tartarus.snowball.SnowballStemmer;
import org.tartarus.snowball.ext.ArabicStemmer;
import org.tartarus.snowball.ext.ArmenianStemmer;
import org.tartarus.snowball.ext.BasqueStemmer;
import org.tartarus.snowball.ext.CatalanStemmer;
import org.tartarus.snowball.ext.DanishStemmer;
import org.tartarus.snowball.ext.DutchStemmer;
import org.tartarus.snowball.ext.EnglishStemmer;
import org.tartarus.snowball.ext.EstonianStemmer;
import org.tartarus.snowball.ext.FinnishStemmer;
import org.tartarus.snowball.ext.FrenchStemmer;
import org.tartarus.snowball.ext.GermanStemmer;
import org.tartarus.snowball.ext.GreekStemmer;
import org.tartarus.snowball.ext.HindiStemmer;
import org.tartarus.snowball.ext.HungarianStemmer;
import org.tartarus.snowball.ext.IndonesianStemmer;
import org.tartarus.snowball.ext.IrishStemmer;
import org.tartarus.snowball.ext.ItalianStemmer;
import org.tartarus.snowball.ext.LithuanianStemmer;
import org.tartarus.snowball.ext.NepaliStemmer;
import org.tartarus.snowball.ext.NorwegianStemmer;
import org.tartarus.snowball.ext.PortugueseStemmer;
import org.tartarus.snowball.ext.RomanianStemmer;
import org.tartarus.snowball.ext.RussianStemmer;
import org.tartarus.snowball.ext.SerbianStemmer;
import org.tartarus.snowball.ext.SpanishStemmer;
import org.tartarus.snowball.ext.SwedishStemmer;
import org.tartarus.snowball.ext.TamilStemmer;
import org.tartarus.snowball.ext.TurkishStemmer;

/**
 * What depends on the corpus' language: stems and stop words from Snowball and Lucene, names of
 * months and weekdays, quotation marks. A language without a stemmer keeps its words whole and has
 * no stop words. Not thread-safe.
 */
public final class Language {
  private static final Map<String, Rules> RULES =
      Map.ofEntries(
          entry("ar", new Rules(ArabicStemmer::new, ArabicAnalyzer::getDefaultStopSet)),
          entry("ca", new Rules(CatalanStemmer::new, CatalanAnalyzer::getDefaultStopSet)),
          entry("da", new Rules(DanishStemmer::new, DanishAnalyzer::getDefaultStopSet)),
          entry("de", new Rules(GermanStemmer::new, GermanAnalyzer::getDefaultStopSet)),
          entry("el", new Rules(GreekStemmer::new, GreekAnalyzer::getDefaultStopSet)),
          entry("en", new Rules(EnglishStemmer::new, Language::englishStopWords)),
          entry("es", new Rules(SpanishStemmer::new, SpanishAnalyzer::getDefaultStopSet)),
          entry("et", new Rules(EstonianStemmer::new, EstonianAnalyzer::getDefaultStopSet)),
          entry("eu", new Rules(BasqueStemmer::new, BasqueAnalyzer::getDefaultStopSet)),
          entry("fi", new Rules(FinnishStemmer::new, FinnishAnalyzer::getDefaultStopSet)),
          entry("fr", new Rules(FrenchStemmer::new, FrenchAnalyzer::getDefaultStopSet)),
          entry("ga", new Rules(IrishStemmer::new, IrishAnalyzer::getDefaultStopSet)),
          entry("hi", new Rules(HindiStemmer::new, HindiAnalyzer::getDefaultStopSet)),
          entry("hu", new Rules(HungarianStemmer::new, HungarianAnalyzer::getDefaultStopSet)),
          entry("hy", new Rules(ArmenianStemmer::new, ArmenianAnalyzer::getDefaultStopSet)),
          entry("id", new Rules(IndonesianStemmer::new, IndonesianAnalyzer::getDefaultStopSet)),
          entry("it", new Rules(ItalianStemmer::new, ItalianAnalyzer::getDefaultStopSet)),
          entry("lt", new Rules(LithuanianStemmer::new, LithuanianAnalyzer::getDefaultStopSet)),
          entry("nb", new Rules(NorwegianStemmer::new, NorwegianAnalyzer::getDefaultStopSet)),
          entry("ne", new Rules(NepaliStemmer::new, NepaliAnalyzer::getDefaultStopSet)),
          entry("nl", new Rules(DutchStemmer::new, DutchAnalyzer::getDefaultStopSet)),
          entry("nn", new Rules(NorwegianStemmer::new, NorwegianAnalyzer::getDefaultStopSet)),
          entry("no", new Rules(NorwegianStemmer::new, NorwegianAnalyzer::getDefaultStopSet)),
          entry("pt", new Rules(PortugueseStemmer::new, PortugueseAnalyzer::getDefaultStopSet)),
          entry("ro", new Rules(RomanianStemmer::new, RomanianAnalyzer::getDefaultStopSet)),
          entry("ru", new Rules(RussianStemmer::new, RussianAnalyzer::getDefaultStopSet)),
          entry("sr", new Rules(SerbianStemmer::new, SerbianAnalyzer::getDefaultStopSet)),
          entry("sv", new Rules(SwedishStemmer::new, SwedishAnalyzer::getDefaultStopSet)),
          entry("ta", new Rules(TamilStemmer::new, TamilAnalyzer::getDefaultStopSet)),
          entry("tr", new Rules(TurkishStemmer::new, TurkishAnalyzer::getDefaultStopSet)));

  private record Rules(Supplier<SnowballStemmer> stemmer, Supplier<CharArraySet> stopWords) {}

  private final ULocale locale;
  private final SnowballStemmer stemmer;
  private final Set<String> stopWords;
  private final Set<String> dayAndMonthNames;
  private final Set<String> monthNames;
  private final Set<String> halvesOfTheDay;
  private final String openingQuote;
  private final String closingQuote;

  /**
   * @param tag language tag, such as {@code en} or {@code pt-BR}
   * @param stopWords instead of the language's own; null for those
   */
  public Language(String tag, List<String> stopWords) {
    locale = ULocale.forLanguageTag(tag);
    Rules rules = RULES.get(locale.getLanguage());
    stemmer = rules == null ? null : rules.stemmer().get();
    if (stopWords != null) {
      this.stopWords = stopWords.stream().map(this::lowerCase).collect(Collectors.toSet());
    } else {
      this.stopWords = new HashSet<>();
      if (rules != null) {
        rules.stopWords().get().forEach(word -> this.stopWords.add(new String((char[]) word)));
      }
    }
    DateFormatSymbols symbols = DateFormatSymbols.getInstance(locale);
    monthNames = names(DateFormatSymbols::getMonths, symbols);
    dayAndMonthNames = names(DateFormatSymbols::getWeekdays, symbols);
    dayAndMonthNames.addAll(monthNames);
    halvesOfTheDay =
        Arrays.stream(symbols.getAmPmStrings())
            .map(this::lowerCase)
            .map(word -> word.replace(".", ""))
            .collect(Collectors.toSet());
    LocaleData delimiters = LocaleData.getInstance(locale);
    openingQuote = delimiters.getDelimiter(LocaleData.QUOTATION_START);
    closingQuote = delimiters.getDelimiter(LocaleData.QUOTATION_END);
  }

  /** Snowball's list; Lucene's own default for English has 33 words only. */
  private static CharArraySet englishStopWords() {
    try (InputStream list = SnowballFilter.class.getResourceAsStream("english_stop.txt")) {
      return WordlistLoader.getSnowballWordSet(list);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface NamesOfWidth {
    String[] of(DateFormatSymbols symbols, int context, int width);
  }

  /** Full and abbreviated names, as a text has them within and at the start of a sentence. */
  private Set<String> names(NamesOfWidth names, DateFormatSymbols symbols) {
    return Stream.of(DateFormatSymbols.FORMAT, DateFormatSymbols.STANDALONE)
        .flatMap(
            context ->
                Stream.of(DateFormatSymbols.WIDE, DateFormatSymbols.ABBREVIATED)
                    .flatMap(width -> Arrays.stream(names.of(symbols, context, width))))
        .map(name -> name.endsWith(".") ? name.substring(0, name.length() - 1) : name)
        .filter(name -> !name.isEmpty())
        .flatMap(name -> Stream.of(name, UCharacter.toTitleCase(locale, name, null)))
        .collect(Collectors.toCollection(HashSet::new));
  }

  public String lowerCase(String word) {
    return UCharacter.toLowerCase(locale, word);
  }

  /**
   * @param word in lower case
   */
  public String stem(String word) {
    if (stemmer == null) {
      return word;
    }
    stemmer.setCurrent(word);
    stemmer.stem();
    return stemmer.getCurrent();
  }

  /**
   * @param word in lower case
   */
  public boolean isStopWord(String word) {
    return stopWords.contains(word);
  }

  /**
   * @param word as it stands in the text: May is a month, may is not
   */
  boolean isMonth(String word) {
    return monthNames.contains(word);
  }

  /**
   * @param word as it stands in the text
   */
  boolean isMonthOrWeekday(String word) {
    return dayAndMonthNames.contains(word);
  }

  /** AM, PM or what the language has instead. */
  boolean isHalfOfTheDay(String lowerCaseWord) {
    return halvesOfTheDay.contains(lowerCaseWord.replace(".", ""));
  }

  boolean opensQuotation(String word) {
    return word.equals(openingQuote);
  }

  boolean closesQuotation(String word) {
    return word.equals(closingQuote);
  }
}
