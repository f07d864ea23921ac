package io.github.ffncensus.jobs;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * A disk that is full at one moment: of the calls that take room on it (making a file or folder,
 * writing, closing, renaming), one fails. It goes by the scheme of HDFS, whose promises it keeps,
 * so that no path of the product takes it for the local disk.
 */
public final class FullDiskFileSystem extends RawLocalFileSystem {
  public static final URI ROOT = URI.create("hdfs://disk/");

  /** Key of Hadoop's configuration: in a process that has it, the number of the call that fails. */
  public static final String FAIL_AT = "full.disk.fail-at";

  /** A local file that the failing call makes: of all processes one fails, once. */
  public static final String FAILED = "full.disk.failed";

  /** Of Spark: which class has {@link #ROOT}. */
  public static final String IMPLEMENTATION = "spark.hadoop.fs.hdfs.impl";

  /** Of Spark: which class is {@link #ROOT} for Hadoop's other interface. */
  public static final String CONTEXT_IMPLEMENTATION =
      "spark.hadoop.fs.AbstractFileSystem.hdfs.impl";

  private static final AtomicInteger CALLS = new AtomicInteger();
  private static volatile int failing;
  private static volatile java.nio.file.Path failed;

  /** Makes a process' commands use this file system for {@link #ROOT}. */
  static void install(CensusCli census) {
    census
        .property(IMPLEMENTATION, FullDiskFileSystem.class.getName())
        .property(CONTEXT_IMPLEMENTATION, Context.class.getName());
  }

  /**
   * @param call the number of the call that fails, from 1; 0 for none
   */
  static void failAt(int call) {
    CALLS.set(0);
    failing = call;
  }

  /** Calls since {@link #failAt}. */
  static int calls() {
    return CALLS.get();
  }

  private static void takeRoom() throws IOException {
    if (CALLS.incrementAndGet() == failing && isFirst()) {
      throw new IOException("No space left on device");
    }
  }

  private static boolean isFirst() throws IOException {
    try {
      if (failed != null) {
        Files.createFile(failed);
      }
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  @Override
  public void initialize(URI uri, Configuration hadoop) throws IOException {
    super.initialize(uri, hadoop);
    if (hadoop.get(FAIL_AT) != null) {
      failing = hadoop.getInt(FAIL_AT, 0);
      failed = java.nio.file.Path.of(hadoop.get(FAILED));
    }
  }

  @Override
  public URI getUri() {
    return ROOT;
  }

  @Override
  public String getScheme() {
    return ROOT.getScheme();
  }

  /** With the permissions of the local file, which Hadoop looks for by its own scheme alone. */
  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    FileStatus local = super.getFileStatus(path);
    String permissions =
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(java.nio.file.Path.of(path.toUri().getPath())));
    return new FileStatus(
        local.getLen(),
        local.isDirectory(),
        local.getReplication(),
        local.getBlockSize(),
        local.getModificationTime(),
        local.getAccessTime(),
        FsPermission.valueOf("-" + permissions),
        "",
        "",
        local.getPath());
  }

  @Override
  protected void checkPath(Path path) {
    // Every path is of this disk.
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    takeRoom();
    return failing(
        super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress));
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    takeRoom();
    return failing(super.create(path, overwrite, bufferSize, replication, blockSize, progress));
  }

  private static FSDataOutputStream failing(OutputStream file) throws IOException {
    return new FSDataOutputStream(new FailingStream(file), null);
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) throws IOException {
    takeRoom();
    return super.mkdirs(path, permission);
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    takeRoom();
    return super.mkdirs(path);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    takeRoom();
    return super.rename(from, to);
  }

  private static final class FailingStream extends FilterOutputStream {
    private boolean closed;

    FailingStream(OutputStream file) {
      super(file);
    }

    @Override
    public void write(int b) throws IOException {
      takeRoom();
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      takeRoom();
      out.write(bytes, from, length);
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        closed = true;
        out.close();
        takeRoom();
      }
    }
  }

  /** The same disk for Hadoop's other interface, the one with the atomic rename. */
  public static final class Context extends DelegateToFileSystem {
    public Context(URI uri, Configuration hadoop) throws Exception {
      super(ROOT, new FullDiskFileSystem(), hadoop, ROOT.getScheme(), false);
    }

    @Override
    public void renameInternal(Path from, Path to, boolean overwrite) throws IOException {
      takeRoom();
      Files.move(
          java.nio.file.Path.of(from.toUri().getPath()),
          java.nio.file.Path.of(to.toUri().getPath()),
          StandardCopyOption.ATOMIC_MOVE);
    }
  }
}
