# shellcheck shell=bash
# A pod on this machine: what the kubelet and the container runtime make of our StatefulSet, made with unshare(1) and
# setpriv(1). Root only. Sourced by tests and by make demo.
#
#   pod_up NAME FOLDER            namespaces that the containers share (network, host name); FOLDER holds what is the pod's
#   pod_volume PATH MOUNTPOINT    PATH (a mounted filesystem or a folder) appears at MOUNTPOINT in both containers
#   pod_config FILE               FILE appears as /etc/k8skafka/kafka.yaml
#   pod_memory BYTES              memory limit of the broker container, where the machine has a memory controller
#   pod_init CMD...               runs CMD in the init container: uid 0, CHOWN, DAC_OVERRIDE, FOWNER, nothing else
#   pod_broker CMD...             runs CMD in the broker container: uid 1000, no capability, no_new_privs
#   pod_client CMD...             runs CMD in a third container, as a client: the same network and host names
#   pod_down                      ends the pod; safe to call twice
#
# Both containers have mount namespaces of their own, an /etc of their own, and share the folder FOLDER/run as
# /run/k8skafka, the emptyDir.

pod_pause=""
pod_name=""
pod_folder=""
pod_mounts=()
pod_cgroup=""
pod_env=()
pod_network=own # or shared: with the script itself, which has taken care to have one of its own
pod_init_caps=${pod_init_caps:-+chown,+dac_override,+fowner}

pod_is_up() { nsenter -t "$1" -n ip -o link show lo up 2>/dev/null | grep -q UP; }

pod_up() {
  local network=(--net)
  pod_name=$1 pod_folder=$2
  [ "$pod_network" = own ] || network=()
  mkdir -p "$pod_folder/run" "$pod_folder/etc"
  pod_mounts=("$pod_folder/run:/run/k8skafka")
  pod_env=(PATH="$PATH" HOSTNAME="$pod_name" POD_NAME="$pod_name" LC_ALL=C.UTF-8)
  # the pause container: one process that keeps the namespaces
  unshare "${network[@]}" --uts --fork --kill-child sh -c 'hostname "$1" && ip link set lo up && exec sleep 86400' pause "$pod_name" \
    </dev/null >/dev/null 2>&1 &
  pod_pause=$!
  local tries child=""
  for ((tries = 0; tries < 100; tries++)); do
    child=$(pgrep -P "$pod_pause" 2>/dev/null) && pod_is_up "$child" && break
    sleep 0.02
  done
  [ -n "$child" ] || return 1
  pod_child=$child
}

pod_volume() { pod_mounts+=("$1:$2"); }
pod_config() { cp "$1" "$pod_folder/etc/kafka.yaml"; }

# cgroup v1 and v2 name the limit differently; a machine without a memory controller has none.
pod_memory() {
  local base file
  for base in "/sys/fs/cgroup memory.max" "/sys/fs/cgroup/memory memory.limit_in_bytes"; do
    file=${base#* } base=${base% *}
    [ -d "$base" ] || continue
    mkdir "$base/k8skafka-$$" 2>/dev/null || continue
    if [ -w "$base/k8skafka-$$/$file" ] && echo "$1" 2>/dev/null >"$base/k8skafka-$$/$file"; then
      pod_cgroup=$base/k8skafka-$$
      return 0
    fi
    rmdir "$base/k8skafka-$$"
  done
  return 1
}

# Runs in the mount namespace of one container. $1 init or broker, then the mounts, "--", and the command
# shellcheck disable=SC2016 # expanded by the shell that runs it
pod_container='
set -eu
folder=$1; shift
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /run
cp -a /etc "$folder/etc.$$"
mkdir -p "$folder/etc.$$/k8skafka"
[ ! -f "$folder/etc/kafka.yaml" ] || cp "$folder/etc/kafka.yaml" "$folder/etc.$$/k8skafka/kafka.yaml"
printf "127.0.0.1 localhost %s\n" "$POD_HOSTS" >"$folder/etc.$$/hosts"
mount --bind "$folder/etc.$$" /etc
while [ "$1" != -- ]; do
  mkdir -p "${1#*:}"
  mount --bind "${1%%:*}" "${1#*:}"
  shift
done
shift
exec "$@"
'

# $1 words before the command (setpriv ...), as an array's name. In the background the shell makes room for the command, so
# that $! is the command itself.
pod_run() {
  local -n before=$1
  shift
  local command=(nsenter -t "$pod_child" -n -u -- unshare --mount --propagation private --
    env -i "${pod_env[@]}" "POD_HOSTS=$pod_name $pod_name.kafka $pod_name.kafka-svc.default.svc"
    sh -c "$pod_container" container "$pod_folder" "${pod_mounts[@]}" -- "${before[@]}" "$@")
  [ "$BASHPID" = "$$" ] || exec "${command[@]}"
  "${command[@]}"
}

# A client: in a container of its own, with this user's rights.
pod_client() {
  # shellcheck disable=SC2034 # by name
  local privilege=()
  pod_run privilege "$@"
}

pod_init() {
  # shellcheck disable=SC2034 # by name
  local privilege=(setpriv --reuid 0 --regid 0 --clear-groups --inh-caps=-all "--bounding-set=-all,$pod_init_caps" --)
  pod_run privilege "$@"
}

pod_broker() {
  # shellcheck disable=SC2034 # by name
  local privilege=(setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs --)
  pod_limited=(sh -c 'echo $$ >"$1" && shift && exec "$@"' limit "$pod_cgroup/cgroup.procs")
  [ -n "$pod_cgroup" ] || pod_limited=()
  privilege=("${pod_limited[@]}" "${privilege[@]}")
  pod_run privilege "$@"
}

pod_down() {
  local pid
  [ -z "$pod_pause" ] || { kill -KILL "$pod_pause" 2>/dev/null; wait "$pod_pause" 2>/dev/null; }
  pod_pause=""
  if [ -n "$pod_cgroup" ]; then
    while read -r pid; do kill -KILL "$pid" 2>/dev/null; done <"$pod_cgroup/cgroup.procs"
    sleep 0.05
    rmdir "$pod_cgroup" 2>/dev/null
    pod_cgroup=""
  fi
}
