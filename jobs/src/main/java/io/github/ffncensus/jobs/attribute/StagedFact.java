package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableRow;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * A fact whose prompts the model can read, on its way from its file to a shard.
 *
 * @param place where it stands
 * @param otherAnswers other answers of facts with its relation and head; 0 until all facts are
 *     known
 */
record StagedFact(Place place, int otherAnswers, Fact fact) {
  static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          """
          message staged_fact {
            required int32 file;
            required int64 ordinal;
            required int64 prompts_before;
            required binary source (STRING);
            required int64 line;
            required int32 other_answers;
            required binary relation (STRING);
            required binary fact_id (STRING);
            required binary head (STRING);
            required binary answer (STRING);
            required group aliases (LIST) { repeated group list { required binary element (STRING); } }
            required group tails (LIST) { repeated group list { required binary element (STRING); } }
            optional binary language (STRING);
            required group prompt_ids (LIST) { repeated group list { required int32 element; } }
            required group prompt_texts (LIST) { repeated group list { required binary element (STRING); } }
            required group prompt_answers (LIST) { repeated group list { required binary element (STRING); } }
            required group prompt_others (LIST) { repeated group list { required binary element (STRING); } }
            required group prompt_negative (LIST) { repeated group list { required int32 element; } }
          }
          """);

  /**
   * Where a fact stands.
   *
   * @param file number of its source
   * @param ordinal among the usable facts of the file, from 0
   * @param promptsBefore prompts of these facts before it
   * @param line in the file, from 1
   */
  record Place(int file, long ordinal, long promptsBefore, String source, long line)
      implements Serializable {}

  static void encode(StagedFact row, RowWriter out) {
    Fact fact = row.fact();
    List<Prompt> prompts = fact.prompts();
    out.intValue("file", row.place().file());
    out.longValue("ordinal", row.place().ordinal());
    out.longValue("prompts_before", row.place().promptsBefore());
    out.string("source", row.place().source());
    out.longValue("line", row.place().line());
    out.intValue("other_answers", row.otherAnswers());
    out.string("relation", fact.relation());
    out.string("fact_id", fact.factId());
    out.string("head", fact.head());
    out.string("answer", fact.answer());
    out.stringList("aliases", fact.aliases());
    out.stringList("tails", fact.tails());
    if (fact.language() != null) {
      out.string("language", fact.language());
    }
    out.intList("prompt_ids", prompts.stream().mapToInt(Prompt::id).toArray());
    out.stringList("prompt_texts", prompts.stream().map(Prompt::text).toList());
    out.stringList("prompt_answers", prompts.stream().map(Prompt::answer).toList());
    // An answer is never empty, so that none can be.
    out.stringList(
        "prompt_others", prompts.stream().map(p -> p.other() == null ? "" : p.other()).toList());
    out.intList("prompt_negative", prompts.stream().mapToInt(p -> p.negative() ? 1 : 0).toArray());
  }

  static StagedFact decode(TableRow row) {
    int[] ids = row.getIntList("prompt_ids");
    List<String> texts = row.getStringList("prompt_texts");
    List<String> answers = row.getStringList("prompt_answers");
    List<String> others = row.getStringList("prompt_others");
    int[] negative = row.getIntList("prompt_negative");
    List<Prompt> prompts = new ArrayList<>(ids.length);
    for (int i = 0; i < ids.length; i++) {
      String other = others.get(i).isEmpty() ? null : others.get(i);
      prompts.add(new Prompt(ids[i], texts.get(i), answers.get(i), other, negative[i] == 1));
    }
    return new StagedFact(
        new Place(
            row.getInt("file"),
            row.getLong("ordinal"),
            row.getLong("prompts_before"),
            row.getString("source"),
            row.getLong("line")),
        row.getInt("other_answers"),
        new Fact(
            row.getString("relation"),
            row.getString("fact_id"),
            row.getString("head"),
            row.getString("answer"),
            row.getStringList("aliases"),
            row.getStringList("tails"),
            row.getString("language"),
            prompts));
  }
}
