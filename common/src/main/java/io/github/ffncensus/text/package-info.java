/** The model's tokenizer, sentences, and sequences that fit the model's context. */
package io.github.ffncensus.text;
