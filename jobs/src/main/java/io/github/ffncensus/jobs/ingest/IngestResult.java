package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.table.TableFile;
import java.util.List;

/**
 * What an ingest read and left in staging. Every document is in {@code sequences} or in {@code
 * rejects}, never in both.
 *
 * @param tokens of all sequences, special tokens included
 */
public record IngestResult(
    List<CorpusInput> inputs,
    long documents,
    long documentsInSequences,
    long documentsInRejects,
    long sequences,
    long tokens,
    List<TableFile> sequenceFiles,
    List<TableFile> rejectFiles,
    ShardPlan plan) {}
