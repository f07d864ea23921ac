package io.github.ffncensus.jobs.run;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A process, and what another one must have in common with it to see whether it lives. A host name
 * is not enough: containers of one image may share theirs, and each numbers its own processes.
 *
 * @param boot of the machine's kernel; empty where the system does not tell
 * @param pidNamespace within which the number is valid; empty where the system does not tell
 * @param start since the boot, tells a process from an earlier one with the same number
 */
record ProcessIdentity(String host, String boot, String pidNamespace, long pid, String start) {
  private static final Path PROC = Path.of("/proc");

  static ProcessIdentity self() {
    return of(ProcessHandle.current().pid());
  }

  /** A process that this one can see. */
  static ProcessIdentity of(long pid) {
    String host = hostName();
    try {
      return new ProcessIdentity(
          host,
          Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip(),
          Files.readSymbolicLink(PROC.resolve("self/ns/pid")).toString(),
          pid,
          startOf(pid));
    } catch (IOException e) {
      // No Linux, or one that keeps this to itself.
      return new ProcessIdentity(host, "", "", pid, "");
    }
  }

  /** False as well if nothing is known. */
  boolean isKnownToBeDead() {
    ProcessIdentity self = self();
    return !self.boot.isEmpty()
        && self.boot.equals(boot)
        && self.pidNamespace.equals(pidNamespace)
        && self.host.equals(host)
        && isGone();
  }

  private boolean isGone() {
    try {
      return !startOf(pid).equals(start);
    } catch (NoSuchFileException e) {
      // Where the processes of others are hidden, so is the first one.
      return Files.isReadable(PROC.resolve("1/stat"));
    } catch (IOException e) {
      return false;
    }
  }

  /** In ticks since the boot: unlike a time of day, it is the same whenever it is asked for. */
  private static String startOf(long pid) throws IOException {
    String stat = Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1);
    // The second field, the program's name in brackets, may contain blanks and brackets.
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19];
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown-" + ProcessHandle.current().pid();
    }
  }
}
