# shellcheck shell=bash disable=SC2034
# Settings of the test cluster, and what its scripts share. Sourced; sets no shell option.
#
#   CLUSTER_DIR        state: certificates, disks, logs, kubeconfig ($BUILD/cluster). Each folder is a cluster of its own.
#   CLUSTER_NODES      1 to 9 (3)
#   CLUSTER_DISKS      XFS disks of each node (2)
#   CLUSTER_DISK_SIZE  1G; mkfs.xfs takes nothing below 300M
#   CLUSTER_PROXY      1: kube-proxy on every node. 0: of all Services only "kubernetes" and headless ones answer
#   CLUSTER_NOFILE     open files of every container; containerd hands it on as soft and hard limit
#   K8SKAFKA_CACHE     what is built once for all checkouts (~/.cache/k8skafka)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=${here%/tests/cluster}
case ${BUILD:=build} in /*) ;; *) BUILD=$top/$BUILD ;; esac
CLUSTER_DIR=$(realpath -m "${CLUSTER_DIR:-$BUILD/cluster}")
run=$CLUSTER_DIR/run # what is there while the cluster runs
cache=${K8SKAFKA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/k8skafka}/cluster
# One folder for each state of the sources: another checkout, or an older commit, finds its own.
wanted_base=$cache/$(cat "$here"/hyperkube/{main.go,go.mod,go.sum} "$here"/containerd/go.{mod,sum} "$here"/{build,image.sh,pause.c} | sha256sum | cut -c1-16)-$(uname -m)
base=$wanted_base
# What a running cluster was started with wins: a node must come back with the disks and the programs it had.
# shellcheck source=/dev/null
if [ -e "$run/up" ]; then . "$run/settings"; fi
: "${CLUSTER_NODES:=3}" "${CLUSTER_DISKS:=2}" "${CLUSTER_DISK_SIZE:=1G}" "${CLUSTER_PROXY:=1}" "${CLUSTER_NOFILE:=$(ulimit -Hn)}"
settings=(base CLUSTER_NODES CLUSTER_DISKS CLUSTER_DISK_SIZE CLUSTER_PROXY CLUSTER_NOFILE)
export BUILD CLUSTER_DIR "${settings[@]:1}"

id=$(sha256sum <<<"$CLUSTER_DIR")
name=k8skafka-${id:0:8} # of the cgroup
bridge=br-${id:0:8}
pki=$CLUSTER_DIR/pki
logs=$CLUSTER_DIR/logs
control_address=10.89.0.1 # API server and DNS
service_net=10.96.0       # the first address of it is the API server's again
api=https://$control_address:443

node_address() { echo "10.89.0.$((10 + $1))"; }
pod_net() { echo "10.90.$1.0/24"; }
host_of() { case $1 in 0 | control) echo control ;; n[1-9]) echo "$1" ;; *) echo "n$1" ;; esac; }

say() { printf '%-10s %s\n' "$1" "$2"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
seconds_since() { local ms=$(($(now_ms) - $1)); printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100)); }
need_root() { [ "$(id -u)" = 0 ] || die "needs root"; }

# Status 1 when it did not come true in time, however long one answer takes.
wait_for() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  until "${@:2}" >/dev/null 2>&1; do
    [ "$SECONDS" -le "$end" ] || return 1
    sleep 0.1
  done
}

wait_all() { # PID...: fails when one of them did
  local worker status=0
  for worker in "$@"; do wait "$worker" || status=$?; done
  return "$status"
}

# Prints a template with @NAME@ replaced by the variable's value.
render() { # FILE NAME...
  local text variable
  text=$(<"$1")
  for variable in "${@:2}"; do text=${text//@$variable@/${!variable}}; done
  printf '%s\n' "$text"
}

# The process that is PID 1 inside. The cgroup tells ours from a stranger who got its number later.
pid_of() { # HOST
  local pid
  pid=$(cat "$run/$1.pid" 2>/dev/null) && [ -n "$pid" ] && grep -qs "/$name/$1" "/proc/$pid/cgroup" && echo "$pid"
}

running_nodes() {
  local node
  for ((node = 1; node <= CLUSTER_NODES; node++)); do ! pid_of "n$node" >/dev/null || echo "$node"; done
}

# kubectl as admin. Its caches stay with the cluster, and a .kuberc at home has no say. No "die": who waits for an answer asks again.
kc() {
  local pid
  pid=$(pid_of control) || { echo "${0##*/}: the cluster does not run; start it: tests/cluster/up" >&2; return 1; }
  KUBERC=off KUBECACHEDIR=$run/kubectl nsenter --target "$pid" --net -- "$base/bin/kubectl" --kubeconfig "$pki/admin.conf" "$@"
}
api_ready() { kc get --raw /readyz --request-timeout 10s; }
