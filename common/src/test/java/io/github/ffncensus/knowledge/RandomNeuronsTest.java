package io.github.ffncensus.knowledge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RandomNeuronsTest {
  private static final List<Neuron> SET =
      List.of(new Neuron(3, 1), new Neuron(0, 5), new Neuron(3, 7), new Neuron(3, 2));

  @Test
  void haveTheLayersOfTheSet_andNoneOfIt() {
    boolean[] seen = new boolean[12];
    for (long key = 0; key < 200; key++) {
      List<Neuron> drawn = RandomNeurons.like(SET, 12, 1, key);
      assertThat(drawn).extracting(Neuron::layer).containsExactly(3, 0, 3, 3);
      assertThat(drawn).doesNotHaveDuplicates().doesNotContainAnyElementsOf(SET);
      drawn.forEach(neuron -> seen[neuron.index()] = true);
    }
    assertThat(seen).containsOnly(true);
  }

  @Test
  void dependOnSeedAndKeyAlone() {
    assertThat(RandomNeurons.like(SET, 500, 1, 9)).isEqualTo(RandomNeurons.like(SET, 500, 1, 9));
    assertThat(RandomNeurons.like(SET, 500, 1, 9)).isNotEqualTo(RandomNeurons.like(SET, 500, 2, 9));
    assertThat(RandomNeurons.like(SET, 500, 1, 9)).isNotEqualTo(RandomNeurons.like(SET, 500, 1, 8));
  }

  @Test
  void layerThatIsAllTaken_givesItsOwn() {
    List<Neuron> all = List.of(new Neuron(0, 0), new Neuron(0, 1), new Neuron(0, 2));
    assertThat(RandomNeurons.like(all, 3, 1, 1)).containsExactlyInAnyOrderElementsOf(all);
  }
}
