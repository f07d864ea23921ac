package io.github.ffncensus.jobs.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.ffncensus.CensusException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PieceTasksTest {
  private static final AtomicInteger CALLS = new AtomicInteger();

  private final Map<Integer, String> done = new TreeMap<>();

  @Test
  void failingPieces_areToldWhenAllOthersAreDone() {
    Map<Integer, String> failures = run("local[2]", 10, failing(Set.of(2, 7)));
    assertThat(failures)
        .containsOnlyKeys(2, 7)
        .containsEntry(7, "IllegalStateException: piece 7 is broken");
    assertThat(done).containsOnlyKeys(0, 1, 3, 4, 5, 6, 8, 9).containsEntry(4, "made of 4");
  }

  @Test
  void pieceThatFailsOnce_isTriedAgainWhereSparkDoes() {
    CALLS.set(0);
    Map<Integer, String> failures =
        run(
            "local[2,3]",
            1,
            piece -> {
              if (CALLS.incrementAndGet() < 3) {
                throw new IllegalStateException("not yet");
              }
              return "made of " + piece;
            });
    assertThat(failures).isEmpty();
    assertThat(done).containsOnlyKeys(0);
    assertThat(CALLS).hasValue(3);
  }

  @Test
  void failureOfTheRun_endsItWithItsKind() {
    Throwable failure =
        catchThrowable(
            () ->
                run(
                    "local[2]",
                    3,
                    piece -> {
                      throw CensusException.input("weights contain NaN");
                    }));
    CensusException known = CensusException.in(failure).orElseThrow();
    assertThat(known.kind()).isEqualTo(CensusException.Kind.INPUT);
    assertThat(known).hasMessage("weights contain NaN");
  }

  @Test
  void whereNearlyAllFail_theRestIsNotTried() {
    Throwable failure =
        catchThrowable(
            () ->
                run(
                    "local[2]",
                    200,
                    piece -> {
                      throw new IllegalStateException("piece " + piece + " is broken");
                    }));
    assertThat(CensusException.in(failure).orElseThrow())
        .hasMessageStartingWith("more than 20 pieces of work failed, so that the fault is in none")
        .hasMessageContaining("is broken");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "local; 1",
        "local[*]; 1",
        "local[4]; 1",
        "local[2,3]; 3",
        "local[*, 5]; 5",
        "spark://host:7077; 8",
        "yarn; 8",
        "local-cluster[2,1,1024]; 8",
        "k8s://https://h:1; 8"
      })
  void attempts(String master, int attempts) {
    assertThat(PieceTasks.attempts(master, 8)).isEqualTo(attempts);
  }

  private static Function<Integer, String> failing(Set<Integer> broken) {
    return piece -> {
      if (broken.contains(piece)) {
        throw new IllegalStateException("piece " + piece + " is broken");
      }
      return "made of " + piece;
    };
  }

  private Map<Integer, String> run(String master, int pieces, Function<Integer, String> task) {
    TreeMap<Integer, Integer> work = new TreeMap<>();
    for (int piece = 0; piece < pieces; piece++) {
      work.put(piece, piece);
    }
    SparkConf conf =
        new SparkConf().setMaster(master).setAppName("test").set("spark.ui.enabled", "false");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      return PieceTasks.run(spark, "part", work, task, done::put);
    }
  }
}
