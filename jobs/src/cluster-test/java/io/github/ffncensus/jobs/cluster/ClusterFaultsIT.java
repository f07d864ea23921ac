package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.FullDiskFileSystem;
import io.github.ffncensus.jobs.cluster.Shared.Reference;
import io.github.ffncensus.jobs.fault.FaultPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong on clusters, done to real processes; each run ends in the undisturbed tables. */
@ExtendWith(Shared.class)
class ClusterFaultsIT {
  private final StandaloneCluster cluster;
  private final Reference reference;
  private final Random random = TestSeed.random();
  private Path folder;
  private Path warehouse;

  ClusterFaultsIT(StandaloneCluster cluster, Reference reference) {
    this.cluster = cluster;
    this.reference = reference;
  }

  @BeforeEach
  void folders(TestInfo test) {
    folder = Shared.folder(test.getTestMethod().orElseThrow().getName());
    warehouse = folder.resolve("warehouse");
  }

  @AfterEach
  void repair() throws IOException {
    while (cluster.workers().size() < 2) {
      cluster.startWorker();
    }
  }

  @Test
  void anExecutorKilledInEveryStage() throws IOException {
    RunWatch watch = watch("r1");
    try (ServerProcess driver = start("r1")) {
      for (String stage : SmallCensus.STAGES) {
        driver.await(() -> watch.isRunning(stage), "stage " + stage);
        Worker worker = begins(driver, cluster.workers());
        worker.executors().forEach(ProcessHandle::destroyForcibly);
        assertThat(watch.isRunning(stage)).as("killed in the stage " + stage).isTrue();
      }
      CensusCommand.end(driver).expect(0);
    }
    reference.assertSound(warehouse, "r1");
  }

  @Test
  void aMachineGoneForGood() throws IOException {
    RunWatch watch = watch("r1");
    try (ServerProcess driver = start("r1")) {
      driver.await(() -> watch.scannedShards() >= 3, "three scanned shards");
      cluster.workers().get(random.nextInt(2)).process().kill();
      assertThat(watch.isRunning("scan")).as("gone during the scan").isTrue();
      CensusCommand.end(driver).expect(0);
      assertThat(cluster.workers()).hasSize(1);
    }
    reference.assertSound(warehouse, "r1");
  }

  @Test
  void aMachineThatHangs_isOvertakenBySpeculation() throws IOException {
    RunWatch watch = watch("r1");
    CensusCommand command =
        CensusCommand.on(cluster, folder)
            .submit(
                "--conf", "spark.speculation=true",
                "--conf", "spark.speculation.interval=100ms",
                "--conf", "spark.speculation.minTaskRuntime=100ms",
                "--conf", "spark.speculation.multiplier=1.1",
                "--conf", "spark.speculation.quantile=0.1");
    try (ServerProcess driver = command.start(arguments("r1"))) {
      driver.await(() -> watch.isRunning("scan"), "scan");
      ProcessHandle hanging = begins(driver, cluster.workers()).executors().get(0);
      Worker.signal(hanging, "STOP");
      try {
        assertThat(watch.isRunning("scan")).as("hangs during the scan").isTrue();
        driver.await(() -> watch.scannedShards() == watch.shards(), "all shards, from the other");
      } finally {
        // Its attempts at tasks that others have finished go on now.
        Worker.signal(hanging, "CONT");
      }
      CensusCommand.end(driver).expect(0);
    }
    reference.assertSound(warehouse, "r1");
  }

  @Test
  void theDriverKilledAtRandomMoments_andTheCommandRepeated() throws IOException {
    int kills = Integer.getInteger("cluster.kills", 20);
    int runs = 1;
    int killed = 0;
    while (killed < kills) {
      String runId = "r" + runs;
      try (ServerProcess driver = start(runId)) {
        if (driver.endsWithin(
            reference.taken().multipliedBy(random.nextInt(1000)).dividedBy(1000))) {
          CensusCommand.end(driver).expect(0);
          reference.assertSound(warehouse, runId);
          runs++;
        } else {
          killed++;
        }
      }
    }
    CensusCommand.on(cluster, folder).run(arguments("r" + runs)).expect(0);
    reference.assertSound(warehouse, "r" + runs);
  }

