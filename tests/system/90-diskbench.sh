#!/usr/bin/env bash
# kafka-diskbench: what it refuses, what it prints, that it runs as a container lets it, and that nothing is left behind
# after success, an error, SIGTERM, SIGKILL at many moments, a full volume and a broken one.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq mkfs.ext4 mkfs.xfs losetup setpriv strace flock
bench=$(realpath "${BUILD:-build}/bin/kafka-diskbench")
[ -x "$bench" ] || t_skip_rest "kafka-diskbench is not built"

dir=$(mktemp -d "${TMPDIR:-/tmp}/k8skafka-diskbench.XXXXXX") || exit 1
chmod 755 "$dir"
end() {
  local mounted
  while read -r mounted; do
    umount "$mounted" || umount -l "$mounted"
  done < <(awk -v at="$dir/" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | tac)
  rm -rf --one-file-system "$dir"
}
at_exit end

# A filesystem in memory at $dir/NAME: quick, and it wears no disk. $1 NAME, $2 type, $3 size
volume() {
  local image=$dir/$1.img
  [ -d "$dir/store" ] || { mkdir "$dir/store" && mount -t tmpfs -o size=1g tmpfs "$dir/store"; } ||
    t_skip_rest "no tmpfs can be mounted"
  image=$dir/store/$1.img
  truncate -s "$3" "$image" && mkdir -p "$dir/$1"
  "mkfs.$2" -q "$image" >/dev/null 2>&1 || t_skip_rest "mkfs.$2 fails"
  mount -o loop "$image" "$dir/$1" || t_skip_rest "no $2 on a loop device"
  chmod 777 "$dir/$1"
}
json_is() { jq -e "$1" "$t_stdout" >/dev/null || { head -c 2000 "$t_stdout"; return 1; }; }
names_in() { find "$1" -mindepth 1 ! -name lost+found; }
used_of() { sync -f "$1"; df --output=used -B1M "$1" | tail -n 1 | tr -d ' '; }
# Nothing has a name, and the space is free again. $1 volume, $2 MiB that were in use before
is_clean() {
  local tries left
  left=$(names_in "$1")
  [ -z "$left" ] || { echo "$left"; return 1; }
  for ((tries = 0; tries < 50; tries++)); do # XFS gives space back in the background
    [ "$(used_of "$1")" -gt $(($2 + 2)) ] || return 0
    sleep 0.1
  done
  echo "$(used_of "$1") MiB in use, $2 before"
  return 1
}
short() { "$bench" --time 10s --bytes 64Mi -q "$@"; }

volume x xfs 400M
volume e ext4 400M
before_x=$(used_of "$dir/x")
before_e=$(used_of "$dir/e")

t_case "usage"
run 2 "$bench"
expect_stderr_has "no PATH"
run 2 "$bench" "$dir/nowhere"
expect_stderr_has "$dir/nowhere"
run 2 "$bench" "$dir/store/x.img"
expect_stderr_has "folder"
run 2 "$bench" --time 1s "$dir/x"
expect_stderr_has "--time 1s"
run 2 "$bench" --bytes 1 "$dir/x"
run 2 "$bench" --require fast "$dir/x"
run 2 "$bench" --partitions 0 "$dir/x"
run 2 "$bench" --compare "$dir/nothing.json" "$dir/x"
echo '{"apiVersion": "k8skafka/v1", "kind": "NeedReport"}' >"$dir/other.json"
run 2 "$bench" --compare "$dir/other.json" "$dir/x"
expect_stderr_has "no DiskReport"

t_case "refusals"
run 3 "$bench" "$dir/store"
expect_stderr_has "memory"
run 3 "$bench" /proc
expect_stderr_has "proc holds no data"
mkdir "$dir/lower" "$dir/upper" "$dir/work" "$dir/merged"
if mkdir "$dir/store/u" "$dir/store/w" && mount -t overlay overlay -o "lowerdir=$dir/lower,upperdir=$dir/store/u,workdir=$dir/store/w" "$dir/merged" 2>/dev/null; then
  run 3 "$bench" "$dir/merged"
  expect_stderr_has "overlay"
