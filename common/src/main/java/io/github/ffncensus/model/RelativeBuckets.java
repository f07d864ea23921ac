package io.github.ffncensus.model;

/**
 * Which distances between positions share a bias on attention scores, in T5's encoder: small ones
 * have a bucket each, larger ones share buckets that widen with the logarithm of the distance. Keys
 * after the query have the upper half of the buckets.
 *
 * <p>Calculated in float32 as the Hugging Face implementation does it, so that distances at the
 * edge of a bucket fall to the same side.
 *
 * @param buckets of both directions
 * @param maxDistance distances from here on share the last bucket of their direction
 */
public record RelativeBuckets(int buckets, int maxDistance) {

  /**
   * @param distance key position - query position
   * @return from 0 to buckets - 1
   */
  int bucket(int distance) {
    int ofDirection = buckets / 2;
    int first = distance > 0 ? ofDirection : 0;
    int apart = Math.abs(distance);
    int alone = ofDirection / 2;
    if (apart < alone) {
      return first + apart;
    }
    float logarithm = (float) Math.log((float) apart / alone);
    float share = logarithm / (float) Math.log((double) maxDistance / alone);
    int shared = alone + (int) (share * (ofDirection - alone));
    return first + Math.min(shared, ofDirection - 1);
  }

  /**
   * Buckets of all pairs of positions, row-major (rows, queries, keys).
   *
   * @param positions row-major (rows, length), of queries and of keys
   */
  long[] table(int[] positions, int length) {
    long[] table = new long[positions.length * length];
    for (int i = 0; i < positions.length; i++) {
      int row = i / length * length;
      for (int key = 0; key < length; key++) {
        table[i * length + key] = bucket(positions[row + key] - positions[i]);
      }
    }
    return table;
  }
}
