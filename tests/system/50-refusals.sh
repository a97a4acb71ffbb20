#!/usr/bin/env bash
# What prepare refuses: one line that names the place, one with the next step, the exit code, and nothing has changed.
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
vol_make data-0 xfs
vol_make data-1 ext4
vol_spec "$mount0" "$mount1" <<<""
pod_start
handoff=$vol_dir/pod/run
data0=$vol_dir/data-0/kafka-log0
data1=$vol_dir/data-1/kafka-log0
mounts_before=("${pod_mounts[@]}")
env_before=("${pod_env[@]}")

# Both volumes prepared, one file given back to root so that there would be work to do.
fresh() {
  vol_empty data-0
  vol_empty data-1
  rm -rf "${handoff:?}"/*
  pod_mounts=("${mounts_before[@]}")
  pod_env=("${env_before[@]}")
  vol_spec "$mount0" "$mount1" <<<""
  pod_config "$vol_dir/kafka.yaml"
  pod_init "$vol_initc" prepare >/dev/null || { not_ok "fresh volumes"; exit 1; }
  : >"$data0/of-root"
}
# Edits the specification by a sed script.
spec_with() { sed -i "$1" "$vol_dir/kafka.yaml" && pod_config "$vol_dir/kafka.yaml"; }

# $1 exit status, $2 id (or - where the file is at fault), $3 the place that is named, $4 a word of the next step
refuses() {
  vol_mark "$vol_dir/data-0" "$vol_dir/data-1" "$handoff"
  run "$1" pod_init "$vol_initc" prepare --termination-log "$vol_dir/termination"
  check "names the place" grep -qF -- "$3" <(cat "$t_stdout" "$t_stderr")
  check "says the next step" grep -qiE -- "$4" <(cat "$t_stdout" "$t_stderr")
  check "termination message: verdict and next step" grep -qiE -- "$4" "$vol_dir/termination"
  check "termination message names the place" grep -qF -- "$3" "$vol_dir/termination"
  run "$1" pod_init "$vol_initc" prepare -o json
  [ "$2" = - ] || expect_id "$2"
  check "report says refused" json_is ".verdict == \"refused\" and .exitCode == $1"
  [ "$2" = - ] || check "each error has a next step" json_is '[.findings[] | select(.level == "error") | has("next")] | all'
  run "$1" pod_init "$vol_initc" prepare --dry-run
  check "changes nothing" vol_is_unchanged
}

t_case "misspelt key"
fresh
spec_with 's/^storage:/storge:/'
refuses 2 - kafka.yaml: "storage"
t_case "wrong type"
fresh
spec_with 's/^workload:.*/workload: {partitions: many}/'
refuses 2 - kafka.yaml: "number"
t_case "no YAML"
fresh
printf '\t: [\n' >"$vol_dir/kafka.yaml"
pod_config "$vol_dir/kafka.yaml"
refuses 2 - kafka.yaml ""
t_case "unknown property"
fresh
spec_with '/service:/a \  properties: {num.io.thread: 8}'
refuses 2 - kafka.yaml: "num.io.threads"
t_case "value out of range"
fresh
spec_with '/service:/a \  properties: {num.io.threads: 0}'
refuses 2 - kafka.yaml: "num.io.threads"
t_case "unknown property in the environment"
fresh
pod_env+=(KAFKA_NUM_IO_THREAD=8)
refuses 2 - KAFKA_NUM_IO_THREAD "num.io.threads"
t_case "log.dirs beside the volumes"
fresh
spec_with '/service:/a \  properties: {log.dirs: /tmp/kafka-logs}'
refuses 2 - /tmp/kafka-logs "storage.volumes"

t_case "no mount at the path"
fresh
pod_mounts=("${mounts_before[@]:0:2}")
spec_with "s,volumes:.*,volumes: [$mount0\, /opt/kafka-data],"
mkdir -p "$vol_dir/opt/kafka-data" # an image has the folder
pod_volume "$vol_dir/opt" /opt
refuses 1 not-a-mount /opt/kafka-data "ephemeral"
t_case "nothing at the path"
fresh
spec_with "s,volumes:.*,volumes: [$mount0\, /var/lib/kafka/data-7],"
refuses 1 volume-missing /var/lib/kafka/data-7 "volumeMount"
t_case "read-only volume"
fresh
mount -o remount,ro "$vol_dir/data-0"
refuses 1 read-only "$mount0" "readOnly"
mount -o remount,rw "$vol_dir/data-0"
t_case "volume in memory"
fresh
mkdir -p "$vol_dir/memory"
mount -t tmpfs tmpfs "$vol_dir/memory"
pod_volume "$vol_dir/memory" /var/lib/kafka/data-9
spec_with "s,volumes:.*,volumes: [$mount0\, /var/lib/kafka/data-9],"
refuses 1 filesystem /var/lib/kafka/data-9 "ephemeral"
check "nothing was put there" test -z "$(ls -A "$vol_dir/memory")"
umount "$vol_dir/memory"

t_case "volume of another cluster"
fresh
sed -i 's/^cluster.id=.*/cluster.id=AAAAAAAAAAAAAAAAAAAAAA/' "$data1/meta.properties"
refuses 1 wrong-cluster "$mount1" "clusterId"
t_case "volume of another node"
fresh
sed -i 's/^node.id=.*/node.id=2/' "$data0/meta.properties"
refuses 1 wrong-node "$mount0" "compare with kafka-2"
t_case "swapped claims"
fresh
sed -i 's/^node.id=.*/node.id=2/' "$data0/meta.properties" "$data1/meta.properties"
mv "$data0" "${data0%0}2"
mv "$data1" "${data1%0}2"
refuses 1 wrong-node "$mount0" "compare with kafka-2"
t_case "folder that Kafka does not start with"
fresh
mkdir "$data0/backup"
refuses 1 foreign-folder "$mount0/kafka-log0" "move it"
t_case "data without meta.properties"
fresh
mkdir "$data1/orders-0"
rm "$data1/meta.properties"
refuses 1 data-without-meta "$mount1/kafka-log0" "backup"
t_case "metadata log without meta.properties"
fresh
: >"$data0/__cluster_metadata-0/00000000000000000000.log"
rm "$data0/meta.properties"
refuses 1 data-without-meta "$mount0/kafka-log0" "backup"
t_case "meta.properties without the metadata log"
fresh
rm -r "$data0/__cluster_metadata-0"
refuses 1 metadata-log "$mount0/kafka-log0" "backup"
t_case "ZooKeeper's data, KRaft asked for"
fresh
printf 'version=0\nbroker.id=0\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\n' >"$data0/meta.properties"
refuses 1 wrong-mode "$mount0/kafka-log0" "migrate"
t_case "KRaft's data, ZooKeeper asked for"
fresh
spec_with '/roles:/d; s/"4.3"/"3.9"/; /service:/a \  properties: {zookeeper.connect: "zk:2181"}'
refuses 1 wrong-mode "$mount0/kafka-log0" "kafka.roles"
t_case "a copy of a volume"
fresh
sed -i "/^directory.id=/d" "$data1/meta.properties"
grep '^directory.id=' "$data0/meta.properties" >>"$data1/meta.properties"
refuses 1 directory-id-twice "$mount1/kafka-log0" "copy"
t_case "the metadata volume is lost"
fresh
vol_empty data-0
refuses 1 metadata-volume-lost "$mount0/kafka-log0" "do not format"
t_case "the volumes in another order"
fresh
spec_with "s,volumes:.*,volumes: [$mount1\, $mount0],"
refuses 1 metadata-log "$mount0/kafka-log0" "order"
t_case "empty volumes, storage.format never"
fresh
vol_empty data-0
vol_empty data-1
spec_with 's/^storage:/storage:\n  format: never/'
refuses 1 format-never "$mount0/kafka-log0" "first-boot"
t_case "lost+found in a log dir that is the mount"
fresh
rm -rf "$vol_dir/data-1/kafka-log0"
spec_with "/service:/a \  properties: {log.dirs: \"$mount0/kafka-log0,$mount1\"}"
refuses 1 foreign-folder "$mount1" "rmdir"
t_case "a need beyond what the node gives"
fresh
spec_with 's/^workload:.*/workload: {partitions: 1000000, partitionSize: 100Gi}/'
refuses 1 max-map-count vm.max_map_count "sysctl"

t_case "trial: ephemeral allowed, on a folder"
fresh
mkdir -p "$vol_dir/trial/kafka"
pod_volume "$vol_dir/trial" /opt
spec_with "s,volumes:.*,volumes: [/opt/kafka]\n  ephemeral: allow,"
run 0 pod_init "$vol_initc" prepare -o json
check "warns" grep -qx not-a-mount <(ids warning)

t_case "a hand-off that cannot be written"
fresh
ln -s nowhere "$data0/link" # a warning
run 4 pod_init "$vol_initc" prepare --handoff /proc/handoff --termination-log "$vol_dir/termination" -o json
check "report says failed" json_is '.verdict == "failed" and ([.steps[] | select(.state == "failed") | .name] == ["hand-off"])'
check "termination message" grep -q '^failed: .*/proc/handoff' "$vol_dir/termination"
done_testing
