#!/usr/bin/env bash
# kafka-tuner on block devices of every kind: it finds the queues that matter and no others, what it says of them is what
# the kernel says, what it writes is in force, and revert leaves every queue of the node as it was.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
if [ "${1:-}" != inside ]; then
  # shellcheck source=inside.sh
  . tests/vm/inside.sh
  need_node dmsetup mkfs.xfs mkfs.ext4
  images=$(mktemp -d) || exit 1
  at_exit rm -rf "$images"
  truncate -s 64M "$images/paths" "$images/head"
  # One image behind two SCSI disks of one name: two paths. One namespace behind two NVMe controllers: native multipath.
  node -m 512 -c 2 -b dmsetup -b mkfs.xfs -b mkfs.ext4 \
    -l bfq -l kyber_iosched -l dm_mod -l dm_multipath -l dm_service_time -l md_mod -l raid0 -l raid1 -l xfs \
    -l 'null_blk nr_devices=0' -l 'scsi_debug dev_size_mb=32' -l sd_mod -l 'loop max_loop=1' \
    -d virtio:+400M -d virtio:+64M -d virtio:+64M -d nvme:+64M \
    -q "-device virtio-scsi-pci,id=paths
        -drive if=none,id=path0,format=raw,file=$images/paths,file.locking=off
        -drive if=none,id=path1,format=raw,file=$images/paths,file.locking=off
        -device scsi-hd,bus=paths.0,drive=path0,wwn=0x5000c50015ea71ad,share-rw=on
        -device scsi-hd,bus=paths.0,drive=path1,wwn=0x5000c50015ea71ad,share-rw=on
        -device nvme-subsys,id=subsystem,nqn=subsystem
        -device nvme,id=c0,serial=head,subsys=subsystem -device nvme,id=c1,serial=head,subsys=subsystem
        -drive if=none,id=head,format=raw,file=$images/head -device nvme-ns,drive=head,bus=c0,nsid=1,shared=on"
  exit
fi

# shellcheck source=stacks.sh
. tests/vm/stacks.sh
scratch=$(mktemp -d) || exit 1
only=queue.scheduler,queue.nr_requests,queue.wbt_lat_usec,queue.read_ahead_kb,queue.iostats,queue.write_cache
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'"; return 1; }; }
written() { grep -q "^  \"written\": $1," "$t_stdout" || { grep written "$t_stdout"; return 1; }; }

# The rows' "DISK ATTRIBUTE VALUE" are lines of what the kernel says. Of "write back" the row has one word.
values_are_the_kernels() {
  rows "" | awk -F'|' '$3 != "null" { print $2, $3 }' | sed 's/cache \(back\|through\)$/cache write \1/' >"$scratch/said"
  ! grep -vxF -f "$scratch/before" "$scratch/said"
}
# Which disks the rows are about: the one whose read-ahead counts, those that schedule, those below all others.
disks_are() { # TOP SCHEDULING LEAVES
  is "$(rows "" | awk -F'[| ]' '{ disks[$3] = disks[$3] " " $2 }
    END { print substr(disks["read_ahead_kb"], 2) "|" substr(disks["scheduler"], 2) "|" substr(disks["write_cache"], 2) }')" "$1|$2|$3"
}

stack() { # NAME DEVICE TOP SCHEDULING LEAVES
  local device=$2 top=$3 scheduling=$4 leaves=$5 disk
  t_case "$1"
  set_queue "$top" read_ahead_kb 128
  cp /dev/null "$scratch/change"
  for disk in $scheduling; do
    set_queue "$disk" scheduler kyber
    set_queue "$disk" nr_requests 60 # is put back after a scheduler was written, then raised
    echo "s/^$disk scheduler kyber\$/$disk scheduler mq-deadline/; s/^$disk nr_requests 60\$/$disk nr_requests 64/" >>"$scratch/change"
  done
  echo "s/^$top read_ahead_kb 128\$/$top read_ahead_kb 1024/" >>"$scratch/change"
  queues >"$scratch/before"
  sed -f "$scratch/change" "$scratch/before" >"$scratch/wanted"

  run 1 kafka-tuner plan --device "$device" --only "$only" -o json
  check "finds $top, $scheduling, $leaves" disks_are "$top" "$scheduling" "$leaves"
  check "says what the kernel says" values_are_the_kernels
  check "looking changes nothing" diff "$scratch/before" <(queues)
  run 0 kafka-tuner apply --device "$device" --only "$only"
  check "the right queues are right and no other changed" diff "$scratch/wanted" <(queues)
  run 0 kafka-tuner apply --device "$device" --only "$only" -o json
  check "a second run writes nothing" written 0
  run 0 kafka-tuner revert
  check "all is as it was" diff "$scratch/before" <(queues)
  for disk in $scheduling; do set_queue "$disk" scheduler none; done
}

