/** What the Spark jobs share: running a task per piece of work, and what a process keeps open. */
package io.github.ffncensus.jobs.task;