else
  skip "overlay" "no overlay can be mounted"
fi
volume full ext4 64M
head -c 60M /dev/zero >"$dir/full/filler" 2>/dev/null
run 3 "$bench" "$dir/full"
expect_stderr_has "5 %"
check "leaves the full volume alone" test "$(names_in "$dir/full")" = "$dir/full/filler"
mkdir "$dir/x/kafka-log0"
: >"$dir/x/kafka-log0/.lock"
# fcntl(2) locks, as a JVM takes them; flock(1) has them since util-linux 2.40
locker="import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print('locked', flush=True); time.sleep(60)"
if command -v python3 >/dev/null; then
  coproc LOCK { exec python3 -c "$locker" "$dir/x/kafka-log0/.lock"; }
  read -r -u "${LOCK[0]}" _
  run 3 "$bench" "$dir/x"
  expect_stderr_has "broker"
  mkdir "$dir/x/bench"
  run 3 "$bench" "$dir/x/bench"
  run 3 "$bench" "$dir/x/kafka-log0"
  short --force -o json "$dir/x" >"$dir/forced.json" 2>/dev/null
  check "--force measures and says so" jq -e '.volumes[0].target.hasLiveBroker and ([.notes[].id] | index("live-broker") != null)' "$dir/forced.json"
  kill "$LOCK_PID"
  wait "$LOCK_PID" 2>/dev/null
else
  skip "a live broker" "python3 is not installed"
fi
rm -rf "$dir/x/kafka-log0" "$dir/x/bench"

t_case "a run"
run 6 short -o json "$dir/x"
cp "$t_stdout" "$dir/old.json"
check "is a DiskReport with what is promised" json_is '.apiVersion == "k8skafka/v1" and .kind == "DiskReport" and .exitCode == 6 and
  (.volumes[0] | .path and has("device") and (.write.sustained | has("value") and has("low") and has("high") and has("provenSeconds")) and
    (.write | has("burst") and has("bucketBytes") and has("kneeSeconds")) and .read and (.fsync | has("p50") and has("p99") and has("p999"))) and
  (.node.write | has("cap") and has("rho") and has("low") and has("high") and has("verdict"))'
check "every reason is a sentence" json_is '[.. | objects | .why? // empty | test("^[A-Z].*[.]$")] | all'
check "does not call so short a rate proven" json_is '.volumes[0].write.sustained.isProven == false and .volumes[0].write.sustained.why != null'
check "keeps the byte budget" json_is '.volumes[0].writtenBytes <= 67108864'
check "names filesystem and device" json_is '.volumes[0] | .target.filesystem == "xfs" and (.device | startswith("loop"))'
check "intervals hold their values" json_is '[.. | objects | select(has("low") and has("high") and has("value") and .low != null and .high != null and .value != null) | .low <= .value and .value <= .high] | all'
check "windows add up to what was written" json_is '.volumes[0].phases[0] | ([.windows[].writeBytes] | add) <= .writeBytes'
check "is clean" is_clean "$dir/x" "$before_x"
run 6 short "$dir/e"
expect_stdout_has "not proven"
expect_stdout_has "ext4 on loop"
expect_stdout_has "a later drop to"
expect_stdout_has "nothing is left behind"
check "is clean" is_clean "$dir/e" "$before_e"
run 1 short --require 900G "$dir/x"
expect_stdout_has "not met"
run 6 short --compare "$dir/old.json" "$dir/x"
expect_stdout_has "changed     $dir/x: sustained"
run 6 short --compare "$dir/old.json" -o json "$dir/x"
check "--compare has both values" json_is '.compare | length > 3 and all(.old > 0 and .now > 0 and (.verdict | IN("better", "worse", "noise")))'
run 6 short --report "$dir/page.html" "$dir/x"
check "--report writes a page" grep -q '</html>' "$dir/page.html"
run 6 short --partitions 1000 -o json "$dir/x"
check "--partitions writes smaller blocks" json_is '.blockBytes >= 4096 and .partitions == 1000'
"$bench" --time 10s --bytes 64Mi "$dir/x" >/dev/null 2>"$dir/progress"
check "progress is plain lines where there is no terminal" grep -qE '^ +[0-9]+ of 10 s  ' "$dir/progress"
check "and without escape sequences" sh -c '! grep -q "$(printf "\033")" "$1"' sh "$dir/progress"
if command -v script >/dev/null; then
  TERM=xterm LC_ALL=C.UTF-8 script -qec "$bench --time 10s --bytes 64Mi $dir/x" /dev/null >"$dir/terminal" 2>&1 </dev/null
  check "on a terminal it is one live line with a sparkline" grep -qE '▁|▂|▃|▄|▅|▆|▇|█' "$dir/terminal"
