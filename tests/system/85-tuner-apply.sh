#!/usr/bin/env bash
# kafka-tuner plan, apply and revert on this kernel: a network namespace of its own, and one global value that harms nobody
# and is restored. Killed in front of every system call that writes, the next run finishes or takes back.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq strace setpriv unshare prlimit flock
tuner=${BUILD:-build}/bin/kafka-tuner
[ -x "$tuner" ] || t_skip_rest "kafka-tuner is not built"
if [ "${1:-}" != inside ]; then
  unshare -n -m true 2>/dev/null || t_skip_rest "no namespaces may be made here"
  exec unshare -n -m --propagation private "$0" inside
fi

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
journal=$scratch/state/journal
core=/proc/sys/net/core/somaxconn
rmem=/proc/sys/net/ipv4/tcp_rmem
only=net.core.somaxconn,net.ipv4.tcp_rmem
start_rmem="4096 131072 6291456"
apply=("$tuner" apply --journal "$journal" --only "$only")
revert=("$tuner" revert --journal "$journal")
json_is() { jq -e "$1" "$t_stdout" >/dev/null || { head -c 3000 "$t_stdout"; return 1; }; }
# A fresh start: both fall short, no journal.
fresh() {
  rm -rf "$scratch/state"
  echo 128 >$core
  echo "$start_rmem" >$rmem
}
values() { echo "$(cat $core) $(tr '\t' ' ' <$rmem)"; }
are() { [ "$(values)" = "$*" ] || { echo "the values are $(values)"; return 1; }; }
lines() { wc -l <"$journal"; }
tuned="4096 4096 131072 16777216"
untuned="128 $start_rmem"

t_case "plan"
fresh
run 1 "$tuner" plan --only "$only" -o json
check "its steps are what apply would do" json_is '[.steps[] | [.id, .old, .new]] ==
  [["net.ipv4.tcp_rmem", "4096 131072 6291456", "4096 131072 16777216"], ["net.core.somaxconn", "128", "4096"]]'
check "writes nothing" are "$untuned"
check "makes no journal" test ! -e "$scratch/state"
check "says that somaxconn does not reach a pod" json_is '.rows[] | select(.id == "net.core.somaxconn") | .reach == "constant"'

echo 4096 >$core
run 0 "$tuner" check --only net.core.somaxconn -o json
check "the same value in a new namespace is no proof that it follows" json_is '.rows[0].reach == "same"'

t_case "script"
fresh
run 0 "$tuner" plan --only "$only" --script
cp "$t_stdout" "$scratch/tune.sh"
run 0 sh "$scratch/tune.sh"
check "writes what plan says" are "$tuned"
run 0 sh "$scratch/tune.sh"
expect_stdout_hasnt applied
fresh
echo 200 >$core
run 1 sh "$scratch/tune.sh"
expect_stdout_has "conflict"
check "leaves alone what changed since" are "200 ${tuned#* }"

t_case "apply"
fresh
run 0 "${apply[@]}" -o json
check "two were written" json_is '.written == 2 and ([.rows[].state] | unique == ["applied"])'
check "the values are there" are "$tuned"
check "a change is two lines" test "$(lines)" = 4
run 0 "${apply[@]}" -o json
check "the second run writes nothing" json_is '.written == 0 and ([.rows[].state] | unique == ["ok"])'
check "nor into the journal" test "$(lines)" = 4
run 0 "${apply[@]}"
expect_stdout_has "Nothing was written"
echo 100000 >$core
run 0 "${apply[@]}"
check "a better value stays" test "$(cat $core)" = 100000

t_case "revert"
run 5 "${revert[@]}" -o json
check "what changed since is a conflict" json_is '.rows[] | select(.id == "net.core.somaxconn") | .state == "conflict" and .have == "100000"'
check "and stays" are "100000 $start_rmem"
echo 4096 >$core
run 2 "${revert[@]}" --only net.core.somaxconn,net.core.somaxcon
expect_stderr_has "did you mean net.core.somaxconn"
check "one unknown id, and nothing is taken back" test "$(cat $core)" = 4096
run 0 "${revert[@]}" --only net.core.somaxconn
check "the old values are back" are "$untuned"
run 0 "${revert[@]}"
expect_stdout_has "nothing to take back"
fresh
"${apply[@]}" >"$scratch/out"
check "apply says how, with that journal" grep -qF -- "kafka-tuner revert --journal $journal " <(tr '\n' ' ' <"$scratch/out")
sed -i 's/"bootId": "[^"]*"/"bootId": "00000000-0000-0000-0000-000000000000"/' "$journal"
run 0 "${revert[@]}"
expect_stdout_has "the kernel forgot it"
check "nothing of another boot is written" are "$tuned"
fresh
"${apply[@]}" >"$scratch/out"
run 3 unshare -n "${revert[@]}" --only net.core.somaxconn
expect_stdout_has "nsenter"
check "another namespace is left alone" are "$tuned"
run 0 "${revert[@]}"
check "and its own is taken back" are "$untuned"

