// SPDX-License-Identifier: Apache-2.0
// Prints the broker properties of the Kafka on the classpath, one a line, sorted by name:
// name TAB type TAB required|optional|null TAB internal|public TAB default TAB rule.
// The rule is the validator in the words of lib/kafka/schema.c; a validator that has none there ends the run, so that no
// new one is passed over. Compiles without Kafka (reflection), so one class serves every release. Kafka's documentation
// texts are left out.
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

public class ConfigDump {
  // Class of the validator and what its rule starts with; its own toString, always "[...]", follows where there is a "*".
  // Values from a file are never null, so NonNullValidator asks nothing of them.
  private static final String[][] VALIDATORS = {
    {"org.apache.kafka.common.config.ConfigDef$Range", "*"},
    {"org.apache.kafka.common.config.ConfigDef$ValidString", "in *"},
    {"org.apache.kafka.common.config.ConfigDef$NonEmptyString", "non-empty"},
    {"org.apache.kafka.common.config.ConfigDef$NonNullValidator", ""},
    {"org.apache.kafka.server.common.MetadataVersionValidator", "release in *"},
    {"org.apache.kafka.raft.QuorumConfig$ControllerQuorumVotersValidator", "list of id@host:port"},
    {"org.apache.kafka.raft.QuorumConfig$ControllerQuorumBootstrapServersValidator", "list of host:port"},
  };

  // Validators that are lambdas or anonymous have only their words: how those begin, and the rule.
  private static final String[][] WORDS = {
    {"[1,...,9] or -1", "[1,...,9] or -1"},
    {"(case insensitive) [", "in any case *"},
    // RemoteLogManagerConfig of 3.9: -1 stands for another property's value; asked of 3.9.2, it takes -1 and 1 upwards.
    {"The default value of -1 means", "[1,...] or -1"},
  };

  // 3.9 and later have the definition in a Java class; 0.10.2 keeps it inside the Scala companion of KafkaConfig.
  private static Object configDef() throws Exception {
    try {
      return Class.forName("org.apache.kafka.server.config.AbstractKafkaConfig").getField("CONFIG_DEF").get(null);
    } catch (ClassNotFoundException e) {
      Class<?> companion = Class.forName("kafka.server.KafkaConfig$");
      Method method = companion.getDeclaredMethod("kafka$server$KafkaConfig$$configDef");
      method.setAccessible(true);
      return method.invoke(companion.getField("MODULE$").get(null));
    }
  }

  private static Object field(Object key, String name) throws Exception {
    return key.getClass().getField(name).get(key);
  }

  // A private field, or what to take when this release has no such field.
  private static Object hidden(Object object, String name, Object otherwise) throws Exception {
    try {
      Field field = object.getClass().getDeclaredField(name);
      field.setAccessible(true);
      return field.get(object);
    } catch (NoSuchFieldException e) {
      return otherwise;
    }
  }

  private static boolean isInternal(Object key) throws Exception {
    try {
      return (Boolean) field(key, "internalConfig");
    } catch (NoSuchFieldException e) {
      return false; // 0.10.2 does not know internal properties
    }
  }

  // As ConfigDef.convertToString writes a value into a file.
  private static String text(Object value) {
    if (value instanceof Class) {
      return ((Class<?>) value).getName();
    }
    if (value instanceof Collection) {
      return ((Collection<?>) value).stream().map(String::valueOf).collect(Collectors.joining(","));
    }
    return String.valueOf(value);
  }

  // Since 4.2 (KIP-1161) a list has a validator even when any entry will do, and its toString does not say whether the
  // list may be empty. An empty entry is refused in either case: no choice is empty.
  private static String listRule(Object validator) throws Exception {
    String choices = String.valueOf(hidden(validator, "validString", ""));
    if (!choices.startsWith("[")) { // a ValidString, which prints its choices
      throw new IllegalStateException("ValidList keeps its choices elsewhere");
    }
    boolean mayBeEmpty = (Boolean) hidden(validator, "isEmptyAllowed", true);
    return (choices.equals("[]") ? "list" : "list of " + choices) + (mayBeEmpty ? "" : ", non-empty");
  }

  private static String rule(Object validator) throws Exception {
    if (validator == null) {
      return "";
    }
    String type = validator.getClass().getName();
    String words = validator.toString();
    if (type.equals("org.apache.kafka.common.config.ConfigDef$ValidList")) {
      return listRule(validator);
    }
    for (String[] row : VALIDATORS) {
      if (type.equals(row[0])) {
        return row[1].replace("*", words);
      }
    }
    for (String[] row : WORDS) {
      if (words.startsWith(row[0])) {
        return row[1].replace("*", words.substring(Math.max(0, words.indexOf('['))));
      }
    }
    throw new IllegalStateException("no rule for the validator " + type + " '" + words + "'");
  }

  private static String line(Object key) throws Exception {
    Object preset = field(key, "defaultValue");
    // ConfigDef.NO_DEFAULT_VALUE is a bare Object.
    boolean required = preset != null && preset.getClass() == Object.class;
    String state = required ? "required" : preset == null ? "null" : "optional";
    String[] columns = {
      (String) field(key, "name"),
      String.valueOf(field(key, "type")),
      state,
      isInternal(key) ? "internal" : "public",
      state.equals("optional") ? text(preset) : "",
      rule(field(key, "validator")),
    };
    for (String column : columns) {
      if (column.matches("(?s).*[\\t\\r\\n\"\\\\].*")) {
        throw new IllegalStateException("a column of " + columns[0] + " needs quoting: " + column);
      }
    }
    return String.join("\t", columns);
  }

  public static void main(String[] args) throws Exception {
    Object def = configDef();
    Map<?, ?> keys = (Map<?, ?>) def.getClass().getMethod("configKeys").invoke(def);
    Map<String, String> lines = new TreeMap<>();
    for (Object key : keys.values()) {
      lines.put((String) field(key, "name"), line(key));
    }
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8.name());
    lines.values().forEach(line -> out.print(line + "\n"));
    out.flush();
    if (out.checkError()) {
      System.exit(1);
    }
  }
}
