package io.github.ffncensus.knowledge.opendomain;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * Which lists of texts are kept for each fact and method.
 *
 * @param perList texts of each list
 */
public record TriggerRules(int methods, List<Scope> scopes, int perList) implements Serializable {

  public TriggerRules {
    scopes = List.copyOf(scopes);
  }

  /** Which texts compete. */
  public enum Scope {
    HEAD_AND_TAIL,
    /** All that mention the head. */
    HEAD,
    /** All that were read. */
    ALL;

    boolean admits(TextClass textClass) {
      return switch (this) {
        case HEAD_AND_TAIL -> textClass == TextClass.HEAD_AND_TAIL;
        case HEAD -> textClass != TextClass.RANDOM;
        case ALL -> true;
      };
    }

    /** As the table has it, such as {@code head_and_tail}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Which end of the order. */
  public enum Direction {
    /** The largest means. */
    TOP,
    /** The smallest. */
    BOTTOM;

    /** As the table has it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  int lists() {
    return methods * scopes.size() * Direction.values().length;
  }

  int list(int method, int scope, Direction direction) {
    return (method * scopes.size() + scope) * Direction.values().length + direction.ordinal();
  }

  Direction direction(int list) {
    return Direction.values()[list % Direction.values().length];
  }
}
