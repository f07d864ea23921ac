/** Finding the names of entities in text: all names at once, in any script. */
package io.github.ffncensus.text.entity;
