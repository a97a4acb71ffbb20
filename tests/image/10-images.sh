#!/usr/bin/env bash
# What image/build makes: sizes, configurations, contents; every launcher; and brokers that run from the images alone.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq unshare nsenter setpriv readelf unzip strip
# shellcheck source=../pod.sh
. tests/pod.sh
# shellcheck source=box.sh
. tests/image/box.sh
export BUILD="${BUILD:-build}"

version=$(cat VERSION)
dir=$(mktemp -d "${TMPDIR:-/tmp}/images.XXXXXX")
chmod 755 "$dir"
broker="" keeper=""

end() {
  local pid
  for pid in $broker $keeper; do kill -KILL "$pid" && wait "$pid"; done 2>/dev/null
  pod_down
  rm -rf --one-file-system "$dir"
}
at_exit end

has() { # IMAGE FILTER: about the configuration
  [ "$(box_config "$dir/$1" "$2")" = true ] || { jq . "$dir/$1/config.json"; return 1; }
}

below() { # FILE BYTES
  local size
  size=$(stat -c %s "$1")
  [ "$size" -lt "$2" ] || { echo "$size bytes"; return 1; }
}

sbom_lists() { # IMAGE NAME...
  local image=$1 name
  shift
  for name in "$@"; do
    jq -e --arg name "$name" '.spdxVersion == "SPDX-2.3" and ([.packages[].name] | index($name)) and
      ([.packages[].SPDXID] | length == (unique | length))' "$BUILD/images/$image.spdx.json" >/dev/null ||
      { echo "no $name, or not SPDX"; return 1; }
  done
}

# Libraries that a file in the image asks for and that no package brought.
unresolved() { # ROOT
  local file
  comm -23 \
    <(find "$1" -type f -size +3 | while IFS= read -r file; do
      [ "$(head -c 4 "$file" | tr -d '\0')" != $'\x7fELF' ] || readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
    done | sort -u) \
    <(find "$1" -name '*.so*' -printf '%f\n' | sort -u)
}

none() { # CMD...: prints nothing
  local found
  if ! found=$("$@") || [ -n "$found" ]; then
    echo "$found"
    return 1
  fi
}

waits_for() { # SECONDS PATTERN FILE
  local tries
  for ((tries = 0; tries < $1 * 10; tries++)); do
    grep -qE "$2" "$3" 2>/dev/null && return 0
    sleep 0.1
  done
  tail -n 30 "$3"
  return 1
}

stops() { # PID
  local status=0
  kill -TERM "$1"
  wait "$1" || status=$?
  [ "$status" = 143 ] || { echo "status $status"; return 1; }
}

# Runs every launcher of an image in it, with --help, and prints those that did not get as far as their usage, or as
# their own complaint: ZooKeeper takes --help for its file.
launchers_without_usage() { # IMAGE
  box_run "$dir/$1" sh -c 'cut -d" " -f1 /opt/kafka/bin/tools | xargs -P 2 -I {} sh -c "
    said=\$({} --help 2>&1 </dev/null)
    case \$said in *NoClassDef* | *ClassNotFound* | *\"main class\"* | *Unrecognized*) ;;
      *[Uu]sage* | *USAGE* | *Option* | *\"Error processing --help\"*) exit 0 ;; esac
    echo \"{}: \$said\" | head -n 5"'
}

in_broker() { box_run "$dir/$1" bash -c "$2"; } # as kubectl exec -- bash

# What the seed's readers type, on the release they get: three lines in, three lines out.
talk() { # IMAGE
  printf '%s\n' hello "I like kafka" goodbye |
    in_broker "$1" "kafka-console-producer.sh --topic test --broker-list localhost:9093" || return 1
  in_broker "$1" "kafka-console-consumer.sh --topic test --bootstrap-server localhost:9093 --from-beginning \
    --max-messages 3 --timeout-ms 30000" >"$dir/consumed" || return 1
  sort "$dir/consumed" | diff - <(printf '%s\n' hello "I like kafka" goodbye | sort)
}

# Without a place to unpack a library into.
compress() { # IMAGE
  local codec
  for codec in zstd lz4 snappy gzip; do
    echo "$codec" | in_broker "$1" "kafka-console-producer.sh --topic packed --bootstrap-server localhost:9093 \
      --compression-codec $codec" || return 1
  done
  in_broker "$1" "kafka-console-consumer.sh --topic packed --bootstrap-server localhost:9093 --from-beginning \
    --max-messages 4 --timeout-ms 30000" | sort | diff - <(printf '%s\n' gzip lz4 snappy zstd)
}

if ! why=$(tests/kafka/jars 4.3.1 2>&1 >/dev/null && tests/kafka/jars 3.9.2 2>&1 >/dev/null); then
  t_skip_rest "no jars: $why"
fi
t_case build
run 0 image/build initc kafka kafka-3.9 stock || { done_testing; exit 1; }
expect_stdout_has "docker.io/k8skafka/kafka:4.3.1-$version"
for image in initc kafka kafka-3.9 stock; do box_unpack "$BUILD/images/$image.tar" "$dir/$image"; done
pod_up kafka-0 "$dir/pod" || exit 1

t_case initc
check "less than 6 MB" below "$BUILD/images/initc.tar" 6000000
check "its tag" test "$(tar -xOf "$BUILD/images/initc.tar" manifest.json | jq -r '.[0].RepoTags[]')" = "docker.io/k8skafka/initc:$version"
check "entry point" has initc '.config.Entrypoint == ["/usr/bin/kafka-initc"]'
check "two programs and two tables" diff <(cd "$dir/initc/root" && find . -type f | sort) \
  <(printf '%s\n' ./etc/group ./etc/passwd ./usr/bin/kafka-initc ./usr/bin/kafka-tuner)
