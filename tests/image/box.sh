# shellcheck shell=bash disable=SC2154 # the pod_ variables are those of tests/pod.sh
# Containers from our image files, on this machine and without a container runtime. Root only. Sourced after tests/lib.sh
# and tests/pod.sh.
#
#   box_unpack FILE FOLDER     the image's root file system into FOLDER/root, its configuration into FOLDER/config.json
#   box_config FOLDER FILTER   prints what jq's FILTER finds in the configuration
#   box_run FOLDER CMD...      runs CMD as the image's user says, read-only and without capabilities, in the pod that is up
#   box_init FOLDER CMD...     the same as root with the three capabilities of the init container
#
# The root file system is mounted as readOnlyRootFilesystem has it: an overlay with the mount points in it, read-only.
# There is no /tmp to write to. With box_mode=rw it can be written to, as without readOnlyRootFilesystem. box_env has
# further NAME=VALUE.

box_mode=ro
box_env=()

box_unpack() {
  local layer
  mkdir -p "$2/root"
  for layer in $(tar -xOf "$1" manifest.json | jq -r '.[0].Layers[]'); do
    tar -xOf "$1" "$layer" | tar -C "$2/root" -xp --numeric-owner --keep-directory-symlink
  done
  tar -xOf "$1" "$(tar -xOf "$1" manifest.json | jq -r '.[0].Config')" >"$2/config.json"
}

box_config() { jq -r "$2" "$1/config.json"; }

# Runs in the container's mount namespace. $1 root file system, $2 the pod's folder, $3 working folder, mounts, "--", and
# the command.
# shellcheck disable=SC2016 # expanded by the shell that runs it
box_container='
set -eu
lower=$1 folder=$2 at=$3
shift 3
over=$(mktemp -d "$folder/box.XXXXXX")
mount -t tmpfs -o mode=755 tmpfs "$over"
mkdir "$over/up" "$over/work" "$over/root"
chmod 755 "$over/up"
mount -t overlay -o "lowerdir=$lower,upperdir=$over/up,workdir=$over/work" overlay "$over/root"
root=$over/root
mkdir -p "$root/etc/k8skafka"
[ ! -f "$folder/etc/kafka.yaml" ] || cp "$folder/etc/kafka.yaml" "$root/etc/k8skafka/kafka.yaml"
printf "127.0.0.1 localhost %s\n" "$POD_HOSTS" >"$root/etc/hosts"
mkdir -p "$root/dev" "$root/proc" "$root/sys"
for path in /dev /proc /sys; do mount --rbind "$path" "$root$path"; done
while [ "$1" != -- ]; do
  mkdir -p "$root${1#*:}"
  mount --bind "${1%%:*}" "$root${1#*:}"
  shift
done
shift
mount -o "remount,$BOX_MODE" "$root"
exec $BOX_PRIVILEGE unshare --root="$root" --wd="$at" $BOX_USER "$@"
'

# $1 folder of the image, $2 words of setpriv, $3 words of unshare. In the background $! is the command itself.
box_enter() {
  local image=$1 privilege=$2 user=$3 environment=()
  shift 3
  mapfile -t environment < <(box_config "$image" '.config.Env[]')
  local command=(nsenter -t "$pod_child" -n -u -- unshare --mount --propagation private --
    env -i "${environment[@]}" "${box_env[@]}" "BOX_MODE=$box_mode" "HOSTNAME=$pod_name" "POD_NAME=$pod_name" "POD_HOSTS=$pod_name $pod_name.kafka"
    "BOX_PRIVILEGE=setpriv --clear-groups --inh-caps=-all --no-new-privs $privilege --" "BOX_USER=$user"
    /bin/sh -c "$box_container" box "$image/root" "$pod_folder" "$(box_config "$image" '.config.WorkingDir // "/"')"
    "${pod_mounts[@]}" -- "$@")
  [ "$BASHPID" = "$$" ] || exec "${command[@]}"
  "${command[@]}"
}

# Becoming another user ends what setpriv leaves until then; uid 0 keeps SYS_CHROOT on top of what the manifest gives.
box_run() {
  local image=$1
  shift
  box_enter "$image" --bounding-set=-all,+sys_chroot,+setuid,+setgid "--setgid 1000 --setuid 1000" "$@"
}

box_init() {
  local image=$1
  shift
  box_enter "$image" "--bounding-set=-all,+sys_chroot,$pod_init_caps" "" "$@"
}
