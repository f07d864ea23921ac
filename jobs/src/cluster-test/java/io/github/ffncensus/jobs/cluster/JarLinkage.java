package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Whether every method and field that the product's classes name is there, in a Spark of another
 * version: what the virtual machine would find out only when the line is run.
 */
final class JarLinkage implements AutoCloseable {
  private static final String PRODUCT = "io/github/ffncensus/";
  private static final String SHADED = PRODUCT + "shaded/";

  /** Modules by package. */
  private static final Map<String, Module> JAVA = new HashMap<>();

  static {
    for (Module module : ModuleLayer.boot().modules()) {
      module.getPackages().forEach(name -> JAVA.put(name.replace('.', '/'), module));
    }
  }

  /** What a class declares, as name and descriptor, and from whom it inherits. */
  private record Declared(Set<String> members, List<String> parents) {}

  private final URLClassLoader loader;
  private final Map<String, Declared> classes = new HashMap<>();
  private final Set<String> missing = new TreeSet<>();

  private JarLinkage(URLClassLoader loader) {
    this.loader = loader;
  }

  /**
   * The members that are missing, with the class that names them.
   *
   * @param jar of the product
   * @param jars folder of Spark's
   */
  static Set<String> missing(Path jar, Path jars) throws IOException {
    List<URL> urls = new ArrayList<>();
    try (Stream<Path> files = Files.list(jars)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".jar")).sorted().toList()) {
        urls.add(file.toUri().toURL());
      }
    }
    urls.add(jar.toUri().toURL());
    try (JarLinkage linkage =
            new JarLinkage(
                new URLClassLoader(
                    urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader()));
        JarFile product = new JarFile(jar.toFile())) {
      for (var entry : product.stream().toList()) {
        String name = entry.getName();
        if (name.startsWith(PRODUCT) && !name.startsWith(SHADED) && name.endsWith(".class")) {
          try (InputStream in = product.getInputStream(entry)) {
            new ClassReader(in).accept(linkage.new References(), ClassReader.SKIP_FRAMES);
          }
        }
      }
      return linkage.missing;
    }
  }

  private final class References extends ClassVisitor {
    private String from;

    References() {
      super(Opcodes.ASM9);
    }

    @Override
    public void visit(
        int version, int access, String name, String generic, String parent, String[] interfaces) {
      from = name;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String generic, String[] exceptions) {
      return new MethodVisitor(Opcodes.ASM9) {
        @Override
        public void visitMethodInsn(
            int opcode, String owner, String name, String descriptor, boolean ofInterface) {
          require(from, owner, name, descriptor);
        }

        @Override
        public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
          require(from, owner, name, descriptor);
        }

        @Override
        public void visitInvokeDynamicInsn(
            String name, String descriptor, Handle bootstrap, Object... arguments) {
          for (Object argument : arguments) {
            if (argument instanceof Handle handle) {
              require(from, handle.getOwner(), handle.getName(), handle.getDesc());
            }
          }
        }
      };
    }
  }

  private void require(String from, String owner, String name, String descriptor) {
    // Methods of arrays, and those that the virtual machine makes up.
    boolean polymorphic = owner.equals("java/lang/invoke/MethodHandle");
    if (!owner.startsWith("[") && !polymorphic && !has(owner, name + descriptor, new HashSet<>())) {
      missing.add(from + " names " + owner + "." + name + descriptor);
    }
  }

  private boolean has(String owner, String member, Set<String> seen) {
    if (owner == null || !seen.add(owner)) {
      return false;
    }
    Declared declared = classes.computeIfAbsent(owner, this::read);
    return declared.members().contains(member)
        || declared.parents().stream().anyMatch(parent -> has(parent, member, seen));
  }

  /** Nothing, for a class that is not there. */
  private Declared read(String name) {
    Declared declared = new Declared(new HashSet<>(), new ArrayList<>());
    try (InputStream in = open(name)) {
      if (in != null) {
        new ClassReader(in)
            .accept(
                new Members(declared),
                ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
      }
      return declared;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /**
   * From Java's own modules, of which the platform's loader does not show all, or from the jars.
   */
  private InputStream open(String name) throws IOException {
    String file = name + ".class";
    Module module = JAVA.get(name.substring(0, Math.max(0, name.lastIndexOf('/'))));
    return module == null ? loader.getResourceAsStream(file) : module.getResourceAsStream(file);
  }

  private static final class Members extends ClassVisitor {
    private final Declared declared;

    Members(Declared declared) {
      super(Opcodes.ASM9);
      this.declared = declared;
    }

    @Override
    public void visit(
        int version, int access, String name, String generic, String parent, String[] interfaces) {
      if (parent != null) {
        declared.parents().add(parent);
      }
      declared.parents().addAll(List.of(interfaces));
      if ((access & Opcodes.ACC_INTERFACE) != 0) {
        declared.parents().add("java/lang/Object");
      }
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String generic, String[] exceptions) {
      declared.members().add(name + descriptor);
      return null;
    }

    @Override
    public FieldVisitor visitField(
        int access, String name, String descriptor, String generic, Object value) {
      declared.members().add(name + descriptor);
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    loader.close();
  }
}
