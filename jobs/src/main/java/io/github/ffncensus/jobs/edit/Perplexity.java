package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.knowledge.AnswerReading;
import java.util.List;

/** exp(mean -log P), and how often the answer is the top prediction. */
final class Perplexity {
  private double sum;
  private double weight;
  private double probabilities;
  private long correct;
  private long count;

  /** Adds a prompt's answer, whose P is already a mean over its tokens. */
  void add(double probability, int rank) {
    add(probability, rank, 1);
  }

  void add(AnswerReading reading) {
    add(reading.probability(), reading.rank());
  }

  private void add(double probability, int rank, double tokens) {
    sum -= tokens * Math.log(Math.max(probability, Double.MIN_NORMAL));
    weight += tokens;
    probabilities += probability;
    correct += rank == 1 ? 1 : 0;
    count++;
  }

  static Perplexity of(List<AnswerReading> readings) {
    Perplexity perplexity = new Perplexity();
    readings.forEach(perplexity::add);
    return perplexity;
  }

  /** Of text, where every token counts the same. */
  static Perplexity ofText(List<AnswerReading> readings) {
    Perplexity perplexity = new Perplexity();
    readings.forEach(
        reading ->
            perplexity.add(reading.probability(), reading.rank(), reading.predicted().length));
    return perplexity;
  }

  /** Null of nothing. */
  Double value() {
    return count == 0 ? null : Math.exp(sum / weight);
  }

  /** Share of the answers that are the top prediction; null of nothing. */
  Double accuracy() {
    return count == 0 ? null : (double) correct / count;
  }

  /** Mean probability of the answers; null of nothing. */
  Double meanProbability() {
    return count == 0 ? null : probabilities / count;
  }

  long count() {
    return count;
  }
}
