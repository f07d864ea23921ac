package io.github.ffncensus.interpret.perturbations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class NeuronSampleTest {

  @Test
  void sample_hasTheNumberOfNeuronsAskedFor() {
    assertThat(new NeuronSample(100, 1).of(0, 3072).cardinality()).isEqualTo(100);
    assertThat(new NeuronSample(0, 1).of(0, 3072).cardinality()).isEqualTo(3072);
    assertThat(new NeuronSample(5000, 1).of(0, 3072).cardinality()).isEqualTo(3072);
  }

  @Test
  void sample_differsByLayerAndSeed_andGrowsInPlace() {
    BitSet sample = new NeuronSample(100, 1).of(0, 3072);
    assertThat(new NeuronSample(100, 1).of(0, 3072)).isEqualTo(sample);
    assertThat(new NeuronSample(100, 2).of(0, 3072)).isNotEqualTo(sample);
    assertThat(new NeuronSample(100, 1).of(1, 3072)).isNotEqualTo(sample);
    BitSet larger = new NeuronSample(200, 1).of(0, 3072);
    larger.and(sample);
    assertThat(larger).isEqualTo(sample);
  }

  /** Each neuron is in a tenth of the samples, within four standard deviations. */
  @Test
  void sample_isUniform() {
    int[] chosen = new int[200];
    for (int seed = 0; seed < 1000; seed++) {
      new NeuronSample(20, seed).of(3, 200).stream().forEach(neuron -> chosen[neuron]++);
    }
    assertThat(chosen)
        .satisfies(
            counts -> {
              for (int count : counts) {
                assertThat(count).isBetween(62, 138);
              }
            });
  }
}
