#!/usr/bin/env bash
# Power cuts in the middle of a measurement: what kafka-diskbench had written, and the filesystem had on its disk with all its
# blocks, is gone with the next mount, and the space is free again.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
volume=/mnt
files() { find $volume -mindepth 1 ! -name lost+found; }
used() { df -k $volume | awk 'END { print $3 }'; }

if [ "${1:-}" = inside ]; then # cut FS sync|now, look FS
  mount -t "$3" /dev/vda $volume || exit 9
  echo "files: $(files | wc -l)"
  echo "used: $(used)"
  [ "$2" = cut ] || { umount $volume; exit 0; }
  kafka-diskbench --quiet $volume >/dev/null 2>&1 &
  before=$(used)
  for ((i = 0; i < 300 && $(used) < before + 65536; i++)); do sleep 0.1; done
  [ "$4" = now ] || sync
  echo "written: $(($(used) - before))"
  echo "visible: $(files | wc -l)"
  echo b >/proc/sysrq-trigger
  sleep 60
fi

# shellcheck source=inside.sh
. tests/vm/inside.sh
need_node mkfs.ext4 mkfs.xfs fsck.ext4 xfs_repair
bench=${BUILD:-build}/bin/kafka-diskbench
[ -x "$bench" ] || t_skip_rest "kafka-diskbench is not built"
scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
boot() { node -t 180 -m 384 -l xfs -f "$bench:/bin/kafka-diskbench" -d "virtio:$scratch/disk" -- "$@" >"$scratch/seen" 2>"$scratch/err"; }
part() { sed -n "s/^$1: //p" "$scratch/seen"; }
is_sound() { case $1 in ext4) fsck.ext4 -n -f "$scratch/disk" ;; xfs) xfs_repair -n -f "$scratch/disk" ;; esac; }

for fs in ext4 xfs; do
  for when in sync now; do
    t_case "$fs, cut ${when/sync/after a sync}"
    rm -f "$scratch/disk"
    truncate -s 4G "$scratch/disk"
    "mkfs.$fs" -q "$scratch/disk" || exit 1
    boot look "$fs"
    empty=$(part used)
    boot cut "$fs" "$when"
    check "in the middle of it" test "$?" = 125
    check "when much was written" test "$(part written)" -ge 65536
    check "and had no name" test "$(part visible)" = 0
    check "the node comes back" boot look "$fs"
    check "nothing is on the volume" test "$(part files)" = 0
    # a journal, a root folder: a few blocks come and go
    check "nothing of it is used" test "$(part used)" -le $((empty + 1024))
    check "the filesystem is sound" is_sound "$fs"
  done
done
done_testing
