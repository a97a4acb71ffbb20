#!/usr/bin/env bash
# The main job on real volumes, in an init container as Kubernetes makes it: XFS and ext4, first boot, second run.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq unshare nsenter setpriv mkfs.xfs mkfs.ext4
# shellcheck source=../pod.sh
. tests/pod.sh
# shellcheck source=volumes.sh
. tests/system/volumes.sh

mount0=/var/lib/kafka/data-0
mount1=/var/lib/kafka/data-1

is_at() { # PATH UID:GID MODE
  local have
  have=$(stat -c '%u:%g %a' "$1")
  [ "$have" = "$2 $3" ] || { echo "$1 is $have, not $2 $3"; return 1; }
}

all_of_owner() { ! find "$@" ! \( -uid 1000 -gid 1000 \) | grep .; }

# What a restored backup or a first image run as root leaves behind: a partition, wrong owners and modes everywhere.
spoil() { # LOG_DIR
  mkdir -p "$1/orders-0" "$1/orders-1"
  head -c 5000 /dev/zero >"$1/orders-0/00000000000000000000.log"
  : >"$1/orders-0/00000000000000000000.index"
  : >"$1/recovery-point-offset-checkpoint"
  chmod 000 "$1/orders-0/00000000000000000000.index"
  chown 0:0 "$1/orders-0"
  chown 999:998 "$1/orders-1" "$1/orders-0/00000000000000000000.log"
  chmod 500 "$1/orders-1"
}

vol_make data-0 xfs
vol_make data-1 ext4
vol_spec "$mount0" "$mount1" <<<""
pod_start
handoff=$vol_dir/pod/run
data0=$vol_dir/data-0/kafka-log0
data1=$vol_dir/data-1/kafka-log0

t_case "dry run"
vol_mark "$vol_dir/data-0" "$vol_dir/data-1" "$handoff"
run 0 pod_init "$vol_initc" prepare --dry-run -o json
check "plans" json_is '.verdict == "planned" and ([.steps[] | select(.state == "planned")] | length > 2)'
check "changes nothing" vol_is_unchanged

t_case "first boot"
run 0 pod_init "$vol_initc" prepare -o json --termination-log "$vol_dir/termination"
check "one report with the fields that are promised" json_is '
  .apiVersion and .kind == "PrepareReport" and .verdict == "ready" and .exitCode == 0 and
  ([.steps[] | has("name") and has("state") and has("message")] | all) and
  ([.steps[].state] - ["done", "unchanged"] == []) and
  ([.steps[].name] | unique == ["config", "format", "hand-off", "need", "owner", "volume"]) and
  .need.verdict == "ok" and .need.have.maxMapCount > 0 and .need.have.nofileHard > 0 and
  ([.need.descriptors, .need.maps, .need.memoryBytes] | all(.total == ([.terms[].value] | add)))'
check "termination message: verdict and next step" grep -q '^ready: .*kafka-initc exec' "$vol_dir/termination"
check "log dir on XFS" is_at "$data0" 1000:1000 750
check "log dir on ext4" is_at "$data1" 1000:1000 750
check "meta.properties" is_at "$data0/meta.properties" 1000:1000 644
check "bootstrap.checkpoint" is_at "$data0/bootstrap.checkpoint" 1000:1000 644
check "first snapshot is sealed" is_at "$data0/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint" 1000:1000 400
check "metadata folder" is_at "$data0/__cluster_metadata-0" 1000:1000 755
check "no metadata on the second volume" test ! -e "$data1/__cluster_metadata-0"
check "all of it is the broker's" all_of_owner "$data0" "$data1"
check "lost+found stays root's" is_at "$vol_dir/data-1/lost+found" 0:0 700
check "node id" grep -qx 'node.id=0' "$data1/meta.properties"
check "cluster id" grep -qx 'cluster.id=MkU3OEVBNTcwNTJENDM2Qg' "$data1/meta.properties"
check "an id for each log dir" test "$(sed -n 's/^directory.id=.//p' "$data0/meta.properties" "$data1/meta.properties" | sort -u | wc -l)" = 2
check "nothing temporary is left" test -z "$(find "$vol_dir"/data-? "$handoff" -name '*k8skafka-tmp*')"
check "server.properties" is_at "$handoff/server.properties" 0:1000 440
check "both log dirs are in it" grep -qx "log.dirs=$mount0/kafka-log0,$mount1/kafka-log0" "$handoff/server.properties"
check "handoff.json" is_at "$handoff/handoff.json" 0:1000 444
check "the program itself" cmp "$handoff/kafka-initc" "$vol_initc"

