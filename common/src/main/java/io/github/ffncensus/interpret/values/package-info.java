/** Value vectors read as distributions over the vocabulary, and their agreement with triggers. */
package io.github.ffncensus.interpret.values;
