package io.github.ffncensus.analysis.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.analysis.Packed;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The merge of central moments over shards. */
class MomentsTest {
  private static final int PLAIN = 1;
  private static final int WIDTH = Moments.CENTRAL + PLAIN;

  @ParameterizedTest
  @CsvSource({"0, 1", "1e4, 1e-2", "-1e6, 1", "1e-3, 1e-6", "3, 0"})
  void total_agreesWithExactArithmetic(double mean, double sd) {
    List<double[]> shards = shards(mean, sd, 7);
    Moments moments = new Moments(1, PLAIN);
    for (int shard = 0; shard < shards.size(); shard++) {
      moments.addShard(shard, sums(shards.get(shard)));
    }
    double[] expected = exact(shards);
    Moments.Sums total = moments.total();
    assertThat(total.count()).isEqualTo(shards.stream().mapToLong(shard -> shard.length).sum());
    for (int i = 0; i < WIDTH; i++) {
      double scale = total.count() * Math.pow(sd, i == 0 || i == 4 ? 0 : i + 1) + 1e-12;
      double allowed = i == 0 ? 1e-15 * Math.abs(mean) + 1e-12 * sd : 1e-6 * scale;
      allowed = i == 4 ? 1e-10 * (Math.abs(expected[i]) + 1) : allowed;
      assertThat(total.values()[i]).as("entry %d", i).isCloseTo(expected[i], within(allowed));
    }
  }

  /** All orders of seven shards one by one: the set decides, not the order. */
  @Test
  void everyOrderOfArrival_givesTheSameBits() {
    List<Moments> shards = singles(7);
    byte[] expected = pack(mergeInOrder(shards));
    permute(
        new ArrayList<>(shards),
        0,
        order -> assertThat(pack(mergeInOrder(order))).isEqualTo(expected));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 6, 7, 13})
  void everyTree_givesTheSameBits(int count) {
    List<Moments> shards = singles(count);
    byte[] expected = pack(mergeInOrder(shards));
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      List<Moments> left = new ArrayList<>(shards);
      while (left.size() > 1) {
        Moments one = left.remove(random.nextInt(left.size()));
        Moments other = left.remove(random.nextInt(left.size()));
        left.add(mergeInOrder(List.of(one, other)));
      }
      assertThat(pack(left.get(0))).isEqualTo(expected);
    }
  }

  /** Shards without a text token leave gaps in the numbers. */
  @Test
  void missingShards_areNoReasonToDifferByOrder() {
    List<Moments> shards = singles(9);
    shards.remove(6);
    shards.remove(1);
    byte[] expected = pack(mergeInOrder(shards));
    for (int seed = 0; seed < 50; seed++) {
      Collections.shuffle(shards, new Random(seed));
      assertThat(pack(mergeInOrder(shards))).isEqualTo(expected);
    }
  }

  /** Alone, beside others, and after it went up into a node with its neighbours. */
  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "2, 1", "3, 2", "4, 2", "8, 5", "7, 3"})
  void shardMergedTwice_isRefused(int count, int again) {
    Moments all = mergeInOrder(singles(count));
    Moments twice = singles(count).get(again);
    assertThatThrownBy(() -> all.addAll(twice))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("merged twice");
    Moments other = singles(count).get(again);
    assertThatThrownBy(() -> other.addAll(mergeInOrder(singles(count))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("merged twice");
  }

  @Test
  void packedForm_roundTrips() {
    byte[] packed = pack(mergeInOrder(singles(6)));
    assertThat(pack(Moments.read(new Packed.Reader(packed), 1, PLAIN))).isEqualTo(packed);
  }

  private interface OrderCheck {
    void check(List<Moments> order);
  }

  private static void permute(List<Moments> items, int from, OrderCheck check) {
    if (from == items.size()) {
      check.check(items);
    }
    for (int i = from; i < items.size(); i++) {
      Collections.swap(items, from, i);
      permute(items, from + 1, check);
      Collections.swap(items, from, i);
    }
  }

  /** Shards 0, 1, 2 ..., each on its own. */
  private static List<Moments> singles(int count) {
    List<Moments> singles = new ArrayList<>();
    List<double[]> shards = shards(0.3, 1.7, count);
    for (int shard = 0; shard < count; shard++) {
      Moments single = new Moments(1, PLAIN);
      single.addShard(shard, sums(shards.get(shard)));
      singles.add(single);
    }
    return singles;
  }

  private static Moments mergeInOrder(List<Moments> parts) {
    Moments merged = new Moments(1, PLAIN);
    parts.forEach(merged::addAll);
    return merged;
  }

  private static byte[] pack(Moments moments) {
    Packed out = new Packed();
    moments.write(out);
    return out.toByteArray();
  }

  private static List<double[]> shards(double mean, double sd, int count) {
    Random random = new Random(17);
    List<double[]> shards = new ArrayList<>();
    for (int shard = 0; shard < count; shard++) {
      double drift = shard * sd / 4;
      int size = 1 + random.nextInt(400);
      shards.add(random.doubles(size).map(x -> mean + drift + sd * (x - 0.5)).toArray());
    }
    return shards;
  }

  /** A shard's sums from powers about its first value. */
  private static Moments.Sums sums(double[] x) {
    double[] powers = new double[Moments.CENTRAL];
    double plain = 0;
    for (double value : x) {
      double d = value - x[0];
      for (int p = 0; p < powers.length; p++) {
        powers[p] += Math.pow(d, p + 1);
      }
      plain += value;
    }
    double[] values = new double[WIDTH];
    Moments.central(values, 0, x.length, x[0], powers);
    values[Moments.CENTRAL] = plain;
    return new Moments.Sums(x.length, values);
  }

  private static double[] exact(List<double[]> shards) {
    MathContext digits = new MathContext(60);
    BigDecimal sum = BigDecimal.ZERO;
    long n = 0;
    for (double[] shard : shards) {
      for (double value : shard) {
        sum = sum.add(new BigDecimal(value));
        n++;
      }
    }
    BigDecimal mean = sum.divide(BigDecimal.valueOf(n), digits);
    BigDecimal[] powers = {BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO};
    for (double[] shard : shards) {
      for (double value : shard) {
        BigDecimal d = new BigDecimal(value).subtract(mean);
        for (int p = 0; p < 3; p++) {
          powers[p] = powers[p].add(d.pow(p + 2, digits), digits);
        }
      }
    }
    return new double[] {
      mean.doubleValue(),
      powers[0].doubleValue(),
      powers[1].doubleValue(),
      powers[2].doubleValue(),
      sum.doubleValue()
    };
  }
}
