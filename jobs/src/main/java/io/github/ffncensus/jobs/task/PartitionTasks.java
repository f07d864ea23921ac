package io.github.ffncensus.jobs.task;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import scala.Function1;
import scala.Function2;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/** Runs a task per piece of work and tells of each that is done, as collect() does not. */
public final class PartitionTasks {
  private PartitionTasks() {}

  /**
   * The results in the order of the work.
   *
   * @param onResult called on the driver, once per piece, whatever was tried again
   */
  public static <W extends Serializable, R extends Serializable> List<R> run(
      JavaSparkContext spark,
      List<W> work,
      Function<W, R> task,
      Class<R> resultType,
      Consumer<R> onResult) {
    if (work.isEmpty()) {
      return List.of();
    }
    JavaRDD<R> results = spark.parallelize(work, work.size()).map(task);
    return collect(spark, GpuStages.on(results, task), resultType, onResult);
  }

  /**
   * The results of partitions with one each, in their order.
   *
   * @param onResult called on the driver, once per partition, whatever was tried again
   */
  static <R> List<R> collect(
      JavaSparkContext spark, JavaRDD<R> results, Class<R> resultType, Consumer<R> onResult) {
    Object[] collected = new Object[results.getNumPartitions()];
    Function2<Object, R, BoxedUnit> onDone =
        (partition, result) -> {
          collected[(Integer) partition] = result;
          onResult.accept(result);
          return BoxedUnit.UNIT;
        };
    spark.sc().runJob(results.rdd(), new Only<R>(), onDone, ClassTag$.MODULE$.<R>apply(resultType));
    return new ArrayList<>(Arrays.stream(collected).map(resultType::cast).toList());
  }

  /** The single result of a partition. */
  private static final class Only<R> implements Function1<Iterator<R>, R>, Serializable {
    @Override
    public R apply(Iterator<R> results) {
      return results.next();
    }
  }
}
