package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.ingest.CorpusInput;
import io.github.ffncensus.knowledge.facts.Template;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The templates of all relations, which are few: the driver reads them and every task has them.
 *
 * @param ofRelation in the order of the file
 * @param rejects lines without a template
 */
record Templates(TreeMap<String, ArrayList<Template>> ofRelation, ArrayList<SourcedReject> rejects)
    implements Serializable {

  /**
   * @param files one of a relation each, which it is called after
   * @throws CensusException of kind INPUT if a file cannot be read
   */
  static Templates read(Configuration hadoop, List<CorpusInput> files) {
    Templates templates = new Templates(new TreeMap<>(), new ArrayList<>());
    for (CorpusInput file : files) {
      templates.add(hadoop, file.path());
    }
    return templates;
  }

  private void add(Configuration hadoop, String path) {
    String relation = FactSource.relation(path);
    List<Template> templates = ofRelation.computeIfAbsent(relation, none -> new ArrayList<>());
    try (Lines lines =
        new Lines(hadoop, path, reject -> rejects.add(new SourcedReject(path, reject)))) {
      for (String line = lines.next(); line != null; line = lines.next()) {
        Template template =
            Template.parse(
                lines.number(),
                relation,
                line,
                reject -> rejects.add(new SourcedReject(path, reject)));
        if (template != null) {
          templates.add(template);
        }
      }
    } catch (IOException e) {
      throw CensusException.input(
          path + " cannot be read: " + e.getMessage() + "; see facts.templates", e);
    }
  }

  List<Template> of(String relation) {
    return ofRelation.getOrDefault(relation, new ArrayList<>());
  }
}
