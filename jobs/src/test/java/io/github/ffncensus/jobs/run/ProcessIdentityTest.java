package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class ProcessIdentityTest {
  private final ProcessIdentity self = ProcessIdentity.self();

  @Test
  void processThatEnds_isKnownToBeDead() throws Exception {
    Process child = new ProcessBuilder("sleep", "60").start();
    ProcessIdentity identity = ProcessIdentity.of(child.pid());
    assertThat(identity.isKnownToBeDead()).isFalse();
    child.destroyForcibly().waitFor();
    assertThat(identity.isKnownToBeDead()).isTrue();
  }

  @Test
  void laterProcessWithTheSameNumber_isAnother() {
    assertThat(self.isKnownToBeDead()).isFalse();
    assertThat(gone(self.host(), self.boot(), self.pidNamespace()).isKnownToBeDead()).isTrue();
  }

  @Test
  void nothingIsKnownOfAProcessElsewhere() {
    assertThat(gone("other", self.boot(), self.pidNamespace()).isKnownToBeDead()).isFalse();
    assertThat(gone(self.host(), "other", self.pidNamespace()).isKnownToBeDead()).isFalse();
    assertThat(gone(self.host(), self.boot(), "pid:[1]").isKnownToBeDead()).isFalse();
    assertThat(gone(self.host(), "", "").isKnownToBeDead()).isFalse();
    assertThat(gone(self.host(), null, null).isKnownToBeDead()).isFalse();
  }

  private ProcessIdentity gone(String host, String boot, String pidNamespace) {
    return new ProcessIdentity(host, boot, pidNamespace, self.pid(), "an earlier start");
  }
}
