# shellcheck shell=bash
# Volumes for tests: filesystems on loop devices, and what stands on them. Root only; sourced after tests/lib.sh and
# tests/pod.sh. Everything made here is gone when the script ends.
#
#   vol_dir, vol_initc             (variables) scratch folder of this run, in memory; kafka-initc in it
#   vol_make NAME xfs|ext4         a new filesystem, mounted at $vol_dir/NAME
#   vol_empty NAME                 empties it again, lost+found excepted
#   vol_tree PATH...               one line for everything there: type, mode, owner, size, times, target, name, content
#   vol_shape PATH...              the same without times, ids and content, for two runs that cannot be equal
#   vol_mark PATH...               remembers vol_tree of these paths; vol_is_unchanged compares with it
#   vol_spec VOLUME... <<<YAML     writes $vol_dir/kafka.yaml: a small combined broker on these volumes, and the YAML
#   pod_start                      pod kafka-0 with the volumes $vol_dir/data-* and that specification
#   ids LEVEL                      ids of the findings in $t_stdout, which is a JSON report
#   expect_id ID                   the last run's report has such an error
#   json_is FILTER                 for check: the jq filter holds for the last run's stdout

vol_dir=$(mktemp -d "${TMPDIR:-/tmp}/k8skafka-volumes.XXXXXX") || exit 1
chmod 755 "$vol_dir"
vol_marked=()

vol_end() {
  pod_down
  local mounted
  while read -r mounted; do
    umount "$mounted" || umount -l "$mounted"
  done < <(awk -v at="$vol_dir/" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | tac)
  umount -l "$vol_dir" # a loop device is let go some moments later
  rmdir "$vol_dir"
}
at_exit vol_end
# Images in memory: a run syncs some twenty files, and a test has a hundred runs.
mount -t tmpfs -o mode=755 tmpfs "$vol_dir" || t_skip_rest "no tmpfs can be mounted"
vol_initc=$vol_dir/kafka-initc
cp "${BUILD:-build}/bin/kafka-initc" "$vol_initc" || t_skip_rest "kafka-initc is not built"

vol_make() {
  local image=$vol_dir/$1.img
  truncate -s 320M "$image" && mkdir -p "$vol_dir/$1" || return 1
  case $2 in
    xfs) mkfs.xfs -q "$image" ;;
    ext4) mkfs.ext4 -q -F "$image" ;;
  esac >/dev/null 2>"$vol_dir/mkfs.err" || t_skip_rest "mkfs.$2 fails: $(head -n 1 "$vol_dir/mkfs.err")"
  # the loop device goes with the mount
  mount -o loop "$image" "$vol_dir/$1" 2>"$vol_dir/mount.err" ||
    t_skip_rest "no $2 on a loop device: $(head -n 1 "$vol_dir/mount.err")"
}

vol_empty() { find "$vol_dir/$1" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +; }

vol_tree() {
  find "$@" -printf '%y %m %U:%G %n %s %T@ %C@ %p -> %l\n' | sort -k 8
  find "$@" -type f -size -1M -print0 | sort -z | xargs -0r md5sum
}

vol_shape() { find "$@" -printf '%y %m %U:%G %n %f -> %l\n' | sort; }

vol_mark() {
  vol_marked=("$@")
  vol_tree "$@" >"$vol_dir/marked"
}

vol_is_unchanged() { vol_tree "${vol_marked[@]}" | diff "$vol_dir/marked" -; }

vol_spec() {
  local volumes more
  volumes=$(IFS=,; echo "$*")
  more=$(cat)
  cat >"$vol_dir/kafka.yaml" <<YAML
apiVersion: k8skafka/v1
kafka:
  version: "4.3"
  roles: [broker, controller]
  clusterId: MkU3OEVBNTcwNTJENDM2Qg
  service: kafka
storage:
  volumes: [$volumes]
workload: {partitions: 10, partitionSize: 16Mi, connections: 10, classpathJars: 20}
YAML
  [ -z "$more" ] || printf '%s\n' "$more" >>"$vol_dir/kafka.yaml"
}

pod_start() {
  local path
  pod_up kafka-0 "$vol_dir/pod" || t_skip_rest "no pod: unshare, nsenter or setpriv do not work here"
  for path in "$vol_dir"/data-*/; do
    path=${path%/}
    pod_volume "$path" "/var/lib/kafka/${path##*/}"
  done
  pod_config "$vol_dir/kafka.yaml"
}

# shellcheck disable=SC2154 # $t_stdout and its like are of tests/lib.sh
ids() { jq -r --arg level "$1" '[.. | objects | select(.level? == $level) | .id] | unique[]' "$t_stdout"; }

# shellcheck disable=SC2154
expect_id() {
  if ids error | grep -qxF -- "$1"; then
    ok "says $1"
    return 0
  fi
  not_ok "says $1" "$t_last printed:" "$(head -n 40 "$t_stdout")" "$(head -n 10 "$t_stderr")"
}

json_is() {
  if [ -s "$t_stdout" ] && jq -e "$1" "$t_stdout" >/dev/null; then return 0; fi
  head -c 4000 "$t_stdout"
  return 1
}
