package io.github.ffncensus.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Property 42: which sequences are sampled depends on the seed and on nothing else. */
class SequenceSampleTest {

  @Test
  void sample_hasTheNumberAskedFor_eachOnce_inOrder() {
    long[] ids = new SequenceSample(100, 1).of(1000);
    assertThat(ids).hasSize(100).isSorted().doesNotHaveDuplicates();
    assertThat(ids[0]).isNotNegative();
    assertThat(ids[99]).isLessThan(1000);
  }

  @Test
  void smallCorpus_isTakenWhole() {
    assertThat(new SequenceSample(100, 1).of(7)).containsExactly(0, 1, 2, 3, 4, 5, 6);
    assertThat(new SequenceSample(100, 1).of(0)).isEmpty();
  }

  @Test
  void largerSample_holdsTheSmaller_andAnotherSeedIsAnotherSample() {
    long[] small = new SequenceSample(50, 1).of(1000);
    assertThat(new SequenceSample(200, 1).of(1000)).contains(small);
    assertThat(new SequenceSample(50, 1).of(1000)).isEqualTo(small);
    assertThat(new SequenceSample(50, 2).of(1000)).isNotEqualTo(small);
  }

  /** What is chosen of more sequences is what is chosen of fewer, as far as it is among them. */
  @Test
  void moreSequences_pushOutOnlyThoseWithLargerHashes() {
    long[] ofFewer = new SequenceSample(50, 1).of(500);
    long[] ofMore = new SequenceSample(50, 1).of(1000);
    assertThat(ofFewer).contains(LongStream.of(ofMore).filter(id -> id < 500).toArray());
  }

  @Test
  void everySequence_isAsLikely() {
    int[] chosen = new int[20];
    for (int seed = 0; seed < 4000; seed++) {
      Arrays.stream(new SequenceSample(5, seed).of(20)).forEach(id -> chosen[(int) id]++);
    }
    double chiSquare =
        Arrays.stream(chosen).mapToDouble(count -> Math.pow(count - 1000, 2) / 1000).sum();
    // 19 degrees of freedom, of which a sample without replacement uses less.
    assertThat(chiSquare).isLessThan(43.8);
    assertThat(Arrays.stream(chosen).average().orElseThrow()).isCloseTo(1000, within(1e-9));
  }
}
