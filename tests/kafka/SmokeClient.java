// SPDX-License-Identifier: Apache-2.0
// What tests ask of Kafka's own classes, in one JVM: produce and consume, judge a configuration, decode a snapshot.
//
//   topic BOOTSTRAP NAME PARTITIONS      creates a topic (0.10.2: through -Dsmoke.zookeeper=HOST:PORT)
//   produce BOOTSTRAP TOPIC MESSAGE...   sends the messages one after the other, each acknowledged
//   consume BOOTSTRAP TOPIC COUNT        prints COUNT values from the beginning of all partitions, sorted
//   wait BOOTSTRAP                       until the broker answers a metadata request
//   smoke BOOTSTRAP TOPIC PARTITIONS MESSAGE...   topic, produce and consume; the values must be those that were sent
//   config FILE...                       "ok" or the exception of KafkaConfig.fromProps, one line for each file
//   each BASE LIST                       the same for BASE with one line of LIST added at a time (KEY=VALUE lines)
//   snapshot FILE                        batches and records of a checkpoint file, without its timestamps
//   format-dirs CONFIG CLUSTER [ARG...]  formats with Kafka's own StorageTool
//
// Exit status: 0 done, 1 not so, 2 usage, 3 the deadline passed (-Dsmoke.deadline=SECONDS, 30 unless told).
// Compiled once for each release, against its jars. Classes that moved or are missing in one of them are reached by
// reflection: Admin (not in 0.10.2), poll(Duration) (2.0), KafkaConfig (Scala) and the record classes (moved in 4.3).
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.StringReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class SmokeClient {
  private static final long DEADLINE_MS = TimeUnit.SECONDS.toMillis(Integer.getInteger("smoke.deadline", 30));
  private static final long STARTED = System.nanoTime();

  @SuppressWarnings("serial")
  private static class Usage extends Exception {
    Usage(String message) {
      super(message);
    }
  }

  // ---- Reflection: the first method of that name that takes these arguments ----

  private static Object call(Object target, Class<?> type, String name, Object... args) throws Exception {
    for (Method method : type.getMethods()) {
      if (!method.getName().equals(name) || method.getParameterCount() != args.length) {
        continue;
      }
      boolean fits = true;
      for (int i = 0; i < args.length && fits; i++) {
        Class<?> wanted = method.getParameterTypes()[i];
        fits = wanted.isPrimitive() || wanted.isInstance(args[i]);
      }
      if (fits) {
        method.setAccessible(true);
        return invoke(method, target, args);
      }
    }
    throw new NoSuchMethodException(type.getName() + "." + name);
  }

  private static Object call(Object target, String name, Object... args) throws Exception {
    return call(target, target.getClass(), name, args);
  }

  private static Object callStatic(Class<?> type, String name, Object... args) throws Exception {
    return call(null, type, name, args);
  }

  private static Object invoke(Method method, Object target, Object... args) throws Exception {
    try {
      return method.invoke(target, args);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception) {
        throw (Exception) e.getCause();
      }
      throw e;
    }
  }

  private static Class<?> firstClass(String... names) throws ClassNotFoundException {
    for (String name : names) {
      try {
        return Class.forName(name);
      } catch (ClassNotFoundException e) {
        // the next name
      }
    }
    throw new ClassNotFoundException(String.join(" or ", names));
  }

  // ---- Clients ----

  private static long leftMs() {
    return Math.max(1, DEADLINE_MS - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - STARTED));
  }

  private static Properties clientProperties(String bootstrap) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("key.serializer", StringSerializer.class.getName());
    properties.put("value.serializer", StringSerializer.class.getName());
    properties.put("key.deserializer", StringDeserializer.class.getName());
    properties.put("value.deserializer", StringDeserializer.class.getName());
    properties.put("acks", "all");
    properties.put("enable.auto.commit", "false");
    properties.put("reconnect.backoff.ms", "50");
    properties.put("retry.backoff.ms", "50");
    return properties;
  }

  private static KafkaConsumer<String, String> consumer(String bootstrap) {
    Properties properties = clientProperties(bootstrap);
    properties.keySet().removeAll(Arrays.asList("key.serializer", "value.serializer", "acks"));
    return new KafkaConsumer<>(properties);
  }

  @SuppressWarnings("unchecked")
  private static ConsumerRecords<String, String> poll(KafkaConsumer<String, String> consumer) throws Exception {
    try {
      return (ConsumerRecords<String, String>)
          invoke(KafkaConsumer.class.getMethod("poll", Duration.class), consumer, Duration.ofMillis(200));
    } catch (NoSuchMethodException e) {
      return (ConsumerRecords<String, String>) invoke(KafkaConsumer.class.getMethod("poll", long.class), consumer, 200L);
    }
  }

  // Not by TopicCommand: its main of 0.10.2 ends the JVM with status 0 when the topic is made.
  private static void createTopicInZooKeeper(String topic, String partitions) throws Exception {
    String zookeeper = System.getProperty("smoke.zookeeper");
    if (zookeeper == null) {
      throw new Usage("these clients have no Admin: -Dsmoke.zookeeper=HOST:PORT is needed");
    }
    Class<?> zkUtilsType = Class.forName("kafka.utils.ZkUtils");
    Class<?> rackAwareMode = Class.forName("kafka.admin.RackAwareMode");
    Object enforced = Class.forName("kafka.admin.RackAwareMode$Enforced$").getField("MODULE$").get(null);
    Object zkUtils = invoke(zkUtilsType.getMethod("apply", String.class, int.class, int.class, boolean.class), null,
        zookeeper, 10000, 10000, false);
    invoke(Class.forName("kafka.admin.AdminUtils").getMethod("createTopic", zkUtilsType, String.class, int.class,
        int.class, Properties.class, rackAwareMode), null, zkUtils, topic, Integer.parseInt(partitions), 1,
        new Properties(), enforced);
    call(zkUtils, "close");
  }

  private static void topic(String bootstrap, String topic, String partitions) throws Exception {
    Class<?> adminType;
    try {
      adminType = Class.forName("org.apache.kafka.clients.admin.Admin");
    } catch (ClassNotFoundException e) {
      createTopicInZooKeeper(topic, partitions);
      return;
    }
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    Object newTopic = Class.forName("org.apache.kafka.clients.admin.NewTopic")
        .getConstructor(String.class, int.class, short.class).newInstance(topic, Integer.parseInt(partitions), (short) 1);
    try (AutoCloseable admin = (AutoCloseable) callStatic(adminType, "create", properties)) {
      Object all = call(call(admin, "createTopics", Collections.singleton(newTopic)), "all");
      call(all, "get", leftMs(), TimeUnit.MILLISECONDS);
    }
  }

  private static void produce(String bootstrap, String topic, List<String> messages) throws Exception {
    Properties properties = clientProperties(bootstrap);
    properties.keySet().removeAll(Arrays.asList("key.deserializer", "value.deserializer", "enable.auto.commit"));
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties)) {
      for (String message : messages) {
        producer.send(new ProducerRecord<>(topic, message)).get(leftMs(), TimeUnit.MILLISECONDS);
      }
    }
  }

  // Assigned, not subscribed: no group, so no rebalance delay and no offsets topic.
  private static List<String> consume(String bootstrap, String topic, int count) throws Exception {
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = consumer(bootstrap)) {
      List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
          .map(info -> new TopicPartition(topic, info.partition())).collect(Collectors.toList());
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (values.size() < count) {
        for (ConsumerRecord<String, String> record : poll(consumer)) {
          values.add(record.value());
        }
      }
    }
    Collections.sort(values);
    return values;
  }

  private static void waitFor(String bootstrap) throws Exception {
    while (true) {
      try (KafkaConsumer<String, String> consumer = consumer(bootstrap)) {
        consumer.listTopics();
        return;
      } catch (org.apache.kafka.common.errors.TimeoutException e) {
        Thread.sleep(50); // the watchdog ends this
      }
    }
  }

  private static int smoke(String bootstrap, String topic, String partitions, List<String> messages) throws Exception {
    List<String> sent = new ArrayList<>(messages);
    Collections.sort(sent);
    topic(bootstrap, topic, partitions);
    produce(bootstrap, topic, messages);
    List<String> got = consume(bootstrap, topic, messages.size());
    got.forEach(System.out::println);
    if (!got.equals(sent)) {
      System.err.println("sent " + sent + ", got " + got);
      return 1;
    }
    return 0;
  }

  // ---- Oracles ----

  private static String oneLine(Throwable e) {
    return (e.getClass().getSimpleName() + ": " + e.getMessage()).replaceAll("\\s+", " ");
  }

  private static String verdict(Properties properties) throws Exception {
    try {
      callStatic(Class.forName("kafka.server.KafkaConfig"), "fromProps", properties);
      return "ok";
    } catch (ReflectiveOperationException e) {
      if (e.getCause() == null) {
        throw e;
      }
      return oneLine(e.getCause());
    } catch (Exception e) {
      return oneLine(e);
    }
  }

  private static Properties load(String file) throws Exception {
    Properties properties = new Properties();
    try (InputStream in = new FileInputStream(file)) {
      properties.load(in);
    }
    return properties;
  }

  private static int config(List<String> files) throws Exception {
    int status = 0;
    for (String file : files) {
      String verdict = verdict(load(file));
      System.out.println(verdict);
      status = verdict.equals("ok") ? status : 1;
    }
    return status;
  }

  private static int each(String base, String list) throws Exception {
    for (String line : Files.readAllLines(Paths.get(list))) {
      Properties properties = load(base);
      properties.load(new StringReader(line));
      System.out.println(line + "\t" + verdict(properties));
    }
    return 0;
  }

  private static String hex(ByteBuffer buffer) {
    StringBuilder text = new StringBuilder();
    for (ByteBuffer rest = buffer == null ? ByteBuffer.allocate(0) : buffer.duplicate(); rest.hasRemaining(); ) {
      text.append(String.format("%02x", rest.get()));
    }
    return text.toString();
  }

  // The name of a control record's type is also that of its decoder in ControlRecordUtils.
  private static String controlRecord(Object record) throws Exception {
    Class<?> types = firstClass("org.apache.kafka.common.record.internal.ControlRecordType",
        "org.apache.kafka.common.record.ControlRecordType");
    Class<?> decoders = firstClass("org.apache.kafka.common.record.internal.ControlRecordUtils",
        "org.apache.kafka.common.record.ControlRecordUtils");
    String type = String.valueOf(callStatic(types, "parse", call(record, "key")));
    String[][] rows = {
      {"SNAPSHOT_HEADER", "deserializeSnapshotHeaderRecord"},
      {"SNAPSHOT_FOOTER", "deserializeSnapshotFooterRecord"},
      {"KRAFT_VERSION", "deserializeKRaftVersionRecord"},
      {"KRAFT_VOTERS", "deserializeVotersRecord"},
      {"LEADER_CHANGE", "deserializeLeaderChangeMessage"},
    };
    for (String[] row : rows) {
      if (type.equals(row[0])) {
        return callStatic(decoders, row[1], call(record, "value")) + " key " + hex((ByteBuffer) call(record, "key"));
      }
    }
    return type + " key " + hex((ByteBuffer) call(record, "key")) + " value " + hex((ByteBuffer) call(record, "value"));
  }

  private static String dataRecord(Object record) throws Exception {
    Class<?> serde = Class.forName("org.apache.kafka.metadata.MetadataRecordSerde");
    ByteBuffer value = (ByteBuffer) call(record, "value");
    Class<?> accessor = Class.forName("org.apache.kafka.common.protocol.ByteBufferAccessor");
    Object readable = accessor.getConstructor(ByteBuffer.class).newInstance(value.duplicate());
    Object decoded = call(serde.getConstructor().newInstance(), "read", readable, value.remaining());
    return decoded + (call(record, "key") == null ? "" : " key " + hex((ByteBuffer) call(record, "key")));
  }

  private static int snapshot(String file) throws Exception {
    Class<?> records = firstClass("org.apache.kafka.common.record.internal.FileRecords",
        "org.apache.kafka.common.record.FileRecords");
    Object opened = callStatic(records, "open", new File(file), false);
    long bytes = 0;
    for (Object batch : (Iterable<?>) call(opened, "batches")) {
      boolean control = (Boolean) call(batch, "isControlBatch");
      call(batch, "ensureValid");
      bytes += ((Number) call(batch, "sizeInBytes")).longValue();
      System.out.printf("batch offsets %s-%s count %s size %s magic %s control %s compression %s epoch %s producer %s/%s/%s%n",
          call(batch, "baseOffset"), call(batch, "lastOffset"), call(batch, "countOrNull"), call(batch, "sizeInBytes"),
          call(batch, "magic"), control, call(batch, "compressionType"), call(batch, "partitionLeaderEpoch"),
          call(batch, "producerId"), call(batch, "producerEpoch"), call(batch, "baseSequence"));
      for (Object record : (Iterable<?>) batch) {
        String text = control ? controlRecord(record) : dataRecord(record);
        System.out.printf("  %s headers %d %s%n", call(record, "offset"), ((Object[]) call(record, "headers")).length,
            text.replaceAll("(?i)(timestamp=)-?\\d+", "$1T"));
      }
    }
    long rest = Files.size(Paths.get(file)) - bytes;
    System.out.printf("bytes behind the last batch: %d%n", rest);
    return rest == 0 ? 0 : 1;
  }

  private static int formatDirs(String config, String cluster, List<String> options) throws Exception {
    List<String> args = new ArrayList<>(Arrays.asList("format", "-c", config, "-t", cluster));
    args.addAll(options);
    callStatic(Class.forName("kafka.tools.StorageTool"), "main", (Object) args.toArray(new String[0]));
    return 0; // main ends the JVM with its own status
  }

  // ---- Command line ----

  private static String argument(String[] args, int index) throws Usage {
    if (index >= args.length) {
      throw new Usage(args.length == 0 ? "a verb is needed" : args[0] + " needs more arguments");
    }
    return args[index];
  }

  private static List<String> rest(String[] args, int from) throws Usage {
    argument(args, from);
    return Arrays.asList(args).subList(from, args.length);
  }

  private static int run(String[] args) throws Exception {
    switch (argument(args, 0)) {
      case "topic":
        topic(argument(args, 1), argument(args, 2), argument(args, 3));
        return 0;
      case "produce":
        produce(argument(args, 1), argument(args, 2), rest(args, 3));
        return 0;
      case "consume":
        consume(argument(args, 1), argument(args, 2), Integer.parseInt(argument(args, 3))).forEach(System.out::println);
        return 0;
      case "wait":
        waitFor(argument(args, 1));
        return 0;
      case "smoke":
        return smoke(argument(args, 1), argument(args, 2), argument(args, 3), rest(args, 4));
      case "config":
        return config(rest(args, 1));
      case "each":
        return each(argument(args, 1), argument(args, 2));
      case "snapshot":
        return snapshot(argument(args, 1));
      case "format-dirs":
        return formatDirs(argument(args, 1), argument(args, 2), Arrays.asList(args).subList(3, args.length));
      default:
        throw new Usage("no verb '" + args[0] + "'");
    }
  }

  private static void watchdog(String verb) {
    Thread thread = new Thread(() -> {
      try {
        Thread.sleep(DEADLINE_MS);
      } catch (InterruptedException e) {
        return;
      }
      System.err.println("SmokeClient " + verb + ": not done after " + DEADLINE_MS / 1000 + " s");
      Runtime.getRuntime().halt(3);
    });
    thread.setDaemon(true);
    thread.start();
  }

  public static void main(String[] args) {
    int status;
    watchdog(args.length == 0 ? "" : args[0]);
    try {
      status = run(args);
    } catch (Usage e) {
      System.err.println("SmokeClient: " + e.getMessage());
      status = 2;
    } catch (Exception e) {
      System.err.println("SmokeClient " + args[0] + ": " + oneLine(e));
      status = 1;
    }
    System.exit(status);
  }
}