t_case "somebody between two runs"
fresh
"${apply[@]}" >"$scratch/out"
echo 300 >$core
run 0 "${apply[@]}"
run 0 "${revert[@]}"
check "their value comes back, not an older one" are "300 $start_rmem"

t_case "journal"
fresh
"${apply[@]}" >"$scratch/out"
printf '{"apiVersion": "k8skafka/v1", "ki' >>"$journal"
run 0 "${revert[@]}"
check "a torn last line is cut off" are "$untuned"
fresh
mkdir -p "$scratch/state"
echo 'no journal' >"$journal"
run 4 "${apply[@]}"
expect_stderr_has "journal:1"
check "one that is not understood stops all writing" are "$untuned"

t_case "two at once"
fresh
mkdir -p "$scratch/state"
flock "$scratch/state" sleep 1 &
holder=$!
sleep 0.2
run 0 "${apply[@]}"
check "the second one waits" are "$tuned"
wait "$holder"
flock "$scratch/state" sleep 30 &
holder=$!
sleep 0.2
run 4 "${revert[@]}"
expect_stderr_has "another kafka-tuner"
pkill -P "$holder" sleep
wait "$holder" 2>/dev/null
check "and refuses in the end" are "$tuned"
fresh
for _ in 1 2 3 4; do "${apply[@]}" >>"$scratch/out" & done
wait
check "four at once write each value once" test "$(grep -c intent "$journal")" = 2
run 0 "${revert[@]}"
check "so that one revert is enough" are "$untuned"

t_case "refusals"
fresh
run 3 setpriv --reuid 1000 --clear-groups "${apply[@]}" -o json
check "uid 1000 is told" json_is '[.rows[] | .state == "denied" and .next == "run kafka-tuner as root"] | all'
# shellcheck disable=SC2016 # expanded inside
run 3 unshare -m sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"' sh "${apply[@]}" -o json
check "a read-only /proc/sys is told" json_is '[.rows[] | .state == "denied" and (.next | contains("writable"))] | all'
check "nothing was written" are "$untuned"
run 0 "${revert[@]}"
run 2 "$tuner" apply --sysroot /proc
run 2 "$tuner" apply --only process.nofile

t_case "writes that lie"
fresh
inject() { strace -f -o /dev/null -P "$core" -e trace=write -e "inject=write:$1" "${apply[@]}" -o json; }
run 5 inject retval=4
check "ok without an effect is an error" json_is '.rows[] | select(.id == "net.core.somaxconn") | .state == "error" and (.reason | contains("keeps 128"))'
fresh
run 5 inject error=EINVAL
fresh
run 5 inject error=EBUSY
fresh
run 5 inject error=EROFS
check "EROFS is denied" json_is '.rows[] | select(.id == "net.core.somaxconn") | .state == "denied"'
fresh
run 5 inject retval=2
check "a short write is an error" json_is '.rows[] | select(.id == "net.core.somaxconn") | .state == "error"'
run 0 "${revert[@]}"
check "what was written is taken back" are "$untuned"

t_case "journal on a full disk"
fresh
run 4 strace -f -o /dev/null -P "$journal" -e trace=write -e inject=write:error=ENOSPC "${apply[@]}"
check "nothing is written without its old value" are "$untuned"
fresh
run 4 strace -f -o /dev/null -P "$journal" -e trace=fsync -e inject=fsync:error=EIO "${apply[@]}"
check "nor without it on the disk" are "$untuned"

t_case "global values"
map=$(cat /proc/sys/vm/max_map_count)
at_exit sh -c "echo $map >/proc/sys/vm/max_map_count"
state=$scratch/global/journal
echo 65530 >/proc/sys/vm/max_map_count # the kernel's default, whatever this machine has
run 0 "$tuner" apply --journal "$state" --only vm.max_map_count
check "is raised" test "$(cat /proc/sys/vm/max_map_count)" -ge 262144
run 0 "$tuner" revert --journal "$state"
check "is taken back" test "$(cat /proc/sys/vm/max_map_count)" = 65530
ratios=$(cat /proc/sys/vm/dirty_ratio /proc/sys/vm/dirty_bytes | tr '\n' ' ')
if [ "${ratios% 0 }" != "$ratios" ]; then
  at_exit sh -c "echo ${ratios%% *} >/proc/sys/vm/dirty_ratio"
  run 0 "$tuner" apply --journal "$state" --only vm.dirty_bytes
  check "dirty_bytes is set and zeroes the ratio" test "$(cat /proc/sys/vm/dirty_bytes) $(cat /proc/sys/vm/dirty_ratio)" = "300000000 0"
  run 0 "$tuner" revert --journal "$state"
  check "and goes back by the ratio" test "$(cat /proc/sys/vm/dirty_ratio /proc/sys/vm/dirty_bytes | tr '\n' ' ')" = "$ratios"
