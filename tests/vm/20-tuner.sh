#!/usr/bin/env bash
# kafka-tuner where everything may be changed: a node of its own, with every capability, disks, and a power switch.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd jq qemu-system-x86_64 busybox cpio lz4 cc
tuner=${BUILD:-build}/bin/kafka-tuner
[ -x "$tuner" ] || t_skip_rest "kafka-tuner is not built"
tests/vm/kernel >/dev/null || t_skip_rest "there is no kernel for the virtual node"

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
vm() { nice tests/vm/run -f "$tuner:/bin/kafka-tuner" "$@"; }
json_is() { # FILTER; no output at all is no match
  [ "$(jq "$1" "$t_stdout")" = true ] || { head -c 3000 "$t_stdout"; return 1; }
}

# A broker's process stands in the node as a sleeping one of the broker's user.
# shellcheck disable=SC2016 # the node's shell expands it
broker='su kafka -c "exec sleep 600" & pid=$!; sleep 0.3; '

t_case "check"
run 1 vm -- sh -c "$broker"'kafka-tuner check --pid "$pid" -o json'
check "sees the process's own limit" json_is '.rows[] | select(.id == "process.nofile") | .have == "4096" and .state == "drift"'
check "reads every row of the profile" json_is '[.rows[] | .have != null] | all'

t_case "doctor"
run 0 vm -- kafka-tuner doctor --only vm.max_map_count,fs.nr_open,process.nofile -o json
check "everything can be set" json_is '[.rows[].can] | unique == ["settable"]'
run 3 vm -- sh -c 'mount -t proc -o ro proc /tmp && mount --bind /tmp/sys /proc/sys && mount -o remount,ro,bind /proc/sys;
  kafka-tuner doctor --only vm.max_map_count'
expect_stdout_has "/proc/sys is mounted read-only"
run 3 vm -- sh -c 'echo 65536 >/proc/sys/fs/nr_open; kafka-tuner doctor --only process.nofile'
expect_stdout_has "raise fs.nr_open to 100000 first"
run 1 vm -- sh -c 'mkdir -p /etc/sysctl.d; echo vm.max_map_count=65530 >/etc/sysctl.d/10-x.conf
  kafka-tuner doctor --only vm.max_map_count'
expect_stdout_has "/etc/sysctl.d/10-x.conf:1 (sysctl.d) sets it to 65530"

t_case "snapshot"
truncate -s 64M "$scratch/nvme"
run 0 vm -m 384 -c 2 -o "$scratch/out" -d virtio:+64M -d scsi:+64M \
  -q "-device nvme-subsys,id=s,nqn=s -device nvme,id=c0,serial=hidden,subsys=s -device nvme,id=c1,serial=hidden,subsys=s
      -drive if=none,id=mp,format=raw,file=$scratch/nvme -device nvme-ns,drive=mp,bus=c0,nsid=1,shared=on" -- \
  sh -c 'until [ "$(ls /sys/block | grep -c nvme)" = 3 ]; do sleep 0.1; done; kafka-tuner snapshot /out/node.tar && kafka-tuner check -o json >/out/check.json; kafka-tuner size -o json >/out/size.json'
check "is a tar archive" tar -xf "$scratch/out/node.tar" --one-top-level="$scratch/node"
same() { # VERB
  "$tuner" "$1" --sysroot "$scratch/node" -o json >"$scratch/$1.json"
  diff "$scratch/out/$1.json" "$scratch/$1.json"
}
check "check says the same of it" same check
check "size says the same of it" same size
check "has its disks" test -e "$scratch/node/sys/class/block/vda/queue/scheduler" -a -e "$scratch/node/sys/class/block/sda/dev"
one_wwid() { [ "$(cat "$scratch"/node/sys/class/block/nvme*/wwid | sort | uniq -c | awk '{ print $1 }')" = 3 ]; }
check "a multipath head and its two paths are still one" one_wwid
check "serial numbers are not in it" test -z "$(grep -raE 'virtio0|scsi1|hidden' "$scratch/node/sys" --include=serial --include=wwid --include=subsysnqn)"

"$tuner" apply --help >/dev/null 2>&1 || {
  skip "apply" "kafka-tuner has no verb apply"
  done_testing
  exit 0
}

apply='kafka-tuner apply --only process.nofile --pid "$pid" -c /kafka.yaml'
spec() { # WANT
  printf '%s\n' 'apiVersion: k8skafka/v1' 'kafka: {version: "3.9"}' \
    "tuning: {tunables: {process.nofile: {want: \"$1\"}}}" >"$scratch/kafka.yaml"
}

t_case "apply --pid"
spec 1048576
run 0 vm -f "$scratch/kafka.yaml" -- sh -c "$broker$apply >&2; "'grep "open files" "/proc/$pid/limits"'
check "raises the hard limit to fs.nr_open" grep -qE 'open files +[0-9]+ +1048576' "$t_stdout"
spec 1048577
run 0 vm -f "$scratch/kafka.yaml" -- sh -c "$broker$apply"'; echo "status $?"; grep "open files" "/proc/$pid/limits"'
expect_stdout_hasnt "status 0"
expect_stdout_has "nr_open"
check "beyond it nothing changes" grep -qE 'open files +[0-9]+ +4096' "$t_stdout"

t_case "reboot"
truncate -s 64M "$scratch/disk"
/sbin/mkfs.ext4 -q "$scratch/disk" || exit 1
state='mount /dev/vda /mnt && mkdir -p /mnt/k8skafka /var/lib && ln -s /mnt/k8skafka /var/lib/k8skafka; '
node() { vm -d "virtio:$scratch/disk" "$@"; }
run 0 node -- sh -c "$state"'kafka-tuner apply --only vm.max_map_count; status=$?; sync; exit "$status"'
run 0 node -- sh -c "$state"'cat /proc/sys/vm/max_map_count; kafka-tuner revert; echo "status $?"'
expect_stdout_has "65530"
check "revert says that the kernel forgot" grep -qiE 'forgot|reboot|boot' "$t_stdout"

t_case "power cut"
# Off at a moment of its own each time, while settings are changed and taken back without end.
# shellcheck disable=SC2016
churn='i=0; while :; do kafka-tuner apply --only vm.max_map_count,fs.file-max,vm.swappiness >/dev/null;
  kafka-tuner revert >/dev/null; i=$((i + 1)); echo "$i"; done'
for round in 1 2 3; do
  : >"$scratch/seen"
  rm -f "$scratch/pid"
  node -p "$scratch/pid" -- sh -c "$state$churn" >"$scratch/seen" 2>"$scratch/err" &
  cut=$!
  for ((i = 0; i < 1800; i++)); do
    [ ! -s "$scratch/seen" ] || break
    sleep 0.05
  done
  check "round $round: it is at work" test -s "$scratch/seen"
  sleep "0.$((RANDOM % 10))"
  kill -9 "$(cat "$scratch/pid")"
  wait "$cut"
  run 0 node -- sh -c "$state"'kafka-tuner apply --only vm.max_map_count && cat /proc/sys/vm/max_map_count && kafka-tuner revert'
  check "round $round: the next run works" grep -qx 262144 "$t_stdout"
done
done_testing
