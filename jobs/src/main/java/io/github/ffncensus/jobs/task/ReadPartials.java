package io.github.ffncensus.jobs.task;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/** Reads the blocks of a {@link PartialFile} with their numbers, one at a time. */
public final class ReadPartials implements PairFlatMapFunction<String, Long, byte[]> {
  private static final long serialVersionUID = 1L;

  private final Staging staging;
  private final String folder;

  /**
   * @param folder of the files, in staging
   */
  public ReadPartials(Staging staging, String folder) {
    this.staging = staging;
    this.folder = folder;
  }

  @Override
  public Iterator<Tuple2<Long, byte[]>> call(String file) throws IOException {
    PartialFile.Reader reader =
        new PartialFile.Reader(staging.hadoop(), staging.file(folder, file));
    TaskContext.get()
        .addTaskCompletionListener(
            (TaskCompletionListener)
                done -> {
                  try {
                    reader.close();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
    return new Blocks(reader);
  }

  private static final class Blocks implements Iterator<Tuple2<Long, byte[]>> {
    private final PartialFile.Reader reader;
    private Tuple2<Long, byte[]> next;
    private boolean ended;

    Blocks(PartialFile.Reader reader) {
      this.reader = reader;
    }

    @Override
    public boolean hasNext() {
      try {
        if (next == null && !ended) {
          ended = !reader.next();
          if (ended) {
            reader.close();
          } else {
            next = new Tuple2<>(reader.number(), reader.packed());
          }
        }
        return next != null;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Tuple2<Long, byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Tuple2<Long, byte[]> result = next;
      next = null;
      return result;
    }
  }
}
