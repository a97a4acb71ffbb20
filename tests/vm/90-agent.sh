#!/usr/bin/env bash
# A broker that waits for its limits, on a node where somebody may raise them: its hard limit of open files is raised by
# another process while kafka-initc exec waits, and the broker starts with it.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd jq qemu-system-x86_64 busybox cpio lz4 cc mkfs.xfs
initc=${BUILD:-build}/bin/kafka-initc tuner=${BUILD:-build}/bin/kafka-tuner
for program in "$initc" "$tuner"; do [ -x "$program" ] || t_skip_rest "${program##*/} is not built"; done
tests/vm/kernel >/dev/null || t_skip_rest "there is no kernel for the virtual node"

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"

# What runs in the node. The broker is the node's user kafka and has a hard limit of 4,096; /proc/uptime has hundredths.
cat >"$scratch/node.sh" <<'SH'
set -e
mkfs.xfs -q /dev/vda && mount /dev/vda /mnt
echo 1048576 >/proc/sys/vm/max_map_count
export POD_NAME=kafka-0 HOSTNAME=kafka-0
mkdir -p /run/k8skafka
kafka-initc prepare --config /kafka.yaml >/out/prepare 2>&1 || { cat /out/prepare; exit 90; }
need=$(sed -n 's/.*"descriptors": \([0-9]*\).*/\1/p' /run/k8skafka/handoff.json)
echo "$need" >/out/need
cat >/broker.sh <<'BROKER'
cut -d' ' -f1 /proc/uptime >/tmp/started
ulimit -Hn >/tmp/hard
ulimit -Sn >/tmp/soft
BROKER
chmod 1777 /tmp
su kafka -c 'ulimit -Hn; exec kafka-initc exec -- sh /broker.sh' >/out/exec 2>&1 &
for i in $(seq 600); do grep -q waiting /out/exec && break; sleep 0.05; done
grep -q waiting /out/exec || { cat /out/exec; exit 91; }
test ! -e /tmp/started || exit 92
for pid in $(pidof kafka-initc); do
  grep 'Max open files' /proc/$pid/limits
  cut -d' ' -f1 /proc/uptime >/tmp/raised
  kafka-tuner apply --config /kafka.yaml --only process.nofile --pid "$pid" || exit 93
done
wait $! || { cat /out/exec; exit 94; }
cp /tmp/started /tmp/raised /tmp/hard /tmp/soft /out/
SH

t_case "a hard limit is raised while the broker waits"
run 0 nice tests/vm/run -l xfs -b mkfs.xfs -d virtio:+400M -m 512 -o "$scratch/out" -f "$initc:/bin/kafka-initc" \
  -f "$tuner:/bin/kafka-tuner" -f tests/vm/waiting.yaml:/kafka.yaml -f "$scratch/node.sh" -- sh /node.sh
say_out() { cat "$t_stdout" "$scratch"/out/* 2>/dev/null; }
check "the broker said what it waited for" grep -qE "waiting +up to 300 s .* open files 4,096 of " "$scratch/out/exec" || say_out
check "and that it had it" grep -qE "waited +[0-9.]+ s: open files " "$scratch/out/exec" || say_out
need=$(cat "$scratch/out/need")
check "its hard limit is enough" test "$(cat "$scratch/out/hard")" -ge "$need"
check "and its soft limit as high" test "$(cat "$scratch/out/soft")" = "$(cat "$scratch/out/hard")"
# From before the tuner was even started, until the broker ran; emulated, on a machine that does other things as well.
ms=$(awk 'NR == FNR { from = $1; next } { printf "%d", ($1 - from) * 1000 }' "$scratch/out/raised" "$scratch/out/started")
echo "# from the start of the raising program to the broker's first line: $ms ms"
check "at once" test "$ms" -lt 5000
waited=$(sed -n 's/^waited *\([0-9.]*\) s.*/\1/p' "$scratch/out/exec")
echo "# the broker had waited $waited s"
done_testing
