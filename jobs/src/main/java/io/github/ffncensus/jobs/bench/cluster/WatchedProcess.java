package io.github.ffncensus.jobs.bench.cluster;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.reflect.UndeclaredThrowableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** The memory of another Java process on this machine, a Linux, looked at while it runs. */
final class WatchedProcess implements AutoCloseable {
  private final ProcessHandle process;
  private JMXConnector connector;
  private MemoryMXBean memory;
  private long peakResident;
  private final List<Long> heaps = new ArrayList<>();

  WatchedProcess(ProcessHandle process) {
    this.process = process;
  }

  ProcessHandle process() {
    return process;
  }

  /** Bytes: the most that was in real memory at any time, as the kernel keeps it (VmHWM). */
  long peakResident() {
    return peakResident;
  }

  /** Bytes: the heap that a full collection left, at each look. */
  List<Long> heaps() {
    return List.copyOf(heaps);
  }

  /** Looks at what the kernel keeps. */
  void lookAtResident() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
        if (line.startsWith("VmHWM:")) {
          long kilobytes = Long.parseLong(line.replaceAll("\\D", ""));
          peakResident = Math.max(peakResident, 1024 * kilobytes);
        }
      }
    } catch (IOException e) {
      // It has ended; what was read before stays.
    }
  }

  /** Has the process collect its garbage, and looks at what is left. */
  void lookAtHeap() {
    try {
      if (memory == null) {
        connect();
      }
      memory.gc();
      heaps.add(memory.getHeapMemoryUsage().getUsed());
    } catch (IOException | AttachNotSupportedException | UndeclaredThrowableException e) {
      // It is only just starting, or has ended.
    }
  }

  // The other end is a process that this one started, on the same machine.
  @SuppressWarnings("BanJNDI")
  private void connect() throws IOException, AttachNotSupportedException {
    VirtualMachine machine = VirtualMachine.attach(Long.toString(process.pid()));
    try {
      connector =
          JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent()));
      memory =
          ManagementFactory.newPlatformMXBeanProxy(
              connector.getMBeanServerConnection(),
              ManagementFactory.MEMORY_MXBEAN_NAME,
              MemoryMXBean.class);
    } finally {
      machine.detach();
    }
  }

  @Override
  public void close() {
    if (connector != null) {
      try {
        connector.close();
      } catch (IOException e) {
        // The process is gone, and the connection with it.
      }
    }
  }
}
