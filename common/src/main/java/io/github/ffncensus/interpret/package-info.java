/** The second look at what a scan found, free of Spark. */
package io.github.ffncensus.interpret;
