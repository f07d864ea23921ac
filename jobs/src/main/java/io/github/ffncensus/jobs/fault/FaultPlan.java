package io.github.ffncensus.jobs.fault;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.SeededHash;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where this process is to fail, for tests; none unless the system property {@value #PROPERTY} is
 * set, for example to
 *
 * <pre>action=exit,at=before-manifest@scan+task-end,seed=7,probability=0.1</pre>
 *
 * <ul>
 *   <li>{@code at}: points, joined by {@code +}, each alone or with a place; all if left out
 *   <li>{@code seed}, {@code probability}: the point's n-th visit of a place fails if the hash of
 *       seed, point, place and n says so. The same seed fails at the same visits, whatever the
 *       order in which threads come by. Default: always
 *   <li>{@code action}: {@code throw} an {@link InjectedFault}, the default, or {@code exit} at
 *       once, as a killed process does, with code {@value #EXIT_CODE}
 *   <li>{@code times}: how often this process fails at most, default 1; 0 for without end
 * </ul>
 */
public final class FaultPlan {

  /** The system property with a process' plan. */
  public static final String PROPERTY = "ffn.census.faults";

  /** Of a process that a plan has ended. */
  public static final int EXIT_CODE = 86;

  private static final Logger LOG = LoggerFactory.getLogger(FaultPlan.class);

  private static volatile FaultPlan current = parse(System.getProperty(PROPERTY));

  /** What {@code action=throw} throws. */
  public static final class InjectedFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InjectedFault(String where) {
      super("injected fault at " + where);
    }
  }

  private enum Action {
    THROW,
    EXIT
  }

  /**
   * @param place null for every place
   */
  private record Target(FaultPoint point, String place) {
    boolean covers(FaultPoint reached, String at) {
      return point == reached && (place == null || place.equals(at));
    }
  }

  private final String text;
  private final Action action;
  private final List<Target> targets;
  private final long seed;
  private final double probability;
  private final int times;
  private final Map<String, Integer> visits = new HashMap<>();
  private final AtomicInteger fired = new AtomicInteger();

  private FaultPlan(
      String text, Action action, List<Target> targets, long seed, double probability, int times) {
    this.text = text;
    this.action = action;
    this.targets = targets;
    this.seed = seed;
    this.probability = probability;
    this.times = times;
  }

  /** The plan of this process, or null. */
  static FaultPlan current() {
    return current;
  }

  /**
   * Replaces the plan of this process, with nothing visited yet.
   *
   * @param text as the property has it; null for none
   */
  public static void install(String text) {
    current = parse(text);
  }

  /** Null for null. */
  static FaultPlan parse(String text) {
    if (text == null) {
      return null;
    }
    Map<String, String> settings = new HashMap<>();
    for (String setting : text.split(",", -1)) {
      String[] parts = setting.split("=", 2);
      if (parts.length != 2) {
        throw unusable(text, null);
      }
      settings.put(parts[0].strip(), parts[1].strip());
    }
    try {
      FaultPlan plan =
          new FaultPlan(
              text,
              Action.valueOf(take(settings, "action", "throw").toUpperCase(java.util.Locale.ROOT)),
              targets(take(settings, "at", "")),
              Long.parseLong(take(settings, "seed", "0")),
              Double.parseDouble(take(settings, "probability", "1")),
              Integer.parseInt(take(settings, "times", "1")));
      if (settings.isEmpty()) {
        return plan;
      }
    } catch (IllegalArgumentException e) {
      throw unusable(text, e);
    }
    throw unusable(text, null);
  }

  private static String take(Map<String, String> settings, String name, String fallback) {
    String value = settings.remove(name);
    return value == null ? fallback : value;
  }

  private static List<Target> targets(String at) {
    List<Target> targets = new ArrayList<>();
    if (at.isEmpty()) {
      Arrays.stream(FaultPoint.values()).forEach(point -> targets.add(new Target(point, null)));
      return targets;
    }
    for (String target : at.split("\\+", -1)) {
      String[] parts = target.split("@", 2);
      FaultPoint point =
          Arrays.stream(FaultPoint.values())
              .filter(known -> known.word().equals(parts[0]))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException(parts[0]));
      targets.add(new Target(point, parts.length == 2 ? parts[1] : null));
    }
    return targets;
  }

  private static CensusException unusable(String text, Exception cause) {
    return CensusException.configuration(
        "-D%s=%s: must be like action=exit,at=before-manifest@scan+task-end,seed=7,probability=0.1,times=1; the points are %s"
            .formatted(
                PROPERTY,
                text,
                String.join(
                    ", ", Arrays.stream(FaultPoint.values()).map(FaultPoint::word).toList())),
        cause);
  }

  void visit(FaultPoint point, String place) {
    if (targets.stream().noneMatch(target -> target.covers(point, place))) {
      return;
    }
    String where = point.word() + "@" + place;
    int visit;
    synchronized (visits) {
      visit = visits.merge(where, 1, Integer::sum);
    }
    if (!chosen(where, visit) || (times > 0 && fired.incrementAndGet() > times)) {
      return;
    }
    LOG.warn("fault at {}, visit {}, as {}={} wants it", where, visit, PROPERTY, text);
    switch (action) {
      case THROW -> throw new InjectedFault(where);
      case EXIT -> Runtime.getRuntime().halt(EXIT_CODE);
    }
  }

  private boolean chosen(String where, int visit) {
    // 53 bits make every double from 0 to 1 that nextDouble() would.
    long bits = SeededHash.of(seed, SeededHash.text(where), visit) >>> 11;
    return bits * 0x1.0p-53 < probability;
  }
}
