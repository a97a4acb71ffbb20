# shellcheck shell=bash disable=SC2034,SC2154 # variables go to and come from the scripts that are sourced together
# One Kafka node as it runs in the cluster: a volume, the init container, the broker container. Sourced after tests/lib.sh,
# tests/kafka/bed.sh and tests/pod.sh, by the tests of this tier and by make demo.
#
#   node_up SPEC               a pod kafka-0 over an XFS volume of 1 GiB; not root: a plain folder and no pod
#   node_initc VERB ARG...     kafka-initc in the init container
#   node_start VERSION         kafka-initc exec -- java ... kafka.Kafka in the broker container, until it has started
#   node_stop                  SIGTERM; 0 when it ended as an orderly stop does
#   node_own_network           call first when something else than the broker runs beside it (ZooKeeper)
#   node_down                  removes all of it; safe to call twice
#
# Sets node_dir (scratch), node_volume (the volume, from outside), node_log (the broker's), node_broker (its process),
# node_bootstrap, node_loop, node_started_ms, node_stopped_ms. node_sed holds changes to SPEC (sed -e ... words).

node_program=$(cd "${BUILD:-build}" && pwd)/bin/kafka-initc
node_dir="" node_volume="" node_loop="" node_broker="" node_log="" node_spec="" node_handoff="" node_bootstrap=""
node_sed=()
node_options=()

# Runs the whole script anew in a network of its own: ZooKeeper, broker and clients meet there on 127.0.0.1 and fixed ports.
node_own_network() {
  [ "$(id -u)" = 0 ] || return 0
  pod_network=shared
  [ -z "${NODE_NETWORK:-}" ] || return 0
  NODE_NETWORK=own exec unshare --net sh -c 'ip link set lo up && exec "$0"' "$0"
}

node_up() {
  node_dir=$(mktemp -d "${TMPDIR:-/tmp}/kafka-node.XXXXXX")
  chmod 755 "$node_dir"
  node_volume=$node_dir/volume node_log=$node_dir/broker.log node_spec=$node_dir/kafka.yaml
  mkdir "$node_volume"
  sed -e '' "${node_sed[@]}" "$1" >"$node_spec"
  if [ "$(id -u)" = 0 ]; then node_up_pod; else node_up_plain; fi
}

node_up_pod() {
  local target
  target=$(sed -n 's/^ *volumes: *\[\([^],]*\).*/\1/p' "$node_spec")
  truncate -s 1G "$node_dir/volume.img"
  mkfs.xfs -q "$node_dir/volume.img"
  node_loop=$(losetup --find --show "$node_dir/volume.img") || return 1
  mount "$node_loop" "$node_volume" || return 1
  pod_up kafka-0 "$node_dir/pod" || return 1
  pod_volume "$node_volume" "$target"
  pod_config "$node_spec"
  node_handoff=/run/k8skafka node_bootstrap=kafka-0.kafka:9093
  bed_prefix=(pod_client)
}

# What a volume and a pod bring is said in the specification instead.
node_up_plain() {
  local client controller
  client=$(bed_free_port) controller=$(bed_free_port)
  sed -i -e "s|volumes: \[.*|volumes: [$node_volume]\n  owner: \"$(id -u):$(id -g)\"\n  ephemeral: allow|" "$node_spec"
  if grep -q '^  roles:' "$node_spec"; then
    sed -i "s|^  properties:|&\n    listeners: PLAINTEXT://127.0.0.1:$client,CONTROLLER://127.0.0.1:$controller|" "$node_spec"
  else
    sed -i -e '/^    listeners:/d' -e "s|^  properties:|&\n    listeners: PLAINTEXT://127.0.0.1:$client|" "$node_spec"
  fi
  node_handoff=$node_dir/run node_bootstrap=127.0.0.1:$client
  node_options=(-c "$node_spec" --handoff "$node_handoff" --pod kafka-0)
}

node_initc() {
  local verb=$1 words=("${node_options[@]}")
  shift
  case $verb in need | volume) words=(${node_options[@]+-c "$node_spec" --pod kafka-0}) ;; esac
  [ "$(id -u)" = 0 ] && { pod_init "$node_program" "$verb" "$@"; return; }
  "$node_program" "$verb" "${words[@]}" "$@"
}

# The heap is exec's to set: the bed's own is left out.
node_start() {
  local version=$1 flag java=() begin
  bed_java_flags "$version"
  for flag in "${bed_flags[@]}"; do
    case $flag in -Xm*) ;; *) java+=("$flag") ;; esac
  done
  java=(java "${java[@]}" -cp "$(bed_classpath "$version")" kafka.Kafka "$node_handoff/server.properties")
  : >"$node_log"
  begin=$(bed_now_ms)
  if [ "$(id -u)" = 0 ]; then
    pod_broker "$node_handoff/kafka-initc" exec -- "${java[@]}" >"$node_log" 2>&1 &
  else
    "$node_handoff/kafka-initc" exec --handoff "$node_handoff" --pod kafka-0 -- "${java[@]}" >"$node_log" 2>&1 &
  fi
  node_broker=$!
  bed_broker_wait "$node_log" 60 "$node_broker" || return 1
  node_started_ms=$(($(bed_now_ms) - begin))
}

node_stop() {
  local status=0 begin pid=$node_broker
  begin=$(bed_now_ms)
  node_broker=""
  kill -TERM "$pid"
  wait "$pid" || status=$?
  node_stopped_ms=$(($(bed_now_ms) - begin))
  bed_keep_archive
  [ "$status" = 143 ]
}

# Connections come and go, so the live ones are counted; all else is predicted from the volume and the specification.
# Sets node_predicted, node_open and node_sockets.
node_descriptors() {
  local planned need=$node_dir/need.json
  node_initc need -o json >"$need" 2>/dev/null || true # the verdict on the node's limits does not matter here
  node_predicted=$(awk '/"descriptors"/ { on = 1 } on && /"now"/ { gsub(/[^0-9]/, ""); print; exit }' "$need")
  planned=$(awk '/"name": "connections"/ { on = 1 } on && /"value"/ { gsub(/[^0-9]/, ""); print; exit }' "$need")
  [ -n "$node_predicted" ] && [ -n "$planned" ] || return 1
  find "/proc/$node_broker/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n' | sort >"$node_dir/sockets"
  node_sockets=$(awk '$4 == "01" { print $10 }' "/proc/$node_broker/net/tcp" "/proc/$node_broker/net/tcp6" |
    sort | comm -12 - "$node_dir/sockets" | wc -l)
  node_predicted=$((node_predicted - planned + node_sockets))
  node_open=$(bed_fd_count "$node_broker")
}

node_down() {
  [ -z "$node_broker" ] || { kill -KILL "$node_broker" && wait "$node_broker"; } 2>/dev/null
  node_broker=""
  pod_down
  if [ -n "$node_loop" ]; then
    umount "$node_volume"
    losetup -d "$node_loop"
    node_loop=""
  fi
  [ -z "$node_dir" ] || rm -rf --one-file-system "$node_dir"
  node_dir=""
}
