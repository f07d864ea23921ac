package io.github.ffncensus.jobs.task;

import java.io.Serializable;

/** Marks a task that runs the model: where executors have GPUs, its stage asks for them. */
public interface ModelTask extends Serializable {}
