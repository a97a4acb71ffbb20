#!/usr/bin/env bash
# kafka-tuner apply --prove on a loop device of our own: the verdict decides what stays, the journal has the effect, and a
# proof that is killed at any call or stopped by a signal leaves the old value, at the latest after the next run. There is none beside
# a broker on the volume, and a value that somebody writes meanwhile is theirs.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq losetup mkfs.ext4 mount strace
tuner=${BUILD:-build}/bin/kafka-tuner
[ -x "$tuner" ] || t_skip_rest "kafka-tuner is not built"

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
truncate -s 512M "$scratch/image"
device=$(losetup -f --show "$scratch/image" 2>"$scratch/why") || t_skip_rest "no loop device: $(cat "$scratch/why")"
at_exit losetup -d "$device"
disk=${device#/dev/}
queue=/sys/class/block/$disk/queue
(: >>"$queue/read_ahead_kb") 2>/dev/null || t_skip_rest "/sys is read-only here"
mkfs.ext4 -q "$device" || exit 1
mkdir "$scratch/volume"
mount "$device" "$scratch/volume" 2>"$scratch/why" || t_skip_rest "may not mount: $(cat "$scratch/why")"
at_exit umount "$scratch/volume"
journal=$scratch/state/journal
prove=("$tuner" apply --device "$scratch/volume" --prove queue.read_ahead_kb --journal "$journal")
revert=("$tuner" revert --journal "$journal")

json_is() { jq -es "length == 1 and (.[0] | $1)" "$t_stdout" >/dev/null || { head -c 3000 "$t_stdout"; return 1; }; }
ahead() { cat "$queue/read_ahead_kb"; }
ahead_is() { [ "$(ahead)" = "$1" ] || { echo "it is $(ahead), not $1"; return 1; }; }
fresh() {
  rm -rf "$scratch/state"
  echo 128 >"$queue/read_ahead_kb"
}
last_event() { tail -n 1 "$journal" | jq -r "$1"; }

t_case "proof"
fresh
used=$(df --output=used "$scratch/volume" | tail -n 1)
status=0
"${prove[@]}" -o json >"$scratch/json" 2>"$scratch/err" || status=$?
check "exit status is a verdict's" test "$status" = 0 -o "$status" = 1 -o "$status" = 6
kept=$(jq .proof.kept "$scratch/json")
verdict=$(jq -r .proof.verdict "$scratch/json")
echo "# $verdict: $(jq -c '.proof | [.oldBytesPerSecond, .newBytesPerSecond, .change, .low, .high]' "$scratch/json")"
check "the effect has its interval" jq -e '.proof | .low <= .change and .change <= .high and .rounds == 10' "$scratch/json"
case $verdict in
  better | "no difference measured") want="true 0 1024 done" ;;
  worse) want="false 1 128 void" ;;
  *) want="false 6 128 void" ;;
esac
check "the verdict decides" test "$kept $status $(ahead) $(last_event .event)" = "$want"
check "the journal has the effect" test "$(last_event .effect | cut -d: -f1)" = "$verdict"
check "no file is left" test -z "$(find "$scratch/volume" -type f)"
check "no space is left taken" test "$(df --output=used "$scratch/volume" | tail -n 1)" -le "$((used + 64))"
run 0 "${revert[@]}"
check "and it is taken back" ahead_is 128
echo 4096 >"$queue/read_ahead_kb"
run 0 "${prove[@]}"
check "what is better already is not touched" ahead_is 4096

