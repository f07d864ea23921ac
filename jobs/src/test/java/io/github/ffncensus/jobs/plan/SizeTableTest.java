package io.github.ffncensus.jobs.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page and the formulas say the same. */
class SizeTableTest {

  @Test
  void thePage_hasTheTablesOfTheFormulas() throws IOException {
    assertThat(Files.readString(Path.of("../docs/scale.md")))
        .as("docs/scale.md: put in what `submit-scripts/bench sizes` prints")
        .contains(SizeTable.withDefaults())
        .contains(SizeTable.asAdvised());
  }

  @Test
  void thePage_namesTheSettingsOfTheTable() throws IOException {
    String page = Files.readString(Path.of("../docs/scale.md"));
    SizeCase.ALL.forEach(model -> assertThat(page).contains(model.settings()));
  }
}
