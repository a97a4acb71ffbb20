#!/usr/bin/env bash
# The virtual node itself: what it reports is what happened, and no failure looks like success.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd qemu-system-x86_64 busybox cpio lz4 cc
tests/vm/kernel >/dev/null || t_skip_rest "there is no kernel for the virtual node"

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
vm() { nice tests/vm/run "$@"; }

t_case "a command"
# shellcheck disable=SC2016 # the node's shell expands it
run 42 vm -- sh -c 'grep CapEff /proc/self/status; ulimit -Hn; echo "$0" >&2; exit 42' 'two words'
expect_stdout_has "000001ffffffffff"
expect_stdout_has "4096"
expect_stderr_has "two words"

t_case "killed"
# shellcheck disable=SC2016
run 137 vm -- sh -c 'kill -9 $$'

t_case "no such program"
run 127 vm -- /bin/nothing

t_case "panic"
run 125 vm -- sh -c 'echo c >/proc/sysrq-trigger'
expect_stderr_has "did not say how it ended"

t_case "out of time"
run 124 vm -t 6 -- sleep 600

t_case "a module that there is not"
run 125 vm -l no_such_module -- true
expect_stderr_has "no_such_module"

t_case "files"
head -c 3000000 /dev/urandom >"$scratch/data"
run 0 vm -f "$scratch/data:/in/data" -o "$scratch/out" -- cp /in/data /out/data
check "come back as they were" cmp "$scratch/data" "$scratch/out/data"

t_case "reboot"
truncate -s 64M "$scratch/disk"
/sbin/mkfs.ext4 -q "$scratch/disk" || exit 1
boot_ids='mount /dev/vda /mnt && cat /proc/sys/kernel/random/boot_id >>/mnt/ids && sync && cat /mnt/ids'
run 0 vm -d "virtio:$scratch/disk" -- sh -c "$boot_ids"
run 0 vm -d "virtio:$scratch/disk" -- sh -c "$boot_ids"
check "keeps the disk and has another boot id" test "$(sort -u "$t_stdout" | wc -l)" = 2

t_case "power cut"
# shellcheck disable=SC2016
acknowledge='mount /dev/vda /mnt; i=0; while :; do i=$((i + 1)); echo "$i" >>/mnt/numbers && sync && echo "$i"; done'
vm -p "$scratch/pid" -d "virtio:$scratch/disk" -- sh -c "$acknowledge" >"$scratch/seen" 2>"$scratch/err" &
cut=$!
for ((i = 0; i < 900; i++)); do
  [ "$(wc -l <"$scratch/seen")" -lt 5 ] || break
  sleep 0.1
done
kill -9 "$(cat "$scratch/pid")"
status=0
wait "$cut" || status=$?
check "is no success" test "$status" = 125
run 0 vm -d "virtio:$scratch/disk" -- sh -c 'mount /dev/vda /mnt; cat /mnt/numbers'
last=$(tail -n 1 "$scratch/seen")
check "loses nothing that was flushed ($last)" grep -qx "${last:-none}" "$t_stdout"
done_testing
