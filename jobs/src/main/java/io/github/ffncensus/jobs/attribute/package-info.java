/**
 * The stage attribute: facts and their prompts, the attributions of all neurons in each prompt, and
 * from these the knowledge neurons of facts and relations.
 */
package io.github.ffncensus.jobs.attribute;