read -r -d '' -a paths < <(scsi_disks QEMU)
debug=$(scsi_disks scsi_debug)
wait_for nvme_are 4
for name in nvme0 nvme1 nvme2; do
  [ ! -e "/sys/block/${name}n1" ] || [ -d "/sys/block/${name}n1/mq" ] || head=${name}n1
  [ ! -e "/sys/block/${name}n1" ] || [ ! -d "/sys/block/${name}n1/mq" ] || single=${name}n1
done
head_paths=$(cd /sys/block && echo nvme*c*n1)

stack "virtio" vdb vdb vdb vdb
stack "SCSI" "${paths[0]}" "${paths[0]}" "${paths[0]}" "${paths[0]}"
stack "scsi_debug" "/dev/$debug" "$debug" "$debug" "$debug"
stack "NVMe" "$single" "$single" "$single" "$single"
stack "NVMe multipath" "$head" "$head" "$head_paths" "$head_paths"
make_partition vda
mount_volume xfs /dev/vda1
stack "partition, as a pod's volume" "$volume" vda vda vda
unmount_volume
make_linear vg0-kafka vdb vdc
mount_volume ext4 /dev/mapper/vg0-kafka
stack "LVM" "$volume" dm-0 "vdb vdc" "vdb vdc"
stack "LVM by its node" /dev/mapper/vg0-kafka dm-0 "vdb vdc" "vdb vdc"
unmount_volume
check "the kernel takes any scheduler there and ignores it" set_queue dm-0 scheduler nosuch
forget_dm vg0-kafka
make_md 0 raid0 vdb vdc
stack "md raid0" md0 md0 "vdb vdc" "vdb vdc"
forget_md 0
make_md 1 raid1 vdb vdc
make_linear raid-lv md1
stack "LVM on md raid1" /dev/mapper/raid-lv dm-0 "vdb vdc" "vdb vdc"
forget_dm raid-lv
forget_md 1
make_multipath mpatha "${paths[@]}"
stack "dm-multipath schedules for its paths" /dev/mapper/mpatha dm-0 dm-0 "${paths[*]}"
make_linear mpath-lv dm-0
stack "LVM on dm-multipath" /dev/mapper/mpath-lv dm-1 dm-0 "${paths[*]}"
forget_dm mpath-lv
forget_dm mpatha
truncate -s 32M "$scratch/image"
loop=$(make_loop "$scratch/image")
stack "loop" "$loop" "$loop" "$loop" "$loop"
make_null mq size=64 hw_queue_depth=128
stack "null_blk" mq mq mq mq

t_case "null_blk without a queue of requests"
make_null bio size=64 queue_mode=0
queues >"$scratch/before"
run 3 kafka-tuner apply --device bio --only queue.scheduler,queue.nr_requests,queue.wbt_lat_usec -o json
check "nothing there schedules, and it says so" is "$(rows "" | cut -d'|' -f1 | sort | uniq -c | tr -s ' ')" " 3 unsupported"
check "nothing was written" diff "$scratch/before" <(queues)
run 0 kafka-tuner apply --device bio --only queue.read_ahead_kb -o json
check "its read-ahead is set" is "$(cat /sys/block/bio/queue/read_ahead_kb)" 1024
run 0 kafka-tuner revert

# ---- What the kernel makes of a number ----
wish() { # ID WANT CMD...
  printf '%s\n' 'apiVersion: k8skafka/v1' 'kafka: {version: "3.9"}' "tuning: {tunables: {$1: {want: \"$2\"}}}" >"$scratch/kafka.yaml"
  kafka-tuner apply -c "$scratch/kafka.yaml" --device vdb --only "$1" -o json
}
nothing_is_left() { kafka-tuner revert | grep -q 'nothing to take back'; }

t_case "rounded"
run 4 wish queue.read_ahead_kb 4097
check "is not what was asked for" has_row "error|*keeps 4096"
run 0 kafka-tuner revert
check "is taken back" is "$(cat /sys/block/vdb/queue/read_ahead_kb)" 128

t_case "refused"
set_queue vdb scheduler none
before=$(cat /sys/block/vdb/queue/nr_requests)
run 4 wish queue.nr_requests 2048
check "more than the disk takes, without a scheduler" has_row "error|*the kernel refuses '2048'*"
check "it is as before" is "$(cat /sys/block/vdb/queue/nr_requests)" "$before"
check "there is nothing to take back" nothing_is_left
set_queue vdb scheduler mq-deadline
run 0 wish queue.nr_requests 2048
check "with one it takes them" is "$(cat /sys/block/vdb/queue/nr_requests)" 2048
run 0 kafka-tuner revert
check "and they are taken back" is "$(cat /sys/block/vdb/queue/nr_requests)" 256
run 4 wish queue.scheduler nosuch
check "a scheduler that there is not" has_row "error|*nosuch*"
check "the old one stays" is "$(queues | grep '^vdb scheduler')" "vdb scheduler mq-deadline"

t_case "looked at only"
run 1 wish queue.write_cache through
check "a disk's cache is not talked away" is "$(cat /sys/block/vdb/queue/write_cache)" "write back"
done_testing
