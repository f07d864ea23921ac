package io.github.ffncensus.jobs.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.TreeMap;

/** The metrics of this process, which is that of all tests so far. */
public final class CountedSoFar {
  private CountedSoFar() {}

  public static Map<String, Double> byName() {
    return byName(ProcessMetrics.get());
  }

  static Map<String, Double> byName(ProcessMetrics metrics) {
    MetricRegistry registry = new MetricRegistry();
    metrics.register(registry);
    Map<String, Double> values = new TreeMap<>();
    registry
        .getMetrics()
        .forEach(
            (name, metric) ->
                values.put(
                    name,
                    metric instanceof Counter counter
                        ? Double.valueOf(counter.getCount())
                        : (Double) ((Gauge<?>) metric).getValue()));
    return values;
  }
}