else
  skip "vm.dirty_bytes" "this machine uses it"
fi

t_case "limits of a process"
state=$scratch/limits/journal
prlimit --nofile=1000:2000 --core=0:0 sleep 60 &
victim=$!
at_exit kill "$victim"
sleep 0.2
hard() { prlimit --pid "$victim" --nofile -o HARD --noheadings | tr -d ' '; }
no_resource=(setpriv --bounding-set -sys_resource --inh-caps -sys_resource)
run 3 "${no_resource[@]}" "$tuner" apply --journal "$state" --pid "$victim" --only process.nofile -o json
check "denied, not applied" json_is '.rows[0].state == "denied" and (.next | not) and (.rows[0].next | contains("CAP_SYS_RESOURCE"))'
check "and it is as before" test "$(hard)" = 2000
run 0 "$tuner" revert --journal "$state"
if prlimit --pid "$victim" --nofile=1000:2001 2>/dev/null; then
  run 0 "$tuner" apply --journal "$state" --pid "$victim" --only process.nofile
  check "is raised" test "$(hard)" -ge 100000
  run 0 "$tuner" revert --journal "$state"
  check "is taken back" test "$(hard)" = 2001
else
  skip "raising" "CAP_SYS_RESOURCE is missing"
fi

t_case "old entrypoint of a broker"
cp "$(command -v sleep)" "$scratch/java"
prlimit --nofile=512:1024 "$scratch/java" 60 &
no_broker=$!
at_exit kill "$no_broker"
run 1 "$tuner" check --only process.nofile -o json
check "a java that runs something else is none" json_is "[.rows[] | select(.object | endswith(\" $no_broker\"))] == []"

t_case "capabilities"
fresh
strace -f -o "$scratch/trace" -e trace=openat,write,capset,prctl "${apply[@]}" >"$scratch/out"
check "all are dropped before the first write" awk -v core="$core" '
  /capset\(.*effective=0, permitted=0/ { dropped = 1 } /O_WRONLY/ && index($0, core) && !/unshare/ && !dropped && /O_TRUNC/ { bad = 1 }
  END { exit !(dropped && !bad) }' "$scratch/trace"

# Killed in front of each call; then one revert brings everything back, or one apply everything about.
kills=0
killed_at() { # CALL PREPARE CMD... : the run is killed at each CALL
  local call=$1 prepare=$2 n status problem wrong=""
  shift 2
  for ((n = 1; n <= 80; n++)); do
    fresh
    [ "$prepare" = no ] || "${apply[@]}" >"$scratch/out" 2>&1
    status=0
    { strace -f -o /dev/null -e trace="$call" -e inject="$call:signal=SIGKILL:when=$n" "$@" || status=$?; } >/dev/null 2>&1
    [ "$status" = 137 ] || break
    kills=$((kills + 1))
    problem=""
    if [ $((n % 2)) = 0 ]; then
      "${apply[@]}" >"$scratch/out" 2>&1 || problem+="apply: $(tail -n 3 "$scratch/out") "
      problem+=$(are "$tuned")
    fi
    "${revert[@]}" >"$scratch/out" 2>&1 || problem+="revert: $(cat "$scratch/out") "
    problem+=$(are "$untuned")
    "${revert[@]}" | grep -q "nothing to take back" || problem+=" something is left in the journal"
    [ -z "$problem" ] || wrong+="killed in front of $call number $n: $problem"$'\n'
  done
  if [ -n "$wrong" ]; then not_ok "killed at each $call" "$wrong"; else ok "killed at each $call"; fi
}
for call in write fsync ftruncate mkdir; do
  t_case "apply"
  killed_at "$call" no "${apply[@]}"
done
for call in write fsync; do
  t_case "revert"
  killed_at "$call" yes "${revert[@]}"
done
t_case ""
check "there were dozens of kills" test "$kills" -gt 24
echo "# $kills kills"
done_testing
