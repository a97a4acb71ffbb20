#!/usr/bin/env bash
# kafka-tuner on the queue of a real block device: a loop device of our own, which nothing else uses and which is gone
# afterwards. From a path on a volume to the device, check, apply, the kernel's traps, revert.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq losetup mkfs.ext4 mount
tuner=${BUILD:-build}/bin/kafka-tuner
[ -x "$tuner" ] || t_skip_rest "kafka-tuner is not built"

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
truncate -s 64M "$scratch/image"
device=$(losetup -f --show "$scratch/image" 2>"$scratch/why") || t_skip_rest "no loop device: $(cat "$scratch/why")"
at_exit losetup -d "$device"
disk=${device#/dev/}
queue=/sys/class/block/$disk/queue
(: >>"$queue/read_ahead_kb") 2>/dev/null || t_skip_rest "/sys is read-only here"
[ -d "/sys/class/block/$disk/mq" ] || t_skip_rest "loop devices of this kernel have no queue"
mkfs.ext4 -q "$device" || exit 1
mkdir "$scratch/volume"
mount -o strictatime "$device" "$scratch/volume" 2>"$scratch/why" || t_skip_rest "may not mount: $(cat "$scratch/why")"
at_exit umount "$scratch/volume"
journal=$scratch/journal

# Nothing printed is nothing proven: jq -e alone is content with no input.
json_is() { jq -es "length == 1 and (.[0] | $1)" "$t_stdout" >/dev/null || { head -c 3000 "$t_stdout"; return 1; }; }
# ATTRIBUTE STATE HAVE
row_is() { json_is "any(.rows[]; .object == \"$disk $1\" and .state == \"$2\" and .have == \"$3\")"; }
scheduler() { sed 's/.*\[\(.*\)\].*/\1/' "$queue/scheduler"; }
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'"; return 1; }; }
set_queue() { echo "$2" >"$queue/$1" || { echo "cannot set $1 to $2"; return 1; }; }

t_case "check"
set_queue read_ahead_kb 128
run 1 "$tuner" check --device "$scratch/volume/lost+found" --only queue.read_ahead_kb -o json
check "a folder on a volume is the device's" row_is read_ahead_kb drift 128
for what in "$scratch/volume" "$device" "$disk"; do
  run 1 "$tuner" check --device "$what" --only queue.read_ahead_kb,queue.scheduler,queue.nr_requests,mount.atime -o json
  check "read-ahead falls short" row_is read_ahead_kb drift 128
  check "scheduler is the kernel's" json_is "any(.rows[]; .id == \"queue.scheduler\" and .have == \"$(scheduler)\")"
  requests=$(cat "$queue/nr_requests")
  check "requests are the kernel's" json_is "any(.rows[]; .id == \"queue.nr_requests\" and .have == \"$requests\")"
  check "access times are the mount's" row_is atime drift strictatime
done
check "looking changes nothing" is "$(cat "$queue/read_ahead_kb")" 128

t_case "volumes of kafka.yaml"
cat >"$scratch/kafka.yaml" <<END
apiVersion: k8skafka/v1
kafka: {version: "3.9"}
storage: {volumes: [$scratch/volume, $scratch/elsewhere]}
tuning: {tunables: {queue.read_ahead_kb: {policy: check, want: "128"}}}
END
run 0 "$tuner" check -c "$scratch/kafka.yaml" --only queue.read_ahead_kb -o json
check "those that are mounted here count" row_is read_ahead_kb ok 128
"$tuner" check -c "$scratch/kafka.yaml" -o json >"$t_stdout"
check "only rows that it names" json_is '[.rows[].id | select(test("^(queue|mount)[.]"))] == ["queue.read_ahead_kb"]'

t_case "no device"
run 2 "$tuner" check --device /proc/self
expect_stderr_has "no block device"
run 2 "$tuner" check --device "$scratch/nothing"
run 4 "$tuner" check --only queue.read_ahead_kb
expect_stdout_has "--device"

if ! "$tuner" apply --help >/dev/null 2>&1; then
  skip "apply and revert" "kafka-tuner has no apply"
  done_testing
  exit 0
fi

t_case "apply"
run 0 "$tuner" apply --device "$scratch/volume" --only queue.read_ahead_kb --journal "$journal" -o json
check "says so" row_is read_ahead_kb applied 1024
check "the kernel says so" is "$(cat "$queue/read_ahead_kb")" 1024
check "the journal knows the disk by its number" grep -q "diskseq:$(cat "/sys/class/block/$disk/diskseq")" "$journal"
set_queue read_ahead_kb 4096
run 0 "$tuner" apply --device "$scratch/volume" --only queue.read_ahead_kb --journal "$scratch/other"
check "what is better stays" is "$(cat "$queue/read_ahead_kb")" 4096
run 1 "$tuner" revert --journal "$journal"
check "what somebody changed since stays" is "$(cat "$queue/read_ahead_kb")" 4096
set_queue read_ahead_kb 1024
run 0 "$tuner" revert --journal "$journal"
check "the old value is back" is "$(cat "$queue/read_ahead_kb")" 128
run 1 "$tuner" apply --device "$scratch/volume" --only mount.atime --journal "$scratch/other"
check "mounts are looked at only" grep -q "$scratch/volume .*[, ]rw" /proc/self/mounts

t_case "scheduler"
wish_none() {
  printf 'apiVersion: k8skafka/v1\nkafka: {version: "3.9"}\ntuning: {tunables: {queue.scheduler: {want: none}}}\n' >"$scratch/none.yaml"
  "$tuner" apply --config "$scratch/none.yaml" --device "$device" --only queue.scheduler --journal "$journal" "$@"
}
if echo bfq >"$queue/scheduler" 2>/dev/null && [ "$(scheduler)" = bfq ]; then
  set_queue nr_requests 200
  run 0 "$tuner" apply --device "$device" --only queue.scheduler,queue.nr_requests --journal "$journal"
  check "is another one" is "$(scheduler)" mq-deadline
  check "left the requests alone" is "$(cat "$queue/nr_requests")" 200
  run 0 "$tuner" revert --journal "$journal"
  check "is the old one" is "$(scheduler)" bfq
  check "left the requests alone again" is "$(cat "$queue/nr_requests")" 200
  check "the journal announced them" jq -es 'any(.[]; .id == "queue.nr_requests" and .old == "200" and .new == "200")' "$journal"
  deep=$(($(cat "$queue/../mq/0/nr_tags") * 2))
  set_queue nr_requests "$deep"
  run 0 wish_none -o json
  check "no scheduler takes fewer requests" test "$(cat "$queue/nr_requests")" -lt "$deep"
  check "and it is said" json_is ".rows[0].reason | contains(\"and $deep again when it is taken back\")"
  run 0 "$tuner" revert --journal "$journal"
  check "all requests are back with it" is "$(scheduler) $(cat "$queue/nr_requests")" "bfq $deep"
  run 0 "$tuner" revert --journal "$journal"
  expect_stdout_has "nothing to take back"
  set_queue nr_requests 200
  if [ "$(cat "$queue/wbt_lat_usec" 2>/dev/null)" = 0 ]; then
    run 0 "$tuner" apply --device "$device" --only queue.scheduler,queue.wbt_lat_usec --journal "$journal"
    check "what the scheduler brings along is fine" test "$(cat "$queue/wbt_lat_usec")" -ge 2000
    run 0 "$tuner" revert --journal "$journal"
    check "all is as it was" is "$(scheduler) $(cat "$queue/wbt_lat_usec")" "bfq 0"
  else
    skip "what a scheduler brings along" "bfq of this kernel leaves wbt_lat_usec alone"
  fi
  "$tuner" plan --script --device "$device" --only queue.scheduler >"$scratch/script"
  run 0 sh "$scratch/script"
  check "a script does it, too" is "$(scheduler) $(cat "$queue/nr_requests")" "mq-deadline 200"
  run 0 sh "$scratch/script"
  check "twice is as once" is "$(scheduler)" mq-deadline
else
  skip "is changed and taken back" "this kernel has no bfq"
fi

t_case "another disk under the same name"
set_queue read_ahead_kb 128
run 0 "$tuner" apply --device "$device" --only queue.read_ahead_kb --journal "$journal"
again() { umount "$scratch/volume" && losetup -d "$device" && losetup "$device" "$scratch/image"; }
check "is there" again
set_queue read_ahead_kb 1024
run 0 "$tuner" revert --journal "$journal"
check "keeps its value" is "$(cat "$queue/read_ahead_kb")" 1024
mount "$device" "$scratch/volume" # for the end, which takes it away
done_testing
