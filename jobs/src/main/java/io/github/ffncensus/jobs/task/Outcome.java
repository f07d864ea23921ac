package io.github.ffncensus.jobs.task;

import java.io.Serializable;

/**
 * What became of a piece of work.
 *
 * @param number of the piece
 * @param told by its task; null if it failed
 * @param failure in words; null unless it failed
 */
record Outcome<R extends Serializable>(int number, R told, String failure) implements Serializable {

  static <R extends Serializable> Outcome<R> done(int number, R told) {
    return new Outcome<>(number, told, null);
  }

  static <R extends Serializable> Outcome<R> failed(int number, String failure) {
    return new Outcome<>(number, null, failure);
  }
}