else
  skip "the live line" "script is not installed"
fi
check "is clean" is_clean "$dir/x" "$before_x"
run 6 short -o json "$dir/x" "$dir/e"
check "two volumes are measured alone and together" json_is '.volumes | length == 2 and all(.phases | map(select(.name == "solo" or .name == "again")) | length == 2)'
printf 'apiVersion: k8skafka/v1\nkafka: {version: "4.3", roles: [broker], clusterId: MkU3OEVBNTcwNTJENDM2Qg}\nstorage: {volumes: [%s]}\nworkload: {writeRate: 5M, bufferTime: 10s}\n' "$dir/x" >"$dir/kafka.yaml"
run 6 short -c "$dir/kafka.yaml" -o json
check "kafka.yaml names the volumes and the workload" json_is ".volumes[0].path == \"$dir/x\" and .kafka.bufferSeconds == 10"

t_case "as a container lets it"
if ${CC:-cc} -O1 -o "$dir/fence" tests/system/fence.c 2>"$dir/cc.err"; then
  # uid 1000, no capability, no_new_privs, no io_uring, everything but the volume read-only, which is tried before
  read_only='for at in "$@"; do
      [ "$at" != -- ] || break
      mount -o remount,bind,ro "$at" || exit 97
      ! (: >"$at/probe") 2>/dev/null || { rm -f "$at/probe"; echo "$at is not read-only" >&2; exit 98; }
    done
    while [ "$1" != -- ]; do shift; done; shift
    exec "$@"'
  fenced() {
    unshare --mount sh -c "$read_only" sh / "$(stat -c %m "$dir")" -- \
      setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$dir/fence" "$@"
  }
  run 1 fenced touch "$dir/probe"
  expect_stderr_has "Read-only file system"
  run 6 fenced "$bench" --time 10s --bytes 64Mi -q -o json "$dir/x"
  check "measures past the page cache" json_is '.volumes[0].target.isDirect and .volumes[0].write.sustained.value > 0'
else
  skip "the fence" "it does not compile: $(head -n 1 "$dir/cc.err")"
fi

t_case "a filesystem without O_DIRECT"
if [ -x "$dir/fence" ]; then
  run 6 "$dir/fence" --no-direct "$bench" --time 10s --bytes 192Mi -q -o json --report "$dir/page.html" "$dir/x"
  check "is measured by what was flushed" json_is '.volumes[0] | (.target.isDirect | not) and .write.sustained.value > 0 and .read.cold.value > 0'
  check "and says so" json_is '[.notes[].id] | index("no-direct") != null'
  check "on the page, too" grep -q "O_DIRECT is refused" "$dir/page.html"
  run 6 "$dir/fence" --no-direct "$bench" --time 10s --bytes 192Mi -q "$dir/e"
  expect_stdout_has ", no O_DIRECT"
  # without -f only the first thread is meant, which tries a page before the others begin
  run 6 strace -o /dev/null -e trace=pwrite64 -e inject=pwrite64:error=EINVAL:when=1 "$bench" --time 10s --bytes 192Mi -q -o json "$dir/x"
  check "open(2) takes it and write(2) does not: the same" json_is '(.volumes[0].target.isDirect | not) and .volumes[0].write.sustained.value > 0'
