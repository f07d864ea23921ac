package io.github.ffncensus.jobs.run;

import io.github.ffncensus.jobs.fault.FaultPoint;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;

/**
 * A small file that readers find either as it was or as it is now, never in between, never missing.
 */
public final class AtomicFile {

  private final Configuration hadoop;
  private final Path file;

  public AtomicFile(Configuration hadoop, Path file) {
    this.hadoop = hadoop;
    this.file = file;
  }

  /** Null if there is no such file. */
  byte[] read() throws IOException {
    var fs = file.getFileSystem(hadoop);
    if (!fs.exists(file)) {
      return null;
    }
    try (FSDataInputStream in = fs.open(file)) {
      return in.readAllBytes();
    }
  }

  public void write(byte[] bytes) throws IOException {
    FileSystem fs = file.getFileSystem(hadoop);
    InheritedPermissions.mkdirs(fs, file.getParent());
    if ("file".equals(fs.getScheme())) {
      writeLocal(bytes);
    } else if (ObjectStores.contain(fs, file)) {
      writeObject(fs, bytes);
    } else {
      writeRemote(bytes);
    }
  }

  /**
   * Where the new text is written before it takes the file's place; hidden from readers of folders.
   */
  static Path aside(Path file) {
    return new Path(file.getParent(), "_" + file.getName() + ".new");
  }

  // Not through Hadoop, which renames a local file and its checksum file one after the other.
  private void writeLocal(byte[] bytes) throws IOException {
    var target = java.nio.file.Path.of(file.toUri().getPath());
    var aside = java.nio.file.Path.of(aside(file).toUri().getPath());
    try (FileChannel channel =
        FileChannel.open(
            aside,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      var buffer = java.nio.ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    InheritedPermissions.localFile(aside);
    FaultPoint.WITHIN_REPLACEMENT.reached(file.getName());
    Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Where what is written takes its place when it is closed, and not before. Renaming would delete
   * the old object first, and a driver that dies there would have lost it.
   */
  void writeObject(FileSystem fs, byte[] bytes) throws IOException {
    FSDataOutputStream out = fs.create(file, true);
    try {
      out.write(bytes);
    } catch (IOException e) {
      if (out.hasCapability(CommonPathCapabilities.ABORTABLE_STREAM)) {
        out.abort();
      }
      throw e;
    }
    out.close();
  }

  /** By the one rename that Hadoop promises to be atomic. */
  void writeRemote(byte[] bytes) throws IOException {
    FileContext context = FileContext.getFileContext(file.toUri(), hadoop);
    Path aside = aside(file);
    try (OutputStream out =
        context.create(
            aside,
            java.util.EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE),
            Options.CreateOpts.createParent())) {
      out.write(bytes);
    }
    InheritedPermissions.file(file.getFileSystem(hadoop), aside, file.getParent());
    FaultPoint.WITHIN_REPLACEMENT.reached(file.getName());
    context.rename(aside, file, Options.Rename.OVERWRITE);
  }
}
