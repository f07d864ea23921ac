package io.github.ffncensus.jobs.bench;

import io.github.ffncensus.jobs.plan.SizeTable;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code bench sizes}. */
@Command(
    name = "sizes",
    description =
        "The tables of docs/scale.md: what runs of models up to 70 billion parameters cost, by the formulas of plan.",
    mixinStandardHelpOptions = true)
final class Sizes implements Callable<Integer> {
  @Override
  public Integer call() throws IOException {
    System.out.printf(
        "With the defaults:%n%n%s%nAs advised:%n%n%s",
        SizeTable.withDefaults(), SizeTable.asAdvised());
    return 0;
  }
}
