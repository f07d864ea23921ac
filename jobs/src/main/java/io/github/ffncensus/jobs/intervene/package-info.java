/**
 * The stage {@code intervene}: prompts answered again while knowledge neurons are suppressed or
 * amplified.
 */
package io.github.ffncensus.jobs.intervene;
