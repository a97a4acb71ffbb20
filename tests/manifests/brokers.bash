# shellcheck shell=bash disable=SC2034,SC2154 # variables go to and come from the scripts that are sourced together
# Three real brokers behind a kubectl that is played by kubectl-local, for the tests of reassign and scale-down. Sourced after
# tests/lib.sh and tests/kafka/bed.sh.
#
#   brokers_home VERSION       $PODS and its /opt/kafka as our image has it; a free port for each broker in ports, the first as at
#   brokers_node I             the folder of the pod kafka-I, with the hand-off and, from standard input, its server.properties
#   brokers_up VERSION I...    starts them in this order and waits; ends the script when one does not start
#   topics ARG...              kafka-topics.sh
#   on I                       prints how many partitions broker I has
#   scale_down ARG...          reassign ARG...

brokers_home() { # VERSION
  local name line=4 column=3
  case $1 in 3.*) line=3 column=4 ;; esac
  export PODS=$bed_dir/pods REASSIGN_POLL_SECONDS=1
  export KAFKA_HOME=$PODS/home
  mkdir -p "$KAFKA_HOME/bin" "$bed_dir/path"
  ln -s "$PWD/tests/manifests/kubectl-local" "$bed_dir/path/kubectl"
  export PATH=$bed_dir/path:$PATH
  cp image/kafka/launch "$KAFKA_HOME/bin/"
  awk -v class="$column" '!/^#/ { print $1, $2, $class }' image/kafka/tools >"$KAFKA_HOME/bin/tools"
  for name in topics reassign-partitions broker-api-versions metadata-quorum cluster; do
    ln -s launch "$KAFKA_HOME/bin/kafka-$name.sh"
  done
  ln -s "$JARS_DIR/$1" "$KAFKA_HOME/libs"
  cp -r "image/kafka/config-$line" "$KAFKA_HOME/config"
  ports=("$(bed_free_port)" "$(bed_free_port)" "$(bed_free_port)")
  at=127.0.0.1:${ports[0]}
  printf 3 >"$PODS/replicas"
}

brokers_node() { # I
  mkdir -p "$PODS/kafka-$1/data"
  cat >"$PODS/kafka-$1/server.properties"
  printf '{"pod": "kafka-%s", "nodeId": %s}\n' "$1" "$1" >"$PODS/kafka-$1/handoff.json"
  bed_own "$PODS/kafka-$1/data"
}

brokers_up() { # VERSION I...
  local i
  for i in "${@:2}"; do
    bed_broker_start "$1" "$PODS/kafka-$i/server.properties" "$bed_dir/$i.log"
    echo "$bed_pid" >"$PODS/kafka-$i/pid"
  done
  for i in "${@:2}"; do
    if bed_broker_wait "$bed_dir/$i.log" 120 "$(cat "$PODS/kafka-$i/pid")"; then
      ok "broker $i starts"
    else
      not_ok "broker $i starts" "$(tail -n 20 "$bed_dir/$i.log")"
      done_testing
      exit 1
    fi
  done
}

topics() { "$KAFKA_HOME/bin/kafka-topics.sh" --bootstrap-server "$at" "$@" 2>&1; }
on() { topics --describe | grep -cE "Replicas: ([0-9],)*$1(,|[[:blank:]]|$)"; }
scale_down() { manifests/scale-down --bootstrap "$at" "$@"; }
reassign() { manifests/reassign --bootstrap "$at" "$@"; }
