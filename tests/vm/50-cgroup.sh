#!/usr/bin/env bash
# kafka-initc exec under control groups of version 2, as a kubelet makes them: the heap follows the least memory limit of the
# container and of everything above it, seen from the node, from a cgroup namespace, and without the hierarchy's mount.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
if [ "${1:-}" != inside ]; then
  # shellcheck source=inside.sh
  . tests/vm/inside.sh
  need_node unshare setpriv
  node -b unshare -b setpriv
  exit
fi

root=/sys/fs/cgroup
pod=$root/kubepods.slice/kubepods-pod1.slice
container=$pod/cri-containerd-1.scope
mkdir -p "$container" /data /tmp/jdk/bin
for folder in "$root" "$root/kubepods.slice" "$pod"; do echo '+memory +pids +cpu' >"$folder/cgroup.subtree_control"; done
printf '#!/bin/sh\necho "argv: $*"\n' >/tmp/jdk/bin/java
chmod +x /tmp/jdk/bin/java
printf '%s\n' 'apiVersion: k8skafka/v1' 'kafka:' '  version: "4.3"' '  roles: [broker, controller]' '  service: kafka' \
  '  clusterId: MkU3OEVBNTcwNTJENDM2Qg' 'storage: {volumes: [/data], ephemeral: allow}' >/tmp/kafka.yaml
mkdir -p /run/k8skafka
run 0 kafka-initc prepare -c /tmp/kafka.yaml --pod kafka-0

# In the container's group (bash, since busybox's sh would take its own setpriv and unshare), through a process that moves itself there first.
# shellcheck disable=SC2016 # expanded there
exec_in='echo $$ >"$1/cgroup.procs" && shift && exec "$@"'
broker() {
  POD_NAME=kafka-0 bash -c "$exec_in" bash "$container" "$@" setpriv --reuid 1000 --regid 1000 --clear-groups kafka-initc exec -- /tmp/jdk/bin/java -version
}
limits() { # CONTAINER POD
  echo "$1" >"$container/memory.max"
  echo "$2" >"$pod/memory.max"
}
MiB=1048576
row() { # CONTAINER POD HEAP WHY [CMD...]
  t_case "$4"
  limits "$1" "$2"
  run 0 broker "${@:5}"
  expect_stdout_has "argv: -Xms${3}M -Xmx${3}M -version"
}
row max max 1024 "no limit"
row $((1000 * MiB)) max 400 "the container's limit"
row max $((1500 * MiB)) 600 "the pod's limit"
row $((2000 * MiB)) $((1000 * MiB)) 400 "the pod's is less"
row $((1000 * MiB)) $((2000 * MiB)) 400 "the container's is less"
row $((1000 * MiB + 1)) max 400 "one that the kernel rounds to pages"
row $((400 * MiB)) max 200 "a small one"

# What a container runtime gives: a cgroup namespace, and the hierarchy mounted anew, so that the group is its root.
# shellcheck disable=SC2016
namespaced=(unshare --cgroup --mount bash -c 'umount -l /sys/fs/cgroup; mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup && exec "$@"' bash)
row $((1000 * MiB)) max 400 "in a cgroup namespace" "${namespaced[@]}"
row max max 1024 "in a cgroup namespace without a limit" "${namespaced[@]}"
t_case "in a cgroup namespace"
limits max $((1000 * MiB))
run 0 broker "${namespaced[@]}"
expect_stdout_has "argv: -Xms1024M -Xmx1024M -version" # what is above its namespace it cannot see
row $((1000 * MiB)) max 1024 "without the mount" unshare --mount bash -c 'umount -l /sys/fs/cgroup; exec "$@"' bash

t_case "limits of the group are no limits of the process"
limits max max
echo 77 >"$container/pids.max"
# shellcheck disable=SC2016
run 1 bash -c "$exec_in" bash "$container" kafka-tuner check --only process.nproc,process.nofile -o json
check "pids.max is not taken for nproc" test -z "$(grep '"have": "77"' "$t_stdout")"
done_testing
