package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.ffncensus.CensusException;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.VoidFunction;
import org.junit.jupiter.api.Test;

class SparkFailureTest {

  @Test
  void failureOfATask_reachesTheDriverWithKindAndMessage() {
    SparkConf conf =
        new SparkConf().setMaster("local[1]").setAppName("test").set("spark.ui.enabled", "false");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      VoidFunction<Integer> task =
          number -> {
            throw CensusException.input("document 7:\nweights contain NaN");
          };
      Throwable failure =
          catchThrowable(() -> spark.parallelize(java.util.List.of(1)).foreach(task));

      CensusException found = CensusException.in(failure).orElseThrow();
      assertThat(found.kind()).isEqualTo(CensusException.Kind.INPUT);
      assertThat(found).hasMessage("document 7:\nweights contain NaN");

      // What is left of it when the cause does not come back from a remote executor.
      CensusException parsed =
          CensusException.in(new RuntimeException(failure.getMessage())).orElseThrow();
      assertThat(parsed.kind()).isEqualTo(CensusException.Kind.INPUT);
      assertThat(parsed).hasMessage("document 7:\nweights contain NaN");
    }
  }
}
