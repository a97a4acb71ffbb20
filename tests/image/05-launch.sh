#!/usr/bin/env bash
# The launcher, with a java that only prints its arguments: which variables it takes, and in which order.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh

dir=$(mktemp -d)
at_exit rm -rf "$dir"
mkdir -p "$dir/kafka/bin" "$dir/kafka/config" "$dir/java/bin"
cp image/kafka/launch "$dir/kafka/bin/"
cp image/kafka/config-4/* "$dir/kafka/config/"
awk '!/^#/ && $3 != "-" { print $1, $2, $3 }' image/kafka/tools >"$dir/kafka/bin/tools"
for name in kafka-server-start.sh kafka-topics.sh kafka-producer-perf-test.sh kafka-console-producer.sh kafka-nothing.sh; do
  ln -s launch "$dir/kafka/bin/$name"
done
printf '#!/bin/sh\necho "$*"\n' >"$dir/java/bin/java"
chmod +x "$dir/java/bin/java"
home=$dir/kafka

launch() { # [NAME=VALUE...] PROGRAM ARG...
  env -i PATH="$PATH" JAVA_HOME="$dir/java" "$@"
}

t_case server
run 0 launch "$home/bin/kafka-server-start.sh" my.properties --override "a=b c"
expect_stdout_has "-Xmx1G -Xms1G -server -XX:+UseG1GC"
expect_stdout_has "-Dlog4j2.configurationFile=$home/config/log4j2.properties -cp $home/libs/* kafka.Kafka my.properties --override a=b c"
expect_stdout_hasnt jmxremote
expect_stdout_hasnt kafka.logs.dir
run 0 launch KAFKA_HEAP_OPTS=-Xmx99M KAFKA_JVM_PERFORMANCE_OPTS="-XX:+UseZGC -Dp=1" KAFKA_GC_LOG_OPTS=-Xlog:gc JMX_PORT=9999 LOG_DIR=/logs \
  KAFKA_LOG4J_OPTS=-Dlog=mine CLASSPATH=/more.jar KAFKA_OPTS="-Da=1 -Db=*" "$home/bin/kafka-server-start.sh" f
jmx="-Dcom.sun.management.jmxremote=true -Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false"
jmx+=" -Dcom.sun.management.jmxremote.port=9999 -Dcom.sun.management.jmxremote.rmi.port=9999"
check "every variable, in Kafka's order" test "$(cat "$t_stdout")" = \
  "-Xmx99M -XX:+UseZGC -Dp=1 -Xlog:gc $jmx -Dkafka.logs.dir=/logs -Dlog=mine -cp /more.jar:$home/libs/* -Da=1 -Db=* kafka.Kafka f"
run 0 launch KAFKA_JMX_OPTS=-Dmine=1 JMX_PORT=9999 "$home/bin/kafka-server-start.sh" f
expect_stdout_has "-Dmine=1 -Dcom.sun.management.jmxremote.port=9999"
expect_stdout_hasnt authenticate

t_case tool
run 0 launch JMX_PORT=9999 "$home/bin/kafka-topics.sh" --list
expect_stdout_has "-Xmx256M -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
expect_stdout_has "tools-log4j2.properties -cp $home/libs/* org.apache.kafka.tools.TopicCommand --list"
expect_stdout_hasnt jmxremote
run 0 launch "$home/bin/kafka-producer-perf-test.sh" --topic t
expect_stdout_has "-Xmx256M -server -XX:+UseG1GC"
run 0 launch "$home/bin/kafka-console-producer.sh" --topic "two words" --broker-list localhost:9093 ""
expect_stdout_has "ConsoleProducer --topic two words --bootstrap-server localhost:9093 "
run 1 launch "$home/bin/kafka-topics.sh" --create --zookeeper zk:2181
expect_stderr_has "Kafka 3.0 took --zookeeper out"
expect_stderr_has "--bootstrap-server localhost:9093"

t_case "other names and releases"
run 127 launch "$home/bin/kafka-nothing.sh"
expect_stderr_has "kafka-nothing.sh: not a program of this release"
rm "$home"/config/*
cp image/kafka/config-3/* "$home/config/"
run 0 launch "$home/bin/kafka-topics.sh" --list
expect_stdout_has "-Dlog4j.configuration=file:$home/config/tools-log4j.properties"
mkdir "$home/native"
echo "-Dnative=1 -Dnative=2" >"$home/native/flags"
run 0 launch "$home/bin/kafka-topics.sh" --list
expect_stdout_has "-Dnative=1 -Dnative=2 -Dlog4j"
run 0 launch KAFKA_HOME=/elsewhere "$home/bin/kafka-topics.sh" --list
expect_stdout_has "-cp /elsewhere/libs/*"
done_testing
