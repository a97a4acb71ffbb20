#!/usr/bin/env bash
# The test cluster itself: what tests rely on is so, and when it is gone, also after a kill at any point, nothing of it is left.
# It is a cluster of its own beside one that may run, so nobody else's is stopped here.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
export BUILD=${BUILD:-$PWD/build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export CLUSTER_DIR=$BUILD/cluster-bed
# shellcheck source=lib.sh
. tests/cluster/lib.sh

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch" "$CLUSTER_DIR"
at_exit tests/cluster/down
id=$(sha256sum <<<"$CLUSTER_DIR")
id=${id:0:8}

# ---- What may be left of a cluster ----

left_processes() {
  local file
  find /sys/fs/cgroup -name cgroup.procs -path "*$id*" -exec cat {} + 2>/dev/null
  for file in /proc/[0-9]*/cmdline; do
    { tr '\0' ' ' <"$file"; } 2>/dev/null | grep -F "$CLUSTER_DIR/" | grep -v grep
  done
}
left_mounts() { grep -F "$CLUSTER_DIR" /proc/[0-9]*/mountinfo 2>/dev/null; }
left_loops() { grep -F "$CLUSTER_DIR" /sys/block/loop*/loop/backing_file 2>/dev/null; }
left_cgroups() { find /sys/fs/cgroup -type d -name "*$id*" 2>/dev/null; }
# The bridge is in the namespace that all the others are wired to.
left_networks() {
  local process
  lsns --type net --noheadings --output PID | while read -r process; do
    nsenter --target "$process" --net ip -o link show 2>/dev/null | grep -F "br-$id"
  done
  find /run/netns -name "*$id*" 2>/dev/null
}
left_files() {
  find "$CLUSTER_DIR" -mindepth 1 -maxdepth 1 ! -name logs ! -name lock 2>/dev/null
  find /run/k8skafka-cluster -name "*$id*" 2>/dev/null
}
sysctls() { sysctl vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys vm.swappiness 2>/dev/null; }

nothing_left() {
  local kind found status=0
  for kind in processes mounts loops cgroups networks files; do
    found=$("left_$kind")
    [ -z "$found" ] || { printf '%s: %s\n' "$kind" "$found"; status=1; }
  done
  sysctls | diff "$scratch/sysctls" - || status=1
  return "$status"
}

# ---- Steps ----

killed_after() { # SECONDS
  tests/cluster/up >"$scratch/killed.log" 2>&1 &
  local pid=$!
  sleep "$1"
  kill -KILL "$pid" 2>/dev/null || echo "it had ended already"
  wait "$pid" 2>/dev/null
  tests/cluster/down && nothing_left
}

in_pod() { kc -n bed exec "$1" -c echo -- "${@:2}"; }
answer() { in_pod echo-0 sh -c 'nc -w 3 "$1" 9093 </dev/null' answer "$1"; }
is_ready() { says True kc get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'; }
is_lost() { says Unknown kc get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'; }
free_disks() { equal "$(kc get pv --no-headers | grep -c ' Available ')" "$1"; }
no_address() { ! kc get nodes --request-timeout 2s; }
is_restarted() { [ "$(cat "$CLUSTER_DIR/run/$1.pid" 2>/dev/null)" != "$2" ] && [ -e "$CLUSTER_DIR/run/$1.pid" ]; } # MARK PID

tests/cluster/down >/dev/null
sysctls >"$scratch/sysctls"
cluster_need # before the kills, or they would hit a build

for zone in a b c; do
  check "a node is in zone here-$zone" says '^node/n[123]$' kc get nodes -o name -l topology.kubernetes.io/zone="here-$zone"
done
check "three nodes are Ready" equal "$(kc get nodes --no-headers | grep -c ' Ready ')" 3
check "up again finds it running" says 'nodes running' tests/cluster/up
check "nothing leads out of a node" silent . cluster_on 1 ip route show default
check "there are two disks for each node" cluster_until 20 free_disks 6

t_case pods
check "namespace" cluster_namespace bed baseline
check "applied" kc -n bed apply -f tests/cluster/bed.yaml
check "Ready" cluster_ready bed sts/echo 90 || cluster_show bed
check "one on each node" equal "$(for i in 0 1 2; do cluster_node_of bed "echo-$i"; done | sort -u | wc -l)" 3
for i in 0 1 2; do
  check "echo-$i answers by its name" cluster_until 20 says "hello from echo-$i.echo.bed.svc.cluster.local" answer "echo-$i.echo.bed"
done
check "a Service answers" cluster_until 20 says "hello from echo-" answer echo-any.bed
check "a client of the machine, by name" cluster_until 20 cluster_on 0 bash -c ': </dev/tcp/echo-1.echo.bed.svc.cluster.local/9093'
check "claims are bound" equal "$(kc -n bed get pvc --no-headers | grep -c ' Bound ')" 3
check "the volume is XFS" says 'xfs' in_pod echo-0 df -T /data
check "init has its three capabilities alone" says '0*b$' kc -n bed logs echo-0 -c init
check "exec with input" equal "$(kc -n bed exec -i echo-0 -c echo -- cat <<<through)" through
t_case

t_case volume
read -r node disk <<<"$(cluster_disk_of bed data-echo-1)"
check "seen from outside" says '^1000:1000$' cluster_disk "$node" "$disk" stat -c %u:%g log
starts=$(cluster_disk "$node" "$disk" cat log/starts | wc -l)
check "delete the pod" kc -n bed delete pod echo-1
check "Ready again" cluster_ready bed pod/echo-1 90
check "the same volume" equal "$(cluster_disk "$node" "$disk" cat log/starts | wc -l)" $((starts + 1))
t_case

t_case security
cat >"$scratch/init.yaml" <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: broker, namespace: NAMESPACE}
spec:
  initContainers:
  - name: init
    image: k8skafka-test/busybox:1
    securityContext: {runAsUser: 0, capabilities: {drop: [ALL], add: [CHOWN, DAC_OVERRIDE, FOWNER]}}
  containers:
  - name: broker
    image: k8skafka-test/busybox:1
    securityContext: {runAsUser: 1000, runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
YAML
check "namespace" cluster_namespace strict restricted
sed 's/NAMESPACE/bed/' "$scratch/init.yaml" >"$scratch/baseline.yaml"
sed 's/NAMESPACE/strict/' "$scratch/init.yaml" >"$scratch/restricted.yaml"
sed '/initContainers/,/runAsUser: 0/d' "$scratch/restricted.yaml" >"$scratch/without.yaml"
sed '/runAsUser: 0/s/}}$/}, privileged: true}/' "$scratch/baseline.yaml" >"$scratch/privileged.yaml"
check "baseline admits an init container that is root with three capabilities" kc apply --dry-run=server -f "$scratch/baseline.yaml"
check "baseline refuses a privileged one" cluster_denies 'violates PodSecurity "baseline' "$scratch/privileged.yaml"
check "restricted refuses it" cluster_denies 'violates PodSecurity "restricted.*runAsNonRoot' "$scratch/restricted.yaml"
check "restricted admits the pod without it" kc apply --dry-run=server -f "$scratch/without.yaml"
t_case

t_case faults
before=$(cat "$CLUSTER_DIR/run/n1.kubelet.pid")
check "a kubelet is killed" tests/cluster/component 1 kubelet kill
check "and comes back" cluster_until 20 is_restarted n1.kubelet "$before"
check "the API server is stopped" tests/cluster/api stop
check "and does not answer" no_address
check "and started" tests/cluster/api start
check "pods live on" cluster_until 30 says "hello from echo-2" answer echo-2.echo.bed
check "power cut of n2" tests/cluster/power 2 off
check "a node without power has no processes" equal "$(find /sys/fs/cgroup/*/k8skafka-"$id"/n2 /sys/fs/cgroup/k8skafka-"$id"/n2 2>/dev/null)" ""
check "the node is lost" cluster_until 60 is_lost n2
check "power is back" tests/cluster/power 2 on
check "the node is Ready" is_ready n2
check "its pod is back" cluster_ready bed sts/echo 90 || cluster_show bed
t_case

t_case reset
check "namespaces go, disks are new" cluster_fresh bed strict
check "disks are unclaimed" cluster_until 20 free_disks 6
check "and empty" silent . cluster_disk "$node" "$disk" ls -A
check "somebody else's data" cluster_write "$node" "$disk" log/starts <<<foreign
check "somebody else's folder" cluster_disk "$node" "$disk" chown -R 2000:2000 .
check "namespace of the same name" cluster_namespace bed baseline
check "a claim for that disk" cluster_claim bed data-echo-2 "$node" "$disk"
# The others have theirs elsewhere, or one of them may be seated on the only node that echo-2 can go to.
check "claims for the others" cluster_claim bed data-echo-0 $((node % 3 + 1)) 0
check "on the other nodes" cluster_claim bed data-echo-1 $(((node + 1) % 3 + 1)) 0
check "applied" kc -n bed apply -f tests/cluster/bed.yaml
check "Ready" cluster_ready bed sts/echo 90 || cluster_show bed
check "the pod is where the disk is" equal "$(cluster_node_of bed echo-2)" "$node"
check "and finds the data" says foreign in_pod echo-2 cat /data/log/starts
t_case

t_case image
mkdir -p "$scratch/root"
cp "$(command -v busybox)" "$scratch/root/sh"
# shellcheck source=image.sh
. tests/cluster/image.sh
image_make "$scratch/extra.tar" k8skafka-test/extra:1 "$scratch/root" '{"Entrypoint":["/sh","sleep","1000"]}'
check "given to every node" says '1 given to every node' tests/cluster/import "$scratch/extra.tar"
check "a second time there is nothing to do" silent . tests/cluster/import "$scratch/extra.tar"
check "a pod runs it" kc -n bed run extra --image k8skafka-test/extra:1
check "Ready" cluster_ready bed pod/extra
t_case

t_case "the control plane alone is gone"
check "killed" kill -KILL "$(cat "$CLUSTER_DIR/run/control.pid")"
check "up starts it anew" says 'nodes Ready' tests/cluster/up
t_case

check "down" tests/cluster/down
check "nothing is left" nothing_left
check "down again" tests/cluster/down
for after in 0.1 0.7 1.5 3 6; do check "nothing is left of an up that was killed after $after s" killed_after "$after"; done
done_testing
