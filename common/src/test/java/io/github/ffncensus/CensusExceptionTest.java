package io.github.ffncensus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class CensusExceptionTest {

  @Test
  void foundAmongCauses() {
    CensusException cause = CensusException.input("no such folder");
    assertThat(CensusException.in(new RuntimeException("wrapped", new RuntimeException(cause))))
        .containsSame(cause);
  }

  @Test
  void foundInTheTextOfARemoteStackTrace() {
    StringWriter trace = new StringWriter();
    CensusException.input("two\nlines: [x]").printStackTrace(new PrintWriter(trace));
    var remote = new RuntimeException("Job aborted: Lost task 0.0 (host executor 1): " + trace);

    CensusException found = CensusException.in(remote).orElseThrow();

    assertThat(found).hasMessage("two\nlines: [x]").hasCause(remote);
    assertThat(found.kind()).isEqualTo(CensusException.Kind.INPUT);
    assertThat(found.kind().exitCode()).isEqualTo(3);
  }

  @Test
  void absentInOtherFailures() {
    assertThat(CensusException.in(new IllegalStateException())).isEmpty();
  }
}