t_case "second run"
vol_mark "$vol_dir/data-0" "$vol_dir/data-1" "$handoff"
run 0 pod_init "$vol_initc" prepare
expect_stdout_has "nothing had to be changed"
check "changes nothing, not even a time" vol_is_unchanged
run 0 pod_init "$vol_initc" prepare -o json
check "its steps are unchanged" json_is '[.steps[] | select(.name == ("owner", "format", "hand-off")) | .state] | unique == ["unchanged"]'
check "changes nothing again" vol_is_unchanged

t_case "wrong owners and modes"
spoil "$data0"
spoil "$data1"
run 1 pod_init "$vol_initc" volume -o json
check "counted beforehand" json_is '[.volumes[] | .verdict == "fixable" and .wrongOwner == 5 and .partitions == 2 and .segments == 1] | all'
meta_before=$(md5sum "$data0/meta.properties" "$data1/meta.properties")
run 0 pod_init "$vol_initc" prepare
check "all of it is the broker's" all_of_owner "$data0" "$data1"
check "a folder without write gets it" is_at "$data1/orders-1" 1000:1000 700
check "a file without read gets it" is_at "$data1/orders-0/00000000000000000000.index" 1000:1000 600
check "ids are kept" test "$(md5sum "$data0/meta.properties" "$data1/meta.properties")" = "$meta_before"
check "lost+found stays root's" is_at "$vol_dir/data-1/lost+found" 0:0 700
vol_mark "$vol_dir/data-0" "$vol_dir/data-1" "$handoff"
run 0 pod_init "$vol_initc" prepare
check "the next run changes nothing" vol_is_unchanged

t_case "a mount that its owner cannot pass"
chmod 700 "$vol_dir/data-0"
run 1 pod_init "$vol_initc" volume -o json
check "is fixable" json_is '.volumes[0].verdict == "fixable"'
run 0 pod_init "$vol_initc" prepare
check "the broker may pass" setpriv --reuid 1000 --regid 1000 --clear-groups ls "$data0"

t_case "the place where Kubernetes looks"
in_own_dev() {
  unshare --mount --propagation private sh -c 'mount -t tmpfs tmpfs /dev && : >/dev/termination-log &&
    "$1" prepare -c "$2" --handoff "$3" --pod kafka-0 >"$4"; cat /dev/termination-log' sh "$@"
}
vol_spec "$vol_dir/data-0" "$vol_dir/data-1" <<<""
message=$(in_own_dev "$vol_initc" "$vol_dir/kafka.yaml" "$vol_dir/handoff" "$vol_dir/out")
check "/dev/termination-log has the verdict" grep -q '^ready: ' <<<"$message"

start=${EPOCHREALTIME/./}
"$vol_initc" --version >/dev/null
echo "# kafka-initc --version took $(((${EPOCHREALTIME/./} - start) / 100))00 us"
start=${EPOCHREALTIME/./}
"$vol_initc" prepare -c "$vol_dir/kafka.yaml" --handoff "$vol_dir/handoff" --pod kafka-0 >"$vol_dir/out"
echo "# kafka-initc prepare, with nothing to change, took $(((${EPOCHREALTIME/./} - start) / 100))00 us"
done_testing
