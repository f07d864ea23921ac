package io.github.ffncensus.jobs.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigOriginFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import io.github.ffncensus.CensusException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a configuration: defaults &lt; profile &lt; file &lt; {@code key=value} of the command
 * line. Everything that is wrong is said at once, each problem with its place and the fix, in a
 * {@link CensusException} of kind CONFIGURATION.
 */
public final class ConfigLoader {

  private static final String COMMAND_LINE = "command line";

  private final Path file;
  private final ConfigProblems problems = new ConfigProblems();
  private final Map<String, Object> values = new LinkedHashMap<>();
  private Config merged;

  private ConfigLoader(Path file) {
    this.file = file;
  }

  /**
   * @param overrides {@code key=value} each, the key with or without {@code census.}
   */
  public static CensusConfig load(Path file, List<String> overrides) {
    return new ConfigLoader(file).load(overrides);
  }

  private CensusConfig load(List<String> overrides) {
    Config user = overrides(overrides).withFallback(parseFile());
    Config defaults = resource("reference.conf");
    String profile = profile(resolve(user.withFallback(defaults)));
    Config named =
        profile == null ? ConfigFactory.empty() : resource("profiles/" + profile + ".conf");
    merged = resolve(user.withFallback(named).withFallback(defaults));
    findUnknown(merged.root(), "");
    ConfigKey.all().forEach(this::read);
    if (problems.none()) {
      ConfigRules.check(
          new CensusConfig(values), (path, message) -> problems.add(place(origin(path)), message));
    }
    problems.throwIfAny();
    return new CensusConfig(values);
  }

  private Config parseFile() {
    if (!Files.exists(file)) {
      throw CensusException.configuration(
          "%s: no such configuration file (--config); relative to %s"
              .formatted(file, Path.of("").toAbsolutePath()));
    }
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw CensusException.configuration("%s: not a readable file (--config)".formatted(file));
    }
    try {
      // HOCON whatever the ending: a file without one would be taken for a folder of several.
      return ConfigFactory.parseFile(
          file.toFile(), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF));
    } catch (ConfigException e) {
      throw unreadable(e);
    }
  }

  private static Config resource(String name) {
    return ConfigFactory.parseResources(ConfigLoader.class.getClassLoader(), name);
  }

  private Config resolve(Config config) {
    try {
      return config.resolve();
    } catch (ConfigException e) {
      throw unreadable(e);
    }
  }

  private CensusException unreadable(ConfigException e) {
    String message = e.getMessage();
    if (e.origin() != null && message.startsWith(e.origin().description())) {
      message = message.substring(e.origin().description().length()).replaceFirst("^:\\s*", "");
    }
    return CensusException.configuration(
        "%s: not valid HOCON: %s".formatted(place(e.origin()), message), e);
  }

  private static String profile(Config config) {
    String path = ConfigKey.of("profile").fullPath();
    try {
      String name = config.getString(path);
      return CensusConfig.PROFILES.contains(name) ? name : null;
    } catch (ConfigException e) {
      return null; // reported with the other keys
    }
  }

  private Config overrides(List<String> assignments) {
    Config config = ConfigFactory.empty();
    for (String assignment : assignments) {
      int equals = assignment.indexOf('=');
      if (equals <= 0) {
        problems.add(COMMAND_LINE, "%s: not of the form key=value".formatted(assignment));
        continue;
      }
      String key = assignment.substring(0, equals).trim();
      String path =
          key.startsWith(ConfigKey.ROOT + ".") ? key.substring(ConfigKey.ROOT.length() + 1) : key;
      ConfigKey known = ConfigKey.of(path);
      if (known == null) {
        problems.addUnknown(COMMAND_LINE, key, path);
        continue;
      }
      Object value = CommandLineValue.of(assignment.substring(equals + 1), known.type());
      config =
          config.withoutPath(known.fullPath()).withValue(known.fullPath(), fromCommandLine(value));
    }
    return config;
  }

  private static ConfigValue fromCommandLine(Object value) {
    return ConfigValueFactory.fromAnyRef(value)
        .withOrigin(ConfigOriginFactory.newSimple(COMMAND_LINE));
  }

  private void findUnknown(ConfigObject section, String path) {
    section.forEach(
        (name, value) -> {
          String full = path.isEmpty() ? name : path + "." + name;
          boolean inside = full.startsWith(ConfigKey.ROOT + ".");
          String below = inside ? full.substring(ConfigKey.ROOT.length() + 1) : full;
          if (inside && ConfigKey.of(below) != null) {
            return; // its value is checked when it is read
          }
          if (value instanceof ConfigObject object && !object.isEmpty()) {
            findUnknown(object, full);
          } else if (full.equals(ConfigKey.ROOT) || inside && ConfigKey.isSection(below)) {
            checkSection(value, full);
          } else {
            problems.addUnknown(place(value.origin()), full, below);
          }
        });
  }

  private void checkSection(ConfigValue value, String path) {
    if (!(value instanceof ConfigObject)) {
      problems.add(
          place(value.origin()),
          "%s = %s: is a section: %s { ... }".formatted(path, render(value), path));
    }
  }

  private void read(ConfigKey key) {
    ConfigValue value = value(key.path());
    if (value == null || value.valueType() == ConfigValueType.NULL && key.required()) {
      if (key.required()) {
        String path = key.fullPath();
        problems.add(
            file.toString(),
            "%s is required, for example %s = %s".formatted(path, path, key.example()));
      }
      return; // a key with a default is missing only where its section is none, which is reported
    }
    try {
      values.put(key.path(), key.type().parse(value.unwrapped()));
    } catch (IllegalArgumentException | NullPointerException e) {
      problems.add(
          place(value.origin()),
          "%s = %s: must be %s".formatted(key.fullPath(), render(value), key.type().expected()));
    }
  }

  /** The value as written, or null if it is missing or something above it is no section. */
  private ConfigValue value(String path) {
    ConfigValue value = merged.root();
    List<String> names = new ArrayList<>(List.of(ConfigKey.ROOT));
    names.addAll(Arrays.asList(path.split("\\.")));
    for (String name : names) {
      value = value instanceof ConfigObject object ? object.get(name) : null;
    }
    return value;
  }

  private ConfigOrigin origin(String path) {
    return value(path).origin();
  }

  private static String render(ConfigValue value) {
    String text = value.render(ConfigRenderOptions.concise());
    return text.length() <= 80 ? text : text.substring(0, 77) + "...";
  }

  private String place(ConfigOrigin origin) {
    if (origin == null) {
      return file.toString();
    }
    if (origin.filename() == null) {
      return origin.description();
    }
    Path source = Path.of(origin.filename());
    String shown = source.equals(file.toAbsolutePath()) ? file.toString() : source.toString();
    return origin.lineNumber() > 0 ? shown + ":" + origin.lineNumber() : shown;
  }
}
