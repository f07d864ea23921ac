package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.text.entity.EntityMatch;
import java.util.List;

/**
 * A fact whose head stands in a text.
 *
 * @param fact its number, see {@link FactMentions}
 * @param heads where the head stands, at least one place
 * @param tails where the tail stands without touching a head, in the order of the text; none makes
 *     the text one of {@link TextClass#HEAD_ONLY}
 */
public record FactMention(int fact, List<EntityMatch> heads, List<EntityMatch> tails) {}
