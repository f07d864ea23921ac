package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.perturbations.PerturbationSummary;
import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.ArrayList;

/** What a task wrote of one layer. */
record LayerPerturbations(int layer, TableFile file, ArrayList<PerturbationSummary> summaries)
    implements Serializable {}
