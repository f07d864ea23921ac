package io.github.ffncensus.jobs.metrics;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/** Shows the metrics of executors to Spark's metrics system, and so to every sink that it has. */
public final class CensusPlugin implements SparkPlugin {
  private static final String PLUGINS = "spark.plugins";

  /** Adds this plugin to those of a session that is yet to start. */
  public static void addTo(SparkConf conf) {
    conf.set(
        PLUGINS,
        Stream.concat(
                Arrays.stream(conf.get(PLUGINS, "").split(",")),
                Stream.of(CensusPlugin.class.getName()))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .distinct()
            .collect(Collectors.joining(",")));
  }

  /** Nothing is counted on the driver. */
  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext context, Map<String, String> extraConf) {
        ProcessMetrics.get().register(context.metricRegistry());
      }
    };
  }
}
