package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.perturbations.Perturbation;
import io.github.ffncensus.interpret.perturbations.Perturbation.Effect;
import io.github.ffncensus.interpret.perturbations.PerturbationRun;
import io.github.ffncensus.interpret.perturbations.Winner;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.ModelTask;
import io.github.ffncensus.jobs.task.SequenceLookUp;
import io.github.ffncensus.jobs.task.SequenceTokens;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.text.ModelTokenizer;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Task: perturbs winners, sorted by block and sequence. A block's batches are a function of its
 * winners, so that it does not matter which blocks a task got.
 */
final class PerturbWinners implements FlatMapFunction<Iterator<Row>, Row>, ModelTask {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final ShardPlan plan;

  PerturbWinners(TaskSetup setup, ShardPlan plan) {
    this.setup = setup;
    this.plan = plan;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> winners) {
    return winners.hasNext() ? new Perturbed(winners) : Collections.emptyIterator();
  }

  /** The rows of the table, those of undefined perturbations left out. */
  private final class Perturbed implements Iterator<Row> {
    private final ModelTokenizer tokenizer = setup.tokenizer();
    private final PerturbationRun run =
        new PerturbationRun(
            setup.model(),
            setup.config().scan().batchTokens(),
            setup.config().interpret().perturbations().seed(),
            tokens -> TaskContext.get().killTaskIfInterrupted());
    private final Blocks blocks;
    private Iterator<Perturbation> ofBlock = Collections.emptyIterator();
    private Row next;

    Perturbed(Iterator<Row> winners) {
      blocks = new Blocks(winners);
      next = find();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Row next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      Row row = next;
      next = find();
      return row;
    }

    private Row find() {
      while (ofBlock.hasNext() || blocks.hasNext()) {
        if (ofBlock.hasNext()) {
          Perturbation perturbation = ofBlock.next();
          Optional<Effect> effect = perturbation.effect();
          if (effect.isPresent()) {
            return row(perturbation, effect.get());
          }
        } else {
          ofBlock = run.run(blocks.next());
        }
      }
      return null;
    }

    private Row row(Perturbation perturbation, Effect effect) {
      Winner winner = perturbation.winner();
      return RowFactory.create(
          winner.layer(),
          winner.neuron(),
          winner.rank(),
          perturbation.removal().label(),
          tokenizer.token(effect.removedToken()),
          winner.coefficient(),
          effect.perturbed(),
          perturbation.relativeChange(),
          effect.removedToken(),
          effect.removedPosition(),
          effect.reread(),
          effect.control(),
          effect.controlCoefficient(),
          effect.controlPerturbed(),
          perturbation.controlChange());
    }
  }

  /** Cuts the winners where another block begins; a block must be used up before the next. */
  private final class Blocks implements Iterator<Iterator<Winner>> {
    private final SequenceLookUp<TokenSequence> sequences =
        new SequenceLookUp<>(
            setup.hadoop(),
            setup.folder().table("sequences"),
            plan,
            SequenceTokens::decode,
            SequenceTokens.columns());
    private final Iterator<Row> winners;
    private Row next;

    Blocks(Iterator<Row> winners) {
      this.winners = winners;
      advance();
    }

    private void advance() {
      next = winners.hasNext() ? winners.next() : null;
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Iterator<Winner> next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      int shard = next.getInt(0);
      int block = next.getInt(1);
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return next != null && next.getInt(0) == shard && next.getInt(1) == block;
        }

        @Override
        public Winner next() {
          if (!hasNext()) {
            throw new NoSuchElementException();
          }
          Winner winner = winner(next);
          advance();
          return winner;
        }
      };
    }

    private Winner winner(Row row) {
      return new Winner(
          row.getInt(2),
          row.getInt(3),
          row.getInt(4),
          row.getFloat(5),
          sequences.find(row.getInt(0), row.getLong(6)),
          row.getInt(7));
    }
  }
}
