package io.github.ffncensus.jobs.show;

import io.github.ffncensus.table.TableRow;
import java.util.Comparator;

/** A neuron of the model, layer and number from 0. */
public record Address(int layer, int neuron) implements Comparable<Address> {
  private static final Comparator<Address> ORDER =
      Comparator.comparingInt(Address::layer).thenComparingInt(Address::neuron);

  static Address of(TableRow row) {
    return new Address(row.getInt("layer"), row.getInt("neuron"));
  }

  @Override
  public int compareTo(Address other) {
    return ORDER.compare(this, other);
  }
}
