#!/usr/bin/env bash
# What may not be written, and disks that fail under the journal: every row says so, nothing is changed whose old value is not
# safe, and the next run finishes or takes back.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
if [ "${1:-}" != inside ]; then
  # shellcheck source=inside.sh
  . tests/vm/inside.sh
  need_node dmsetup mkfs.ext4 strace
  node -b dmsetup -b mkfs.ext4 -b strace -l dm_mod -d virtio:+32M -d virtio:+32M
  exit
fi

# shellcheck source=stacks.sh
. tests/vm/stacks.sh
only=vm.max_map_count,queue.read_ahead_kb
state=/var/lib/k8skafka
journal=$state/journal
map=/proc/sys/vm/max_map_count
ahead=/sys/block/vdb/queue/read_ahead_kb
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'"; return 1; }; }
are() { is "$(cat $map) $(cat $ahead)" "$*"; }
apply() { kafka-tuner apply --device vdb --only "$only" -o json; }
untuned="65530 128"
tuned="262144 1024"

t_case "read-only /proc/sys"
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
run 5 apply
check "is denied" has_row "denied|vm.max_map_count|65530|*Read-only*"
check "what may be written is" has_row "applied|vdb read_ahead_kb|1024|*"
check "and nothing else" are "65530 1024"
umount /proc/sys
run 0 apply
check "where it may, the next run does the rest" are "$tuned"
run 0 kafka-tuner revert
check "and all of it is taken back" are "$untuned"

t_case "read-only /sys"
mount --bind /sys /sys && mount -o remount,bind,ro /sys
run 5 apply
check "is denied" has_row "denied|vdb read_ahead_kb|128|*Read-only*"
check "what may be written is" are "262144 128"
umount /sys
run 0 kafka-tuner revert

t_case "read-only when it is taken back"
run 0 apply
mount --bind /sys /sys && mount -o remount,bind,ro /sys
run 5 kafka-tuner revert -o json
check "is denied" has_row "denied|vdb read_ahead_kb|1024|*Read-only*"
check "the other one is taken back" are "65530 1024"
umount /sys
run 0 kafka-tuner revert
check "the next run does the rest" are "$untuned"

t_case "read-only journal"
mkdir -p "$state" && mount --bind "$state" "$state" && mount -o remount,bind,ro "$state"
run 3 apply
check "is denied" has_row "denied|vm.max_map_count|65530|*"
check "nothing is written without its old value" are "$untuned"
umount "$state"

# A volume of its own for the journal, whose disk is taken away under it.
size=$(sectors vda)
echo "0 $size linear /dev/vda 0" | dmsetup create state
disk_is() { # linear or error
  local table="0 $size $1"
  [ "$1" = error ] || table+=" /dev/vda 0"
  echo "$table" | dmsetup load state && dmsetup suspend --noflush --nolockfs state && dmsetup resume state
}
fresh() {
  rm -rf "${state:?}"/*
  mkfs.ext4 -q -F /dev/mapper/state && mount -t ext4 /dev/mapper/state "$state"
}
repair() { umount "$state"; disk_is linear && mount -t ext4 /dev/mapper/state "$state"; }

t_case "journal on a disk that fails"
fresh
disk_is error
run 4 apply
check "nothing is written without its old value" are "$untuned"
check "the disk is back" repair
run 0 apply
check "the next run works" are "$tuned"
run 0 kafka-tuner revert
check "and takes back" are "$untuned"
check "disks do not forget it" test "$(grep -c '"event": "reverted"' "$journal")" = 2

t_case "fails between the line and the value"
umount "$state"
fresh
: >"$journal"
held=$(mktemp)
strace -o /dev/null -P "$journal" -e trace=fsync -e inject=fsync:delay_exit=10000000:when=1 \
  kafka-tuner apply --only vm.max_map_count -o json >"$held" 2>&1 &
wait_for grep -q intent "$journal"
disk_is error
status=0
wait $! || status=$?
check "is no success" test "$status" -ge 4
check "the value was announced, so it was written" is "$(cat $map)" 262144
check "the disk is back" repair
check "with the line that announced it" test "$(grep -c intent "$journal") $(grep -c '"event": "done"' "$journal")" = "1 0"
run 0 kafka-tuner revert
expect_stdout_has "taken back"
check "is taken back" are "$untuned"

t_case "full"
umount "$state"
fresh
for size in 1M 4k 1k; do dd if=/dev/zero of="$state/ballast$size" bs=$size 2>/dev/null; done
run 4 apply
check "nothing is written without its old value" are "$untuned"
rm "$state"/ballast*
run 0 apply
run 0 kafka-tuner revert
check "with room again all is well" are "$untuned"
done_testing
