package io.github.ffncensus.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive from source text: a module without weights whose methods reach
 * operations that the engine's array interface lacks.
 */
final class ScriptArchive {
  /** The archive format's own version; older numbers select older operator signatures. */
  private static final String FORMAT_VERSION = "10\n";

  private ScriptArchive() {}

  /**
   * @param className the one class in {@code source}
   * @param source TorchScript text of the class, its methods included
   */
  static byte[] write(String className, String source) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
        store(zip, "m/data.pkl", moduleState(className));
        store(zip, "m/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
        store(zip, "m/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
        store(zip, "m/version", FORMAT_VERSION.getBytes(StandardCharsets.UTF_8));
      }
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A pickle of an object of the class with the one attribute training = False. */
  private static byte[] moduleState(String className) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] attribute = "training".getBytes(StandardCharsets.UTF_8);
    out.write(new byte[] {(byte) 0x80, 2, 'c'});
    out.write(("__torch__\n" + className + "\n").getBytes(StandardCharsets.UTF_8));
    out.write(new byte[] {'q', 0, ')', (byte) 0x81, '}', '(', 'X'});
    out.write(new byte[] {(byte) attribute.length, 0, 0, 0});
    out.write(attribute);
    out.write(new byte[] {(byte) 0x89, 'u', 'b', '.'});
    return out.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setCrc(checksum.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
