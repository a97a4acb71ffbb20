#!/usr/bin/env bash
# Captured nodes: check says of a snapshot what it said in the node it was made in, and the nodes in tests/fixtures/sysroots
# say of their volume's queues what the same node says today.
#
#   tests/vm/40-fixtures.sh [write KIND...]     writes these nodes anew: virtio-scsi, dm-multipath
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
fixtures=tests/fixtures/sysroots
kinds=(virtio-part dm-linear md-raid0 loop virtio-scsi dm-multipath nvme nvme-multipath)

# ---- In the node: each kind is built, mounted as a pod has it, looked at, and taken down again ----
build() { # KIND: prints the type of the filesystem and the node to make it on
  local disk
  case $1 in
    virtio-part) make_partition vda && echo ext4 /dev/vda1 ;;
    dm-linear) make_linear vg0-kafka vda vdb && echo xfs /dev/mapper/vg0-kafka ;;
    md-raid0) make_md 0 raid0 vda vdb && echo xfs /dev/md0 ;;
    loop) truncate -s 64M /tmp/image && make_loop /tmp/image >/tmp/loop && echo ext4 "/dev/$(cat /tmp/loop)" ;;
    virtio-scsi) echo xfs /dev/sda ;;
    dm-multipath) make_multipath mpatha sda sdb && echo xfs /dev/mapper/mpatha ;;
    nvme | nvme-multipath)
      case $1 in nvme) wait_for nvme_are 1 ;; *) wait_for nvme_are 3 ;; esac >&2
      for disk in nvme0n1 nvme1n1; do [ ! -e "/sys/block/$disk" ] || echo xfs "/dev/$disk"; done ;;
  esac
}

take_down() { # KIND
  unmount_volume
  case $1 in
    virtio-part) dd if=/dev/zero of=/dev/vda bs=512 count=1 2>/dev/null && blockdev --rereadpt /dev/vda ;;
    dm-linear) forget_dm vg0-kafka ;;
    md-raid0) forget_md 0 ;;
    loop) losetup -d "/dev/$(cat /tmp/loop)" ;;
    dm-multipath) forget_dm mpatha ;;
  esac
}

if [ "${1:-}" = inside ]; then
  # shellcheck source=stacks.sh
  . tests/vm/stacks.sh
  shift
  hostname node-1
  for kind; do
    read -r type node < <(build "$kind")
    mount_volume "$type" "$node" || exit 1
    kafka-tuner check --device "$volume" -o json >"/out/$kind.json"
    kafka-tuner snapshot "/out/$kind.tar" || exit 1
    take_down "$kind" || exit 1
  done
  exit 0
fi

# shellcheck source=inside.sh
. tests/vm/inside.sh
need_node jq dmsetup mkfs.xfs mkfs.ext4
tuner=$bin/kafka-tuner
scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
truncate -s 400M "$scratch/paths" "$scratch/namespace"
paths="-device virtio-scsi-pci,id=paths
  -drive if=none,id=path0,format=raw,file=$scratch/paths,file.locking=off
  -drive if=none,id=path1,format=raw,file=$scratch/paths,file.locking=off
  -device scsi-hd,bus=paths.0,drive=path0,wwn=0x5000c50015ea71ad,share-rw=on
  -device scsi-hd,bus=paths.0,drive=path1,wwn=0x5000c50015ea71ad,share-rw=on"
head="-device nvme-subsys,id=subsystem,nqn=subsystem
  -device nvme,id=c0,serial=head,subsys=subsystem -device nvme,id=c1,serial=head,subsys=subsystem
  -drive if=none,id=head,format=raw,file=$scratch/namespace -device nvme-ns,drive=head,bus=c0,nsid=1,shared=on"

capture() { # 'KIND...' OPTIONS...
  local words
  read -r -a words <<<"$1"
  shift
  node -m 512 -c 2 -o "$scratch/out" -b dmsetup -b mkfs.xfs -b mkfs.ext4 -l xfs -l kyber_iosched -l bfq "$@" -- "${words[@]}" ||
    { echo "the node failed"; return 1; }
}
dm=(-l dm_mod -l dm_multipath -l dm_service_time)
capture_paths() { capture "$1" "${dm[@]}" -l sd_mod -q "$paths"; }

if [ "${1:-}" = write ]; then
  shift
  for kind; do
    capture_paths "$kind" || exit 1
    rm -rf "${fixtures:?}/$kind"
    tar -xf "$scratch/out/$kind.tar" --one-top-level="$fixtures/$kind"
    chmod -R u+rwX,go+rX "$fixtures/$kind"
  done
  exit 0
fi

t_case "captured"
check "disks, partitions, LVM, md, loop, multipath" capture "virtio-part dm-linear md-raid0 loop virtio-scsi dm-multipath" \
  "${dm[@]}" -l md_mod -l raid0 -l 'loop max_loop=2' -l sd_mod -d virtio:+400M -d virtio:+400M -q "$paths"
check "NVMe" capture nvme -d nvme:+400M
check "NVMe multipath" capture nvme-multipath -l nvme -q "$head"

# shellcheck source=stacks.sh
volume=$(sed -n 's/^volume=//p' tests/vm/stacks.sh)
# The head of NVMe multipath is named after the controller that answered first.
rows_of_devices() {
  jq '[.rows[] | select(.scope == "block device") | {id, object: (.object | sub("^nvme[0-9]"; "nvme0")), state, have, want}]' "$1"
}
# In a snapshot serial numbers are masked, and that is all that differs.
unmarked() { sed 's/"id": "\(serial\|wwid\|uuid\):.*"/"id": "\1"/' "$1"; }
for kind in "${kinds[@]}"; do
  t_case "$kind"
  mkdir "$scratch/$kind"
  check "is a tar archive" tar -xf "$scratch/out/$kind.tar" -C "$scratch/$kind"
  "$tuner" check --sysroot "$scratch/$kind" --device "$volume" -o json >"$scratch/json"
  check "check says of it what it said in the node" diff <(unmarked "$scratch/out/$kind.json") <(unmarked "$scratch/json")
  check "something was said of its volume" jq -e '[.rows[] | select(.scope == "block device" and .have != null)] | length >= 8' "$scratch/json"
  "$tuner" check --sysroot "$fixtures/$kind" --device "$volume" -o json >"$scratch/fixture"
  check "the fixture says what the node says" diff <(rows_of_devices "$scratch/fixture") <(rows_of_devices "$scratch/out/$kind.json")
done
done_testing
