package io.github.ffncensus.jobs.show;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** A small bar chart: where its bars are, for the report's template to draw as SVG. */
final class Bars {
  static final int HEIGHT = 44;
  private static final int WIDTH = 280;
  private static final int WIDEST = 22;
  private static final double GAP = 0.15;

  private Bars() {}

  /**
   * @param labels of the bars
   * @param values of the bars, null where there is none; all bars stand on, or hang from, zero
   * @return what the template needs; null if there is no value
   */
  static Map<String, Object> of(List<String> labels, List<Double> values) {
    List<Double> known = values.stream().filter(Objects::nonNull).filter(Double::isFinite).toList();
    if (known.isEmpty()) {
      return null;
    }
    double top = Math.max(0, known.stream().mapToDouble(v -> v).max().getAsDouble());
    double bottom = Math.min(0, known.stream().mapToDouble(v -> v).min().getAsDouble());
    double scale = top == bottom ? 0 : HEIGHT / (top - bottom);
    double step = Math.min(WIDEST, (double) WIDTH / values.size());
    List<Map<String, Object>> bars = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      Double value = values.get(i);
      if (value != null && Double.isFinite(value)) {
        bars.add(
            Map.of(
                "x", text(i * step),
                "y", text((top - Math.max(0, value)) * scale),
                "width", text(step * (1 - GAP)),
                "height", text(Math.max(0.5, Math.abs(value) * scale)),
                "label", labels.get(i),
                "value", Finding.text(value)));
      }
    }
    return Map.of(
        "width", text(step * values.size()),
        "height", HEIGHT,
        "zero", text(top * scale),
        "top", Finding.text(top),
        "bottom", Finding.text(bottom),
        "bars", bars);
  }

  private static String text(double pixels) {
    return String.format(Locale.ROOT, "%.2f", pixels);
  }
}