t_case "refusals"
fresh
run 3 "$tuner" apply --prove vm.swappiness --journal "$journal"
expect_stderr_has "cannot be proven"
run 3 "$tuner" apply --device "$scratch/volume" --prove mount.atime --journal "$journal"
run 2 "$tuner" apply --prove vm.swapiness --journal "$journal"
expect_stderr_has "did you mean vm.swappiness"
run 2 "${prove[@]}" --only fs.nr_open
run 2 "$tuner" apply --device "$scratch/volume" --prove queue.read_ahead_kb,queue.scheduler --journal "$journal"
run 2 "$tuner" apply --prove queue.read_ahead_kb --journal "$journal" --sysroot /
check "nothing was written" ahead_is 128
mkdir "$scratch/volume/full"
fallocate -l "$(($(df --output=avail -B1 "$scratch/volume" | tail -n 1) - (64 << 20)))" "$scratch/volume/full/file"
run 4 "${prove[@]}"
expect_stderr_has "sixteenth"
check "a volume that is nearly full is left alone" ahead_is 128
rm -r "$scratch/volume/full"

t_case "a broker on the volume"
# FileLock of Java is fcntl(2)'s lock, which flock(1) does not make; the struct is that of 64-bit Linux.
hold_lock() {
  exec perl -MFcntl -e 'open(my $file, ">", $ARGV[0]) or die; my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0); fcntl($file, F_SETLK, $lock) or die;
    open(my $ready, ">", "$ARGV[1]") or die; sleep 600' "$@"
}
if perl -MFcntl -e 1 2>/dev/null; then
  fresh
  mkdir "$scratch/volume/kafka-log0"
  (hold_lock "$scratch/volume/kafka-log0/.lock" "$scratch/ready") &
  holder=$!
  for _ in $(seq 100); do
    [ -e "$scratch/ready" ] && break
    sleep 0.05
  done
  run 3 "${prove[@]}"
  expect_stderr_has "a broker holds .lock in $scratch/volume/kafka-log0"
  run 3 "$tuner" apply --device "$scratch/volume/kafka-log0" --prove queue.read_ahead_kb --journal "$journal"
  check "nothing was written" ahead_is 128
  check "nor announced" test ! -s "$journal"
  kill "$holder"
  wait "$holder" 2>/dev/null
  "${prove[@]}" >"$scratch/out" 2>&1
  check "the lock's file alone keeps nobody from it" grep -qs '"event": "proving"' "$journal"
  rm -r "$scratch/volume/kafka-log0"
else
  skip "a broker on the volume" "no perl to hold its lock"
fi

t_case "somebody else"
fresh
"${prove[@]}" >"$scratch/out" 2>&1 &
proving=$!
for _ in $(seq 100); do
  grep -qs '"now": "1024"' "$journal" && break
  sleep 0.05
done
echo 300 >"$queue/read_ahead_kb"
status=0
wait "$proving" || status=$?
check "who writes in the middle ends the proof" test "$status" = 1
check "it is called a conflict" grep -q "conflict.*somebody changed it" "$scratch/out"
check "their value stays" ahead_is 300
check "and belongs to nobody here any more" test "$(last_event .event)" = overtaken
run 0 "${revert[@]}"
check "also after a revert" ahead_is 300

t_case "another tuner"
fresh
mkdir -p "$scratch/state"
"${prove[@]}" >"$scratch/out" 2>&1 &
proving=$!
sleep 0.5
run 0 "${revert[@]}"
wait "$proving"
check "waits for the end of the proof" test "$(last_event .event)" != proving

