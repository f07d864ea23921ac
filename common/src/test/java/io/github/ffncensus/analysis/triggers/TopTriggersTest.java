package io.github.ffncensus.analysis.triggers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.analysis.Packed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The laws of a merge, on candidates with many equal strengths. */
class TopTriggersTest {
  private static final int NEURONS = 5;

  private record Offer(int neuron, float strength, long sequence, int position) {}

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 200})
  void anyOrder_keepsTheFirstOfASort(int k) {
    for (int seed = 0; seed < 50; seed++) {
      List<Offer> offers = offers(seed, 120);
      List<List<Offer>> expected = sorted(offers, k);
      for (int order = 0; order < 5; order++) {
        Collections.shuffle(offers, new Random(order));
        assertThat(kept(top(k, offers))).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 30})
  void merge_isCommutativeAssociativeAndHasAnIdentity(int k) {
    for (int seed = 0; seed < 50; seed++) {
      List<Offer> all = offers(seed, 90);
      TopTriggers a = top(k, all.subList(0, 20));
      TopTriggers b = top(k, all.subList(20, 25));
      TopTriggers c = top(k, all.subList(25, 90));
      byte[] whole = pack(top(k, all));
      assertThat(pack(merge(k, a, merge(k, b, c)))).isEqualTo(whole);
      assertThat(pack(merge(k, merge(k, c, a), b))).isEqualTo(whole);
      assertThat(pack(merge(k, b, merge(k, a, c)))).isEqualTo(whole);
      assertThat(pack(merge(k, a, b))).isEqualTo(pack(merge(k, b, a)));
      assertThat(pack(merge(k, top(k, List.of()), a))).isEqualTo(pack(a));
    }
  }

  @Test
  void strengthsThatAreNotPositive_neverEnter() {
    TopTriggers top = new TopTriggers(1, 3);
    top.offer(0, 0f, 1, 1);
    top.offer(0, -0f, 2, 1);
    top.offer(0, -1f, 3, 1);
    top.offer(0, Float.NaN, 4, 1);
    assertThat(top.size(0)).isZero();
    top.offer(0, Float.MIN_VALUE, 5, 1);
    assertThat(top.size(0)).isEqualTo(1);
  }

  @Test
  void bound_letsEqualStrengthsCompeteBySequence() {
    TopTriggers top = new TopTriggers(1, 2);
    top.offer(0, 1, 8, 0);
    top.offer(0, 1, 9, 0);
    assertThat(top.bounds()[0]).isEqualTo(1);
    top.offer(0, 1, 8, 5);
    top.offer(0, 1, 3, 7);
    assertThat(kept(top).get(0)).containsExactly(new Offer(0, 1, 3, 7), new Offer(0, 1, 8, 0));
  }

  /** Whichever part the bounds come from, also where the other part has earlier sequences. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 30})
  void partsThatStartWithBoundsOfOthers_mergeToTheWhole(int k) {
    for (int seed = 0; seed < 50; seed++) {
      List<Offer> all = offers(seed, 90);
      TopTriggers first = top(k, all.subList(0, 40));
      TopTriggers second = new TopTriggers(NEURONS, k, first.bounds().clone());
      offer(second, all.subList(40, 70));
      TopTriggers both = merge(k, first, second);
      TopTriggers third = new TopTriggers(NEURONS, k, both.bounds().clone());
      offer(third, all.subList(70, 90));
      assertThat(pack(merge(k, third, both))).isEqualTo(pack(top(k, all)));
      long unbounded = TopTriggers.count(new Packed.Reader(pack(top(k, all.subList(70, 90)))));
      assertThat(TopTriggers.count(new Packed.Reader(pack(third))))
          .isEqualTo(kept(third).stream().mapToLong(List::size).sum())
          .isLessThanOrEqualTo(unbounded);
    }
  }

  @Test
  void largeIds_surviveThePackedForm() {
    TopTriggers top = new TopTriggers(NEURONS, 2);
    top.offer(1, Float.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE);
    top.offer(4, Float.MIN_VALUE, 1L << 40, 0);
    TopTriggers read = new TopTriggers(NEURONS, 2);
    read.offerAll(new Packed.Reader(pack(top)));
    assertThat(kept(read)).isEqualTo(kept(top));
  }

  @Test
  void blockOfAnotherSize_isRefused() {
    Packed.Reader packed = new Packed.Reader(pack(new TopTriggers(NEURONS, 2)));
    assertThatThrownBy(() -> new TopTriggers(NEURONS + 1, 2).offerAll(packed))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a block of 5 neurons");
  }

  private static List<Offer> offers(long seed, int count) {
    Random random = new Random(seed);
    List<Offer> offers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float strength = (random.nextInt(6) - 1) / 4f;
      offers.add(new Offer(random.nextInt(NEURONS), strength, random.nextInt(40), i));
    }
    return offers;
  }

  private static List<List<Offer>> sorted(List<Offer> offers, int k) {
    List<List<Offer>> sorted = new ArrayList<>();
    for (int n = 0; n < NEURONS; n++) {
      int neuron = n;
      sorted.add(
          offers.stream()
              .filter(offer -> offer.neuron() == neuron && offer.strength() > 0)
              .sorted(
                  Comparator.comparingDouble((Offer offer) -> -offer.strength())
                      .thenComparingLong(Offer::sequence)
                      .thenComparingInt(Offer::position))
              .limit(k)
              .toList());
    }
    return sorted;
  }

  private static TopTriggers top(int k, List<Offer> offers) {
    TopTriggers top = new TopTriggers(NEURONS, k);
    offer(top, offers);
    return top;
  }

  private static void offer(TopTriggers top, List<Offer> offers) {
    offers.forEach(o -> top.offer(o.neuron(), o.strength(), o.sequence(), o.position()));
  }

  private static TopTriggers merge(int k, TopTriggers a, TopTriggers b) {
    TopTriggers merged = new TopTriggers(NEURONS, k);
    merged.offerAll(new Packed.Reader(pack(a)));
    merged.offerAll(new Packed.Reader(pack(b)));
    return merged;
  }

  private static byte[] pack(TopTriggers top) {
    Packed out = new Packed();
    top.write(out, 0, NEURONS);
    return out.toByteArray();
  }

  private static List<List<Offer>> kept(TopTriggers top) {
    List<List<Offer>> kept = new ArrayList<>();
    for (int neuron = 0; neuron < top.bounds().length; neuron++) {
      List<Offer> offers = new ArrayList<>();
      for (int index = 0; index < top.size(neuron); index++) {
        Trigger t = top.trigger(0, 0, neuron, Polarity.POSITIVE, index);
        assertThat(t.rank()).isEqualTo(index + 1);
        offers.add(new Offer(t.neuron(), t.coefficient(), t.sequenceId(), t.position()));
      }
      kept.add(offers);
    }
    return kept;
  }
}
