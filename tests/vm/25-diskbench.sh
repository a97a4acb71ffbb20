#!/usr/bin/env bash
# kafka-diskbench predicts how long a write into the page cache is blocked: on a node with little memory and a slow disk,
# where that can be measured within a minute, the prediction is within 30 % of what happens.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd jq qemu-system-x86_64 busybox cpio lz4 cc mkfs.ext4
bench=${BUILD:-build}/bin/kafka-diskbench
[ -x "$bench" ] || t_skip_rest "kafka-diskbench is not built"
tests/vm/kernel >/dev/null || t_skip_rest "there is no kernel for the virtual node"

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
truncate -s 4G "$scratch/disk"
# nothing may be left for the kernel to write later, in the background of a measurement
mkfs.ext4 -q -F -T largefile4 -E lazy_itable_init=0,lazy_journal_init=0 "$scratch/disk" || exit 1
json_is() { # FILTER; no output at all is no match
  [ "$(jq "$1" "$t_stdout")" = true ] || { jq -c '[.kafka, .node.dirtyLimitBytes]' "$t_stdout"; return 1; }
}
# MIB ARGS...: on a node with that much memory and a disk of 20 MB/s
node() {
  tests/vm/run -m "$1" -t 300 -f "$bench:/bin/kafka-diskbench" \
    -q "-drive if=none,id=slow,format=raw,cache=none,aio=threads,file=$scratch/disk,throttling.bps-total=20000000
        -device virtio-blk-pci,drive=slow,serial=slow" -- \
    sh -c 'mount /dev/vda /mnt && exec kafka-diskbench -q -o json "$@" /mnt' sh "${@:2}"
}

t_case "a stall"
# 6: the disk did not hold its 20 MB/s, which a machine with much else to do may bring about
for _ in 1 2 3; do
  node 384 --time 120s --bytes 2G >"$scratch/report" 2>"$scratch/err" && break
done
run 0 cat "$scratch/report"
check "the volume is proven" json_is '.exitCode == 0'
check "the volume is measured" json_is '.volumes[0].write.sustained.value | . > 19.6e6 and . < 20.4e6'
check "is measured" json_is '.kafka.measuredStallSeconds > 1'
check "as long as predicted, within 30 %" json_is '.kafka | .worstStallSeconds / .measuredStallSeconds | . > 0.7 and . < 1.3'
check "the load beside fdatasync is as wanted" json_is '[.volumes[0].phases[] | select(.name | startswith("sync")) |
  .write.value / .wantedRate | . > 0.93 and . < 1.07] | length == 2 and all'

done_testing
