#!/usr/bin/env bash
# What kafka-initc format writes, held against kafka-storage format of each release, read by Kafka's own classes; and brokers
# of the releases that are not in the other tests start on it.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
need_cmd java javac setpriv
. tests/pod.sh
. tests/kafka/bed.sh
. tests/kafka/node.sh
versions=(3.9.2 4.0.2 4.1.2 4.2.2 4.3.1 4.4.0)
start_too=(3.9.2 4.0.2 4.4.0) # 4.3 has a test of its own
bed_need "${versions[@]}" || exit 1
node_own_network
at_exit node_down

cluster=MkU3OEVBNTcwNTJENDM2Qg

# Kafka's own tool with the properties that we rendered. $1 version, $2 folder to format
format_by_kafka() {
  sed "s|^log.dirs=.*|log.dirs=$2|" "$node_dir/plain/run/server.properties" >"$node_dir/plain/kafka.properties"
  java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$(bed_classpath "$1")" kafka.tools.StorageTool format \
    --standalone -t "$cluster" -c "$node_dir/plain/kafka.properties"
}

# All files of a formatted folder as Kafka reads them, without ids and dates. $1 folder
read_format() {
  local file
  (cd "$1" && find . -type f ! -name '.*' | sort)
  for file in "$1"/bootstrap.checkpoint "$1"/__cluster_metadata-0/*.checkpoint; do
    [ ! -f "$file" ] || bed_smoke 4.4.0 snapshot "$file" || return 1
  done
  grep -v '^#' "$1/meta.properties" | sort
}

without_ids() { sed -E 's/([dD]irectory\.?[iI]d[^A-Za-z0-9]*)[A-Za-z0-9_-]{22}/\1ID/g'; }

compare() { # $1 version
  read_format "$node_dir/plain/volume/kafka-log0" | without_ids >"$node_dir/plain/ours" || return 1
  read_format "$node_dir/plain/kafka" | without_ids >"$node_dir/plain/theirs" || return 1
  [ -s "$node_dir/plain/ours" ] && diff "$node_dir/plain/theirs" "$node_dir/plain/ours"
}

for version in "${versions[@]}"; do
  t_case "$version"
  node_dir=$(mktemp -d "$bed_dir/format.XXXXXX")
  mkdir -p "$node_dir/plain/volume"
  sed -e "s|^  version: .*|  version: \"${version%.*}\"|" -e "s|volumes: .*|volumes: [$node_dir/plain/volume]\n  ephemeral: allow\n  owner: \"$(id -u | sed 's/^0$/1000/'):$(id -g | sed 's/^0$/1000/')\"|" \
    -e '/share\.coordinator/d' docs/examples/kafka-trial.yaml >"$node_dir/plain/kafka.yaml"
  check "kafka-initc prepare" "$node_program" prepare -c "$node_dir/plain/kafka.yaml" --pod kafka-0 --handoff "$node_dir/plain/run"
  check "kafka-storage format" format_by_kafka "$version" "$node_dir/plain/kafka"
  check "the same files with the same records" compare "$version"
done

for version in "${start_too[@]}"; do
  t_case "$version"
  node_sed=(-e "s|^  version: .*|  version: \"${version%.*}\"|" -e '/share\.coordinator/d')
  node_up docs/examples/kafka-trial.yaml || exit 1
  check "prepare" node_initc prepare
  check "the broker starts on it" node_start "$version" || tail -n 20 "$node_log" >&2
  check "topic, produce, consume" bed_smoke 4.3.1 smoke "$node_bootstrap" test 3 hello "I like kafka" goodbye
  check "stops as asked" node_stop
  node_down
done
done_testing