t_case "capabilities"
fresh
strace -f -o "$scratch/trace" -e trace=openat2,openat,capset "${prove[@]}" >"$scratch/out" 2>&1
check "all are dropped before the setting is written" awk '
  /capset\(.*effective=0, permitted=0/ { dropped = 1 }
  /read_ahead_kb/ && /O_WRONLY/ { writes++; if (!dropped) bad = 1 }
  END { exit !(dropped && writes > 3 && !bad) }' "$scratch/trace"

t_case "stopped"
for signal in TERM INT; do
  fresh
  env --default-signal="$signal" "${prove[@]}" >"$scratch/out" 2>&1 &
  proving=$!
  for _ in $(seq 50); do
    grep -qs '"now": "1024"' "$journal" && break
    sleep 0.1
  done
  kill -s "$signal" "$proving"
  status=0
  wait "$proving" || status=$?
  check "$signal ends it" test "$status" -gt 128
  check "$signal: the old value is back at once" ahead_is 128
  check "$signal: the journal is closed" test "$(last_event .event)" = void
done

t_case "killed"
kills=0
wrong=""
for n in 1 2 3 4 5 6 7 8 9 10 12 15; do
  fresh
  status=0
  { strace -f -o /dev/null -P "$(readlink -f "$queue/read_ahead_kb")" -P "$journal" -e trace=write \
    -e inject=write:signal=SIGKILL:when="$n" "${prove[@]}" || status=$?; } >/dev/null 2>&1
  [ "$status" = 137 ] || break
  kills=$((kills + 1))
  if [ $((n % 2)) = 0 ]; then
    "${revert[@]}" >"$scratch/out" 2>&1 || wrong+="revert after kill $n: $(cat "$scratch/out") "
  else
    "$tuner" apply --device "$scratch/volume" --only queue.iostats --journal "$journal" >"$scratch/out" 2>&1 ||
      wrong+="apply after kill $n: $(cat "$scratch/out") "
  fi
  wrong+=$(ahead_is 128)
  "${revert[@]}" | grep -q "nothing to take back" || wrong+=" kill $n left something open"
done
if [ -n "$wrong" ]; then not_ok "the next run finishes it" "$wrong"; else ok "the next run finishes it"; fi
check "there were several kills" test "$kills" -ge 3
echo "# $kills kills"
# A volume that does 400 requests in a second, whatever their size: more read-ahead is more bytes, and nothing else is.
t_case "400 requests a second"
slow=$scratch/slow
slow_up() {
  mkdir -p "$slow/volume" && truncate -s 512M "$slow/image" && : >"$slow/export" && mkfs.ext4 -q "$slow/image" &&
    qemu-storage-daemon --daemonize --pidfile "$slow/pid" --object throttle-group,id=g,x-iops-total=400 \
      --blockdev "file,node-name=f,filename=$slow/image,cache.direct=on" \
      --blockdev throttle,node-name=t,file=f,throttle-group=g \
      --export "type=fuse,id=e,node-name=t,mountpoint=$slow/export,writable=on" &&
    losetup --direct-io=on -f --show "$slow/export" >"$slow/device" && mount "$(cat "$slow/device")" "$slow/volume"
}
slow_down() {
  umount "$slow/volume"
  [ ! -s "$slow/device" ] || losetup -d "$(cat "$slow/device")"
  [ ! -s "$slow/pid" ] || kill "$(cat "$slow/pid")"
  sleep 0.5
} 2>/dev/null
if ! command -v qemu-storage-daemon >/dev/null || [ ! -c /dev/fuse ]; then
  skip "more read-ahead is better" "qemu-storage-daemon or /dev/fuse is missing"
else
  at_exit slow_down
  if check "is there" slow_up; then
    queue=/sys/class/block/$(basename "$(cat "$slow/device")")/queue
    cat >"$slow/kafka.yaml" <<END
apiVersion: k8skafka/v1
kafka: {version: "4.3", roles: [broker], clusterId: MkU3OEVBNTcwNTJENDM2Qg}
tuning: {tunables: {queue.read_ahead_kb: {policy: apply, want: "128"}}}
END
    echo 16 >"$queue/read_ahead_kb"
    run 0 "$tuner" apply -c "$slow/kafka.yaml" --device "$slow/volume" --prove queue.read_ahead_kb --journal "$journal" -o json
    check "more read-ahead is better, by half as much again at least" json_is '.proof | .verdict == "better" and .kept and .low > 0.5'
    echo "# $(jq -c '.proof | [.oldBytesPerSecond, .newBytesPerSecond, .change, .low, .high]' "$t_stdout")"
    check "and stays" ahead_is 128
    run 0 "${revert[@]}"
    check "until it is taken back" ahead_is 16
  fi
fi
done_testing