  @Test
  void aShardThatTakesEveryExecutorWithIt_isNamed_andTheRunFinishesWithoutIt() throws IOException {
    CensusCommand command =
        CensusCommand.on(cluster, folder)
            .submit(
                "--conf",
                "spark.executor.defaultJavaOptions=-D%s=action=exit,at=task-start@scan:2"
                    .formatted(FaultPlan.PROPERTY));
    assertThat(command.run(arguments("r1")).expect(1).output())
        .contains("scan: 1 of ")
        .containsPattern("shard 2 \\([0-9]+ documents: doc-")
        .contains("its process died in every attempt")
        .contains("to finish without: --skip-shards 2");
    assertThat(watch("r1").scannedShards()).isEqualTo(watch("r1").shards() - 1);
    List<String> skipping = new ArrayList<>(arguments("r1"));
    skipping.addAll(List.of("--skip-shards", "2"));
    command.run(skipping).expect(0);
    assertThat(
            CensusCommand.local(folder)
                .run(reference.census().arguments("verify", "r1", warehouse.toString()))
                .expect(0)
                .output())
        .contains("It was made without: shard 2 of the corpus (");
  }

  /** In the driver or in an executor, whichever comes first to so many calls. */
  @ParameterizedTest
  @ValueSource(ints = {5, 60, 300})
  void aFullDisk_onceForOneProcess(int call) throws IOException {
    Path classes = folder.resolve("classes");
    copyFileSystem(classes);
    Path failed = folder.resolve("failed");
    CensusCommand command = CensusCommand.on(cluster, folder);
    Stream.of(
            FullDiskFileSystem.IMPLEMENTATION + "=" + FullDiskFileSystem.class.getName(),
            FullDiskFileSystem.CONTEXT_IMPLEMENTATION
                + "="
                + FullDiskFileSystem.Context.class.getName(),
            "spark.hadoop." + FullDiskFileSystem.FAIL_AT + "=" + call,
            "spark.hadoop." + FullDiskFileSystem.FAILED + "=" + failed,
            "spark.driver.extraClassPath=" + classes,
            "spark.executor.extraClassPath=" + classes)
        .forEach(setting -> command.submit("--conf", setting));
    List<String> run =
        reference
            .census()
            .arguments("run", "r1", FullDiskFileSystem.ROOT + warehouse.toString().substring(1));
    CensusCommand.Result result = command.run(run);
    assertThat(failed).as(result.output()).exists();
    if (result.exitCode() != 0) {
      assertThat(result.output()).contains("No space left on device");
      command.run(run).expect(0);
    }
    reference.assertSound(warehouse, "r1");
  }

  private static void copyFileSystem(Path classes) throws IOException {
    String name = FullDiskFileSystem.class.getName().replace('.', '/');
    Path compiled =
        Path.of(FullDiskFileSystem.class.getResource("/" + name + ".class").getPath()).getParent();
    Path copies = Files.createDirectories(classes.resolve(name).getParent());
    try (Stream<Path> files = Files.list(compiled)) {
      for (Path file : files.toList()) {
        if (file.getFileName().toString().startsWith(FullDiskFileSystem.class.getSimpleName())) {
          Files.copy(file, copies.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  @Test
  void twoDriversOfOneRun_oneIsRefused() throws IOException {
    try (ServerProcess one = start("r1");
        ServerProcess other = start("r1")) {
      List<CensusCommand.Result> results =
          Stream.of(CensusCommand.end(one), CensusCommand.end(other))
              .sorted((a, b) -> Integer.compare(a.exitCode(), b.exitCode()))
              .toList();
      results.get(0).expect(0);
      assertThat(results.get(1).expect(2).output()).contains("is being worked on by process ");
    }
    reference.assertSound(warehouse, "r1");
  }

  /** Waits until the executor of one of the workers has begun another task. */
  private Worker begins(ServerProcess driver, List<Worker> workers) throws IOException {
    List<Worker> order = new ArrayList<>(workers);
    Collections.shuffle(order, random);
    List<Long> before = new ArrayList<>();
    for (Worker worker : order) {
      before.add(worker.tasks());
    }
    List<Worker> found = new ArrayList<>();
    driver.await(
        () -> {
          for (int i = 0; i < order.size() && found.isEmpty(); i++) {
            Worker worker = order.get(i);
            if (worker.tasks() > before.get(i) && !worker.executors().isEmpty()) {
              found.add(worker);
            }
          }
          return !found.isEmpty();
        },
        "new task");
    return found.get(0);
  }

  private ServerProcess start(String runId) throws IOException {
    return CensusCommand.on(cluster, folder).start(arguments(runId));
  }

  private List<String> arguments(String runId) {
    return reference.census().arguments("run", runId, warehouse.toString());
  }

  private RunWatch watch(String runId) {
    return new RunWatch(warehouse.toUri().toString(), runId);
  }
}