fi

t_case "as another user"
chmod 755 "$dir/x"
run 3 setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all "$bench" --time 10s -q "$dir/x"
expect_stderr_has "$dir/x"
chmod 777 "$dir/x"
check "is clean" is_clean "$dir/x" "$before_x"

t_case "errors in the middle"
run 4 strace -f -o /dev/null -e trace=pwrite64 -e inject=pwrite64:error=ENOSPC:when=40+ "$bench" --time 10s --bytes 64Mi -q "$dir/x"
expect_stdout_has "No space left on device"
expect_stdout_has "what is above was measured before"
run 4 strace -f -o /dev/null -e trace=pread64 -e inject=pread64:error=EIO:when=9+ "$bench" --time 10s --bytes 64Mi -q -o json "$dir/x"
check "says what failed, and keeps what was measured" json_is '(.volumes[0].error | test("^read after .*: Input/output error$")) and .volumes[0].write.sustained.value > 0'
check "the phases behind it say why they were not run" json_is '[.volumes[0].phases[] | select(.end == "notRun") | .why != ""] | all'
check "is clean" is_clean "$dir/x" "$before_x"

t_case "a disk that breaks"
mkdir "$dir/small" && mount -t tmpfs -o size=60m tmpfs "$dir/small"
truncate -s 400M "$dir/small/img" && mkdir "$dir/broken"
mkfs.ext4 -q -O ^has_journal "$dir/small/img" && mount -o loop,errors=continue "$dir/small/img" "$dir/broken"
run 4 "$bench" --time 10s --bytes 300Mi -q "$dir/broken"
expect_stdout_has "failed"
check "has no names left" test -z "$(names_in "$dir/broken")"
umount "$dir/broken"

t_case "others fill the volume meanwhile"
"$bench" --time 10s --bytes 300Mi -q -o json "$dir/e" >"$dir/filled.json" 2>"$dir/filled.err" &
pid=$!
sleep 0.3
head -c 500M /dev/zero >"$dir/e/filler" 2>/dev/null
status=0
wait "$pid" || status=$?
check "ends with a result" jq -e '.kind == "DiskReport"' "$dir/filled.json"
check "status 4 or 6" test "$status" = 4 -o "$status" = 6
rm -f "$dir/e/filler"
check "is clean" is_clean "$dir/e" "$before_e"

t_case "SIGTERM"
"$bench" --time 20s --bytes 300Mi -q "$dir/x" >"$dir/term.out" 2>&1 &
pid=$!
sleep 2
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
check "status 143" test "$status" = 143
check "prints what was measured" grep -q "by signal 15" "$dir/term.out"
check "is clean" is_clean "$dir/x" "$before_x"

t_case "SIGKILL at many moments"
left=""
for ((i = 0; i < 30; i++)); do
  "$bench" --time 10s --bytes 100Mi -q "$dir/x" >/dev/null 2>&1 &
  pid=$!
  sleep "$(awk -v i="$i" 'BEGIN { print i * i * 0.003 }')"
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  left+=$(names_in "$dir/x")
done
check "no name is left" test -z "$left"
check "is clean" is_clean "$dir/x" "$before_x"

t_case "without O_TMPFILE"
# The name lives between two system calls; a run that was killed there left an empty file, which the next one removes.
: >"$dir/x/.kafka-diskbench-0123456789abcdef"
echo data >"$dir/x/.kafka-diskbench-fedcba9876543210"
run 6 short "$dir/x"
check "an empty one of ours is swept" test ! -e "$dir/x/.kafka-diskbench-0123456789abcdef"
check "what holds data is not ours" test -e "$dir/x/.kafka-diskbench-fedcba9876543210"
done_testing