check "bill of materials" sbom_lists initc kafka-initc kafka-tuner libc6-dev libyaml-dev
run 0 box_run "$dir/initc" /usr/bin/kafka-initc --version
run 0 box_run "$dir/initc" /usr/bin/kafka-tuner --version

for image in kafka kafka-3.9; do
  t_case "$image"
  check "less than 200 MB" below "$BUILD/images/$image.tar" 200000000
  check "user, place, path" has "$image" '.config | .User == "1000:1000" and .WorkingDir == "/opt/kafka" and
    (.Env[0] | startswith("PATH=/opt/kafka/bin:")) and .Entrypoint == null'
  check "everybody's files are root's but for the mount points" diff <(printf '%s\n' /var/lib/kafka /var/lib/zookeeper) \
    <(cd "$dir/$image/root" && find . ! -uid 0 -printf '/%P\n' | sort)
  check "nothing is setuid" none find "$dir/$image/root" -perm /6000
  check "every library is there" none unresolved "$dir/$image/root"
  check "bill of materials" sbom_lists "$image" bash openjdk-17-jre-headless kafka-clients
  run 0 box_run "$dir/$image" sh -c 'id && java -version 2>&1 && ! touch /opt/kafka/x /tmp/x 2>/dev/null'
  expect_stdout_has "uid=1000(kafka) gid=1000(kafka)"
  expect_stdout_has "Debian"
  check "every launcher finds its class" none launchers_without_usage "$image"
  run 1 box_run "$dir/$image" kafka-topics.sh --create --topic test --zookeeper zk-0.zk-svc:2181
  expect_stderr_has "--bootstrap-server localhost:9093"
done
check "layers below Kafka are shared" test "$(box_config "$dir/kafka" '.rootfs.diff_ids[:2] | join(" ")')" = \
  "$(box_config "$dir/kafka-3.9" '.rootfs.diff_ids[:2] | join(" ")')"

t_case "4.3.1 in a pod"
mkdir "$dir/volume"
pod_volume "$dir/volume" /var/lib/kafka/data-0
pod_config docs/examples/kafka-trial.yaml
run 0 box_init "$dir/initc" /usr/bin/kafka-initc prepare
box_run "$dir/kafka" /run/k8skafka/kafka-initc exec -- kafka-server-start.sh /run/k8skafka/server.properties \
  >"$dir/broker.log" 2>&1 &
broker=$!
check "the broker starts" waits_for 90 "Kafka Server started" "$dir/broker.log"
check "a topic is made" in_broker kafka "kafka-topics.sh --create --topic test --bootstrap-server localhost:9093 \
  --partitions 3 --replication-factor 1"
check "messages go in and out" talk kafka
check "every compression works on a read-only root" compress kafka
check "it stops as Kafka does" stops "$broker"
box_run "$dir/kafka" /run/k8skafka/kafka-initc exec >"$dir/broker.log" 2>&1 &
broker=$!
check "exec without a command starts it, and its log is seen" waits_for 90 "Kafka Server started" "$dir/broker.log"
check "it stops again" stops "$broker"
broker=""

t_case "3.9.2 with ZooKeeper, by the seed's command line"
mkdir "$dir/zookeeper" "$dir/data"
chown 1000:1000 "$dir/zookeeper" "$dir/data"
pod_mounts+=("$dir/zookeeper:/var/lib/zookeeper" "$dir/data:/var/lib/kafka")
box_run "$dir/kafka-3.9" zookeeper-server-start.sh config/zookeeper.properties >"$dir/zookeeper.log" 2>&1 &
keeper=$!
check "ZooKeeper starts" waits_for 60 "binding to port|PrepRequestProcessor" "$dir/zookeeper.log"
box_run "$dir/kafka-3.9" sh -c 'exec kafka-server-start.sh /opt/kafka/config/server.properties --override broker.id=${HOSTNAME##*-} \
  --override listeners=PLAINTEXT://:9093 --override zookeeper.connect=localhost:2181 --override log.dir=/var/lib/kafka \
  --override offsets.topic.replication.factor=1' >"$dir/broker.log" 2>&1 &
broker=$!
check "the broker starts" waits_for 90 "KafkaServer id=0\] started" "$dir/broker.log"
check "a topic is made" in_broker kafka-3.9 "kafka-topics.sh --create --topic test --bootstrap-server localhost:9093 \
  --partitions 3 --replication-factor 1"
check "messages go in and out" talk kafka-3.9
check "every compression works on a read-only root" compress kafka-3.9
check "the data is where log.dir says" test -d "$dir/data/test-0"
check "it stops as Kafka does" stops "$broker"
check "so does ZooKeeper" stops "$keeper"
broker="" keeper=""

t_case stock
pod_mounts=()
check "has the shape of apache/kafka" has stock '.config | .User == "appuser" and .Cmd == ["/etc/kafka/docker/run"] and
  (.Volumes | has("/mnt/shared/config"))'
check "adds one layer" test "$(box_config "$dir/stock" '.rootfs.diff_ids[:3] | join(" ")')" = \
  "$(box_config "$dir/kafka" '.rootfs.diff_ids | join(" ")')"
# shellcheck disable=SC2034 # read by box.sh
box_mode=rw box_env=(CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qg KAFKA_NODE_ID=0 KAFKA_CONTROLLER_QUORUM_VOTERS=0@localhost:9094
  KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS= KAFKA_LOG_DIRS=/tmp/logs)
box_run "$dir/stock" /etc/kafka/docker/run >"$dir/broker.log" 2>&1 &
broker=$!
check "its entry formats and starts a broker" waits_for 90 "Kafka Server started" "$dir/broker.log"
check "it stops as Kafka does" stops "$broker"
broker=""
done_testing
