#!/usr/bin/env bash
# Disks that are unplugged and come back, or whose name another one gets: a setting belongs to the disk and not to its name.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
if [ "${1:-}" != inside ]; then
  # shellcheck source=inside.sh
  . tests/vm/inside.sh
  need_node strace
  images=$(mktemp -d) || exit 1
  at_exit rm -rf "$images"
  truncate -s 64M "$images/first" "$images/second"
  mkfifo "$images/monitor.in" "$images/monitor.out"
  # What the node prints behind "monitor:" is a command for QEMU: it pulls its own disks out.
  node -b strace -l kyber_iosched -l scsi_debug -l sd_mod -d nvme:+64M \
    -q "-device pcie-root-port,id=bay,slot=1
        -blockdev driver=raw,node-name=first,file.driver=file,file.filename=$images/first
        -blockdev driver=raw,node-name=second,file.driver=file,file.filename=$images/second
        -device virtio-blk-pci,id=plugged,bus=bay,drive=first,serial=first
        -chardev pipe,id=monitor,path=$images/monitor -mon chardev=monitor,mode=readline" |
    while IFS= read -r line; do
      case $line in "monitor: "*) echo "${line#monitor: }" >"$images/monitor.in" ;; *) printf '%s\n' "$line" ;; esac
    done
  exit "${PIPESTATUS[0]}"
fi

# shellcheck source=stacks.sh
. tests/vm/stacks.sh
scratch=$(mktemp -d) || exit 1
only=queue.scheduler,queue.read_ahead_kb
journal=/var/lib/k8skafka/journal
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'"; return 1; }; }
diskseq() { cat "/sys/block/$1/diskseq"; }
of_disk() { queues | grep "^$1 "; }
falls_short() { set_queue "$1" scheduler kyber && set_queue "$1" read_ahead_kb 128; }
# As the tuner left the disk that was there before: only its number tells that this is another one.
looks_alike() { set_queue "$1" scheduler mq-deadline && set_queue "$1" read_ahead_kb 1024; }
is_gone() { [ ! -e "/sys/block/$1" ]; }
is_there() { [ -e "/sys/block/$1/queue/read_ahead_kb" ] && [ -b "/dev/$1" ]; }

unplug_virtio() { echo "monitor: device_del plugged"; wait_for is_gone vda; }
plug_virtio() { echo "monitor: device_add virtio-blk-pci,id=plugged,bus=bay,drive=$1,serial=$1"; wait_for is_there vda; }
unplug_scsi() { echo 1 >/sys/block/sda/device/delete; wait_for is_gone sda; }
# The last thing that the driver sets up is a read-ahead of its own.
plug_scsi() {
  local host
  for host in /sys/class/scsi_host/*; do echo '- - -' >"$host/scan"; done
  wait_for grep -qx 1024 /sys/block/sda/queue/read_ahead_kb
}
nvme=$(readlink -f /sys/class/nvme/nvme0/device)
unplug_nvme() { echo 1 >"$nvme/remove"; wait_for is_gone nvme0n1; }
plug_nvme() { echo 1 >/sys/bus/pci/rescan; wait_for is_there nvme0n1; }

replace() { # NAME DISK UNPLUG PLUG
  local disk=$2 before
  t_case "$1"
  rm -f "$journal"
  falls_short "$disk"
  kafka-tuner plan --script --device "$disk" --only "$only" >"$scratch/script"
  run 0 kafka-tuner apply --device "$disk" --only "$only"
  before=$(diskseq "$disk")
  cp "$journal" "$scratch/journal"
  eval "$3"
  check "is unplugged" is_gone "$disk"
  run 2 kafka-tuner check --device "$disk" --only "$only"
  run 0 kafka-tuner revert --journal "$scratch/journal"
  check "its settings went with it" test "$(grep -c '"event": "forgotten"' "$scratch/journal")" = 2
  eval "$4"
  check "its name is there again" is_there "$disk"
  check "with another number" test "$(diskseq "$disk")" -gt "$before"
  looks_alike "$disk"
  of_disk "$disk" >"$scratch/before"
  run 0 kafka-tuner revert
  expect_stdout_has "any more"
  check "keeps what it has" diff "$scratch/before" <(of_disk "$disk")
  run 0 kafka-tuner revert
  expect_stdout_has "nothing to take back"
  falls_short "$disk"
  run 1 sh "$scratch/script"
  expect_stdout_has "is another disk now"
  check "nor does the old script touch it" is "$(cat "/sys/block/$disk/queue/read_ahead_kb")" 128
  run 0 kafka-tuner apply --device "$disk" --only "$only"
  run 0 kafka-tuner revert
  check "its own settings come and go" is "$(cat "/sys/block/$disk/queue/read_ahead_kb")" 128
}

wait_for is_there nvme0n1
replace "virtio, another disk" vda unplug_virtio "plug_virtio second"
replace "virtio, the same disk" vda unplug_virtio "plug_virtio second"
replace "SCSI" sda unplug_scsi plug_scsi
replace "NVMe" nvme0n1 unplug_nvme plug_nvme

# The tuner stands still between the line that announces a change and the change itself.
held() { # CMD...: runs it meanwhile
  strace -o /dev/null -P "$journal" -e trace=fsync -e inject=fsync:delay_exit=10000000:when=1 \
    kafka-tuner apply --device sda --only queue.read_ahead_kb -o json >"$scratch/out" 2>&1 &
  wait_for grep -q intent "$journal" && "$@"
  status=0
  wait $! || status=$?
}
t_case "removed while it is set"
set_queue sda read_ahead_kb 128
rm "$journal"
held unplug_scsi
run 4 sh -c "cat '$scratch/out'; exit $status"
check "says so" has_row "error|sda read_ahead_kb|*unplugged*"
run 0 kafka-tuner revert
check "there is nothing to take back" test "$(grep -c '"event": "forgotten"' "$journal")" = 1
plug_scsi

t_case "replaced while it is set"
rm "$journal"
set_queue sda read_ahead_kb 128
swap() { unplug_scsi && plug_scsi && set_queue sda read_ahead_kb 128; }
held swap
run 4 sh -c "cat '$scratch/out'; exit $status"
check "says so" has_row "error|sda read_ahead_kb|*is another disk now*"
check "the other disk keeps what it has" is "$(cat /sys/block/sda/queue/read_ahead_kb)" 128
run 0 kafka-tuner revert
expect_stdout_has "nothing to take back"
done_testing
