package io.github.ffncensus.jobs.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.edit.EditRow.Damage;
import io.github.ffncensus.knowledge.AnswerReading;
import java.util.AbstractList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.junit.jupiter.api.Test;

/** As many prompts as the published data set has. */
class PromptDamageTest {
  private static final int PROMPTS = 253_448;

  /** Rows that exist only while somebody looks at them. */
  private static final class Rows extends AbstractList<Row> {
    @Override
    public Row get(int i) {
      Object[] values = {
        0, true, "P1", "P1-" + i, 0, "[MASK] " + i, "a", probability(i), 1 + i % 3
      };
      return new GenericRowWithSchema(values, SpreadPrompts.READ);
    }

    @Override
    public int size() {
      return PROMPTS;
    }
  }

  private static double probability(int i) {
    return (1 + i % 100) / 200.0;
  }

  @Test
  void promptsAreReadInChunks_andOnlySumsRemain() {
    AtomicInteger passes = new AtomicInteger();
    AtomicInteger largest = new AtomicInteger();
    Damage damage =
        PromptDamage.of(
            new Rows(),
            chunk -> {
              passes.incrementAndGet();
              largest.accumulateAndGet(chunk.size(), Math::max);
              return chunk.stream().map(PromptDamageTest::halved).toList();
            });
    assertThat(largest).hasValue(PromptDamage.CHUNK);
    assertThat(passes).hasValue((PROMPTS + PromptDamage.CHUNK - 1) / PromptDamage.CHUNK);
    double sum = 0;
    int first = 0;
    for (int i = 0; i < PROMPTS; i++) {
      sum -= Math.log(probability(i));
      first += i % 3 == 0 ? 1 : 0;
    }
    double before = Math.exp(sum / PROMPTS);
    assertThat(damage.before().count()).isEqualTo(PROMPTS);
    assertThat(damage.before().value()).isCloseTo(before, within(1e-9 * before));
    assertThat(damage.before().accuracy()).isEqualTo((double) first / PROMPTS);
    assertThat(damage.after().count()).isEqualTo(PROMPTS);
    assertThat(damage.after().value()).isCloseTo(2 * before, within(1e-9 * before));
    assertThat(damage.after().accuracy()).isZero();
  }

  private static AnswerReading halved(Row row) {
    double half = Math.log(row.<Double>getAs("answer_probability") / 2);
    return new AnswerReading(half, 2, new int[] {0});
  }
}
