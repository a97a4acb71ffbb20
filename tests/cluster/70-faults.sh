#!/usr/bin/env bash
# What breaks under a running cluster: the API server, the power of a node, a kubelet, a disk that is full, a disk that turned
# read-only. The broker comes back, or its pod says why not; and in none of them is an acknowledged message lost.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=lib.sh
. tests/cluster/lib.sh
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh

counting() { # NAME: a topic of this case, and messages into it
  t_case "$1"
  topic=count-${1// /-}
  check "the producer counts" count "$topic"
}
count() { kafka_topic "$1" && kafka_count_start "$1" 100; }
counted() {
  check "all pods are Ready" cluster_ready kafka sts/kafka 120 || cluster_show kafka
  check "all replicas are in sync" kafka_in_sync 60
  check "the producer ends" kafka_count_stop
  check "nothing acknowledged is lost" kafka_count_check "$topic"
}

# Everything that the pod's last attempts left behind for kubectl describe.
verdict() { # POD KIND(initContainer|container)
  kc -n kafka get pod "$1" -o jsonpath="{.status.${2}Statuses[0].state.terminated.message}{.status.${2}Statuses[0].lastState.terminated.message}"
}
is_away() { # POD
  ! says True kc -n kafka get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' >/dev/null
}
is_pending() { says Pending kc -n kafka get pod "$1" -o jsonpath='{.status.phase}'; }

# The pod is gone, and the new one waits for its node: what is done to the disk meanwhile, the next start finds.
hold() { # POD NODE
  kc cordon "n$2" && kc -n kafka delete pod "$1" --timeout 90s && cluster_until 30 is_pending "$1"
}

is_restarted_on_its_data() {
  says 'formatted before' kc -n kafka logs kafka-2 -c prepare
}

folder=$kafka_scratch/my-kafka
check "the namespace is new" cluster_fresh kafka
check "new-cluster" kafka_folder kraft-combined "$folder"
check "applied, and all Ready" kafka_deploy "$folder" 150 || { cluster_show kafka; done_testing; exit 1; }
read -r node disk <<<"$(cluster_disk_of kafka data-0-kafka-2)"
at_exit kc uncordon "n$node"
at_exit cluster_on "$node" mount -o remount,rw "/var/mnt/disk$disk"
# kafka-2 is the one that suffers; the client must not be on its node.
check "the client" kafka_client $((node % 3 + 1))

# ---- The API server, in the middle of a rolling restart ----

counting "API server"
check "a rolling restart" kc -n kafka rollout restart sts/kafka
check "the first broker goes" cluster_until 60 is_away kafka-2
check "the API server stops" tests/cluster/api stop
sleep 10
check "the API server starts" tests/cluster/api start
check "the rolling restart goes on to its end" cluster_ready kafka sts/kafka 150
counted

# ---- Power ----

counting "power cut"
check "of a broker's node" tests/cluster/power "$node" off
sleep 5
check "the node is back" tests/cluster/power "$node" on
check "prepare ran again, on the same data" cluster_until 60 is_restarted_on_its_data
counted

# ---- A kubelet, while prepare is at work ----

# Left-overs of producer snapshots: Kafka's own, which a broker removes at its next start.
strange() {
  cluster_disk "$node" "$disk" sh -c '
    cd "kafka-log2/$1-0" && seq -f %020.0f.snapshot.deleted 1000000 1020000 | xargs touch && cd ../.. && chown -R 2000:2000 kafka-log2' strange "$topic"
}
owners() { # how many entries belong to whom
  cluster_disk "$node" "$disk" find kafka-log2 -printf '%U\n' | sort | uniq -c | tr -s ' \n' ' '
}
# Stops it in the first moment in which it has changed an owner; the node has no other process of that name.
freeze_prepare() {
  # shellcheck disable=SC2016 # expanded on the node
  cluster_on "$node" timeout 60 sh -c '
    while ! pid=$(pgrep -f "^[^ ]*kafka-initc prepare"); do :; done
    while kill -0 "$pid" && [ "$(find "$1" -maxdepth 2 -uid 1000 | head -n 1)" = "" ]; do :; done
    kill -STOP "$pid" && echo "$pid"' freeze "/var/mnt/disk$disk/kafka-log2" >"$kafka_scratch/frozen"
}
is_half_done() { says '[0-9]+ 1000 [0-9]+ 2000' owners; }
kubelet_pid() { tests/cluster/component "$node" kubelet pid; }
is_restarted() { local pid; pid=$(kubelet_pid) && [ "$pid" != "$1" ]; } # PID

counting "kubelet"
check "kafka-2 is held" hold kafka-2 "$node"
check "its log dir is a stranger's, with 20,000 files more" strange
freeze_prepare &
freezer=$!
check "kafka-2 may start" kc uncordon "n$node"
check "prepare is stopped at its work" wait "$freezer"
check "which is half done" is_half_done
before=$(kubelet_pid)
check "the kubelet is killed" tests/cluster/component "$node" kubelet kill
check "and is there again" cluster_until 30 is_restarted "$before"
sleep 3
check "the pod is still in init" says '^$' kc -n kafka get pod kafka-2 -o jsonpath='{.status.containerStatuses[0].state.running}'
check "prepare goes on" cluster_on "$node" kill -CONT "$(cat "$kafka_scratch/frozen")"
counted
check "everything is the broker's" silent . cluster_disk "$node" "$disk" find kafka-log2 -ignore_readdir_race ! -uid 1000
check "prepare ran once" equal "$(kc -n kafka get pod kafka-2 -o jsonpath='{.status.initContainerStatuses[0].restartCount}')" 0

# ---- A full disk ----

# The last blocks go one by one: the filesystem gives no large piece any more.
fill() {
  # shellcheck disable=SC2016 # expanded on the node
  cluster_disk "$node" "$disk" sh -c '
    for size in 1024 256 64 16 4 1; do
      n=0
      while fallocate -l "${size}M" "fill-$size-$n" 2>/dev/null; do n=$((n + 1)); done
    done
    dd if=/dev/zero of=fill-rest bs=4k 2>/dev/null
    [ "$(df --output=avail . | tail -n 1)" -lt 64 ] || df .'
}

counting "full disk"
check "the disk of kafka-2 is full" fill
check "the broker stops" cluster_until 60 is_away kafka-2
check "and says why" cluster_until 20 says 'No space left on device|is full' kc -n kafka logs kafka-2 -c kafka --previous
check "a new pod" kc -n kafka delete pod kafka-2 --timeout 90s
check "prepare says how full it is" cluster_until 60 says 'has only .* free' kc -n kafka logs kafka-2 -c prepare
check "room again" cluster_disk "$node" "$disk" sh -c 'rm -f fill-*'
counted

# ---- A disk that turned read-only ----

has_refused() { says "$2" verdict "$1" initContainer; } # POD PATTERN

counting "read-only"
check "kafka-2 is held" hold kafka-2 "$node"
check "its disk turns read-only" cluster_on "$node" mount -o remount,ro "/var/mnt/disk$disk"
check "kafka-2 may start" kc uncordon "n$node"
check "it stays in init, with a true verdict" cluster_until 60 has_refused kafka-2 'is mounted read-only'
check "which kubectl describe shows, with the next step" says 'look for readOnly in the pod' kc -n kafka describe pod kafka-2
check "the disk is writable again" cluster_on "$node" mount -o remount,rw "/var/mnt/disk$disk"
check "the pod gets a new mount" kc -n kafka delete pod kafka-2 --timeout 90s
counted

done_testing
