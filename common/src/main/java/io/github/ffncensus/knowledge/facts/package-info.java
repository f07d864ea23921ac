/** Facts, the prompts that ask for them, and prompts as the model reads them. */
package io.github.ffncensus.knowledge.facts;
