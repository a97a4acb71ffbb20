#!/usr/bin/env bash
# The broker container's entrypoint: what it refuses, what it gives up and raises, and what the broker is started with.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq unshare nsenter setpriv prlimit mkfs.xfs
# shellcheck source=../pod.sh
. tests/pod.sh
# shellcheck source=volumes.sh
. tests/system/volumes.sh

mount0=/var/lib/kafka/data-0
vol_make data-0 xfs
vol_spec "$mount0" <<<""
pod_start
handoff=$vol_dir/pod/run
data=$vol_dir/data-0/kafka-log0
mounts_before=("${pod_mounts[@]}")
env_before=("${pod_env[@]}")
program=/run/k8skafka/kafka-initc # as the broker container has it

# $1 more of the specification, as a sed script
fresh() {
  rm -rf "${handoff:?}"/*
  pod_mounts=("${mounts_before[@]}")
  pod_env=("${env_before[@]}")
  vol_spec "$mount0" <<<""
  [ -z "${1:-}" ] || sed -i "$1" "$vol_dir/kafka.yaml"
  pod_config "$vol_dir/kafka.yaml"
  pod_init "$vol_initc" prepare >/dev/null || { not_ok "fresh volumes"; exit 1; }
}
# $1 exit status, $2 what is said, $3 the next step; the rest are options of exec
refuses() {
  local status=$1 said=$2 next=$3
  shift 3
  run "$status" pod_broker "$vol_initc" exec "$@" -- echo the broker ran
  check "says what" grep -qiF -- "$said" <(cat "$t_stdout" "$t_stderr")
  check "says the next step" grep -qF -- "$next" <(cat "$t_stdout" "$t_stderr")
  check "the broker did not run" test -z "$(grep -x 'the broker ran' "$t_stdout")"
}

t_case "all is well"
fresh
run 0 pod_broker "$program" exec -- echo the broker ran
expect_stdout_has "the broker ran"

t_case "no hand-off"
rm -f "$handoff/handoff.json"
refuses 1 "no handoff.json" "kafka-initc prepare"
refuses 1 "no hand-off directory" "kafka-initc prepare" --handoff /run/elsewhere
t_case "hand-off that is no JSON"
fresh
echo '{' >"$handoff/handoff.json"
refuses 1 handoff.json "kafka-initc prepare"
t_case "hand-off without a member"
fresh
jq 'del(.logDirs)' "$handoff/handoff.json" >"$vol_dir/json" && cp "$vol_dir/json" "$handoff/handoff.json"
refuses 1 logDirs "kafka-initc prepare"
t_case "hand-off of another pod"
fresh
pod_env+=(POD_NAME=kafka-1)
refuses 1 "for kafka-0, this pod is kafka-1" "kafka-initc prepare"
check "blames no limit that is enough" test -z "$(cat "$t_stdout" "$t_stderr" | grep -e max_map_count -e 'open files')"
t_case "server.properties was changed"
fresh
echo 'log.dirs=/tmp' >>"$handoff/server.properties"
refuses 1 server.properties "kafka-initc prepare"
t_case "server.properties is gone"
fresh
rm "$handoff/server.properties"
refuses 1 server.properties "kafka-initc prepare"

t_case "another volume is mounted"
fresh
mkdir -p "$vol_dir/other/kafka-log0"
sed 's/^directory.id=.*/directory.id=AAAAAAAAAAAAAAAAAAAAQA/' "$data/meta.properties" >"$vol_dir/other/kafka-log0/meta.properties"
chown -R 1000:1000 "$vol_dir/other"
pod_volume "$vol_dir/other" "$mount0"
refuses 1 "another volume" "kafka-initc prepare"
t_case "an empty volume is mounted"
rm "$vol_dir/other/kafka-log0/meta.properties"
refuses 1 meta.properties "kafka-initc prepare"
t_case "no volume is mounted"
fresh
pod_mounts=("${mounts_before[0]}")
refuses 1 "$mount0/kafka-log0" "volume claim"
t_case "read-only volume"
fresh
mount -o remount,ro "$vol_dir/data-0"
refuses 1 read-only "readOnly"
mount -o remount,rw "$vol_dir/data-0"
t_case "a log dir that the broker may only read"
fresh
chown 0:0 "$data"
chmod 755 "$data"
refuses 1 "not writable" "prepare"
t_case "a log dir that the broker may not open"
chmod 700 "$data"
refuses 1 "$mount0/kafka-log0" "prepare"
t_case "wrong user"
fresh
run 1 pod_init "$vol_initc" exec -- true
check "says both ids" grep -qE 'uid 0,.* uid 1000' <(cat "$t_stdout" "$t_stderr")
check "says the next step" grep -qF runAsUser <(cat "$t_stdout" "$t_stderr")

t_case "a group that may not read server.properties"
# shellcheck disable=SC2034 # by name
other_group=(setpriv --reuid 1000 --regid 4242 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs --)
run 1 pod_run other_group "$vol_initc" exec -- true
check "says what" grep -qF "server.properties cannot be read: permission denied" "$t_stdout"
check "says the next step" grep -qF runAsGroup "$t_stdout"
t_case "a hand-off directory that is a file"
refuses 1 "the hand-off directory cannot be opened" "kafka-initc prepare" --handoff /run/k8skafka/handoff.json

need=$(jq .need.descriptors "$handoff/handoff.json")
with_nofile() { # SOFT:HARD CMD...
  local limits=$1
  shift
  prlimit "--nofile=$limits" -- bash -c '. tests/pod.sh; pod_child=$1 pod_name=kafka-0 pod_folder=$2 pod_mounts=("${@:3:2}")
    pod_env=(PATH="$PATH" POD_NAME=kafka-0); shift 4; pod_broker "$@"' bash "$pod_child" "$pod_folder" "${pod_mounts[@]:0:2}" "$@"
}
t_case "descriptors below the need"
run 1 with_nofile "$((need - 1)):$((need - 1))" "$vol_initc" exec -- true
check "says how many" grep -qF "needs $need" <(cat "$t_stdout" "$t_stderr")
check "says the next step" grep -qF "LimitNOFILE=$need" <(cat "$t_stdout" "$t_stderr")
run 0 with_nofile "$need:$need" "$vol_initc" exec -- true
t_case "soft limit below the need"
run 0 with_nofile "64:$((need + 7))" "$vol_initc" exec -- sh -c 'echo soft $(ulimit -Sn) hard $(ulimit -Hn)'
expect_stdout_has "soft $((need + 7)) hard $((need + 7))"
t_case "map areas below the need"
mkdir -p "$vol_dir/root/proc/sys/vm"
echo 100 >"$vol_dir/root/proc/sys/vm/max_map_count"
fresh
map_limited() { # the machine's own, but for one file
  pod_broker sh -c 'exec "$0" exec "$@" -- true' "$vol_initc" "$@"
}
mkdir -p "$vol_dir/root$mount0" "$vol_dir/root/run"
cp -a "$data" "$vol_dir/root$mount0/"
run 1 map_limited --sysroot "$vol_dir/root"
check "says which" grep -qF vm.max_map_count <(cat "$t_stdout" "$t_stderr")
check "says the next step" grep -qF "sysctl -w vm.max_map_count=$(jq .need.mapAreas "$handoff/handoff.json")" <(cat "$t_stdout" "$t_stderr")
t_case "limits.onShortfall warn"
fresh '$a limits: {onShortfall: warn}'
run 0 map_limited --sysroot "$vol_dir/root"
check "warns" grep -qF vm.max_map_count <(cat "$t_stdout" "$t_stderr")

# Waits until the line stands in the output of what runs in the background.
says_soon() { # TEXT
  local tries
  for ((tries = 0; tries < 1200; tries++)); do # a minute: the machine may be busy
    ! grep -qF -- "$1" "$vol_dir/waiting" || return 0
    sleep 0.05
  done
  cat "$vol_dir/waiting"
  return 1
}
# The exec itself, to which a signal goes: the pod's shells come before it.
exec_pid() { pgrep -n -f "^$vol_initc exec " -U 1000; }

t_case "waits for the agent, in vain"
fresh '$a limits: {waitForAgent: 1s}'
run 1 with_nofile "$((need - 1)):$((need - 1))" "$vol_initc" exec -- echo the broker ran
check "says what it waits for" grep -qE "waiting +up to 1 s for kafka-tunerd .* open files .* of " <(cat "$t_stdout" "$t_stderr")
check "says how long it did" grep -qF "1 s of waiting for the agent of this node" <(cat "$t_stdout" "$t_stderr")
check "says the next step" grep -qF "kubectl get nodetunings" <(cat "$t_stdout" "$t_stderr")
check "the broker did not run" test -z "$(grep -x 'the broker ran' "$t_stdout")"
fresh '$a limits: {waitForAgent: 1s, onShortfall: warn}'
run 0 with_nofile "$((need - 1)):$((need - 1))" "$vol_initc" exec -- echo the broker ran
expect_stdout_has "the broker ran"
check "says how long it did" grep -qF "1 s of waiting" <(cat "$t_stdout" "$t_stderr")
t_case "waits for nothing that is there"
fresh '$a limits: {waitForAgent: 10m}'
run 0 with_nofile "$need:$need" "$vol_initc" exec -- sh -c 'echo hard $(ulimit -Hn); grep SigBlk /proc/self/status'
expect_stdout_has "hard $need"
check "does not say that it waits" test -z "$(grep waiting "$t_stdout" "$t_stderr")"
t_case "waits for nothing when the broker cannot start anyway"
rm "$handoff/server.properties"
run 1 with_nofile "64:64" "$vol_initc" exec -- true
check "does not say that it waits" test -z "$(grep waiting "$t_stdout" "$t_stderr")"
check "says both reasons" grep -qF "the hard limit of open files is 64" <(cat "$t_stdout" "$t_stderr")
# Map areas stand for the limit: their file is one that a test may write. tests/vm/90-agent.sh raises the other one.
t_case "goes on as soon as it is enough"
fresh '$a limits: {waitForAgent: 5m}'
map_limited --sysroot "$vol_dir/root" >"$vol_dir/waiting" 2>&1 &
waiting=$!
check "waits" says_soon "map areas 100 of "
check "still" kill -0 "$waiting"
echo 1000000 >"$vol_dir/root/proc/sys/vm/max_map_count"
check "goes on" says_soon "waited"
check "ends well" wait "$waiting"
check "the broker finds no signal blocked" pod_broker sh -c 'exec "$0" exec --sysroot "$1" -- grep -qx "SigBlk:[[:space:]]*0000000000000000" /proc/self/status' "$vol_initc" "$vol_dir/root"
t_case "can be told to end"
echo 100 >"$vol_dir/root/proc/sys/vm/max_map_count"
map_limited --sysroot "$vol_dir/root" >"$vol_dir/waiting" 2>&1 &
waiting=$!
check "waits" says_soon "map areas 100 of "
check "is found" exec_pid
kill -TERM "$(exec_pid)"
wait "$waiting"
status=$?
check "exit status of the signal" test "$status" = 143

t_case "what the broker gets"
fresh
# shellcheck disable=SC2034 # by name
keeps_all=(setpriv --reuid 1000 --regid 1000 --clear-groups "--inh-caps=+chown,+kill" "--ambient-caps=+chown,+kill")
run 0 pod_run keeps_all cat /proc/self/status
check "is tried with capabilities" grep -qx 'CapAmb:[[:space:]]*0000000000000021' "$t_stdout"
run 0 pod_run keeps_all "$vol_initc" exec -- cat /proc/self/status
for set in CapInh CapPrm CapEff CapAmb; do
  check "$set is empty" grep -qx "$set:[[:space:]]*0000000000000000" "$t_stdout"
done
check "no_new_privs is set" grep -qx 'NoNewPrivs:[[:space:]]*1' "$t_stdout"
check "no signal is blocked" grep -qx 'SigBlk:[[:space:]]*0000000000000000' "$t_stdout"
run 0 pod_broker sh -c 'ls /proc/$$/fd'
descriptors=$(cat "$t_stdout")
run 0 pod_broker "$vol_initc" exec -- sh -c 'ls /proc/$$/fd'
check "no descriptor is added" test "$(grep -xE '[0-9]+' "$t_stdout")" = "$descriptors"

t_case "exit status"
pod_env+=(PATH=/usr/bin:/bin) # one that uid 1000 may search
run 127 pod_broker "$vol_initc" exec -- no-such-program
run 126 pod_broker "$vol_initc" exec -- /etc/passwd
run 7 pod_broker "$vol_initc" exec -- sh -c 'exit 7'

# A java that tells how it was started.
mkdir -p "$vol_dir/jdk/bin"
printf '#!/bin/sh\necho "argv: $*"\necho "opts: $KAFKA_HEAP_OPTS"\n' >"$vol_dir/jdk/bin/java"
cp "$vol_dir/jdk/bin/java" "$vol_dir/jdk/bin/kafka-server-start.sh"
chmod +x "$vol_dir"/jdk/bin/*
java=$vol_dir/jdk/bin/java

t_case "without CMD"
pod_env+=("JAVA_HOME=$vol_dir/jdk" KAFKA_HOME=/opt/kafka)
run 0 pod_broker "$vol_initc" exec
check "starts the broker" grep -qE '^argv: -Xms[0-9]+M -Xmx[0-9]+M .*-cp /opt/kafka/libs/\* kafka.Kafka /run/k8skafka/server.properties$' "$t_stdout"
pod_env=("${env_before[@]}" "PATH=$vol_dir/jdk/bin:$PATH" "KAFKA_OPTS=-Dx=y")
run 0 pod_broker "$vol_initc" exec
check "with the java of PATH" grep -q '^argv: .* kafka.Kafka ' "$t_stdout"

t_case "heap without a memory limit"
pod_env=("${env_before[@]}")
run 0 pod_broker "$vol_initc" exec -- "$java" -version
expect_stdout_has "argv: -Xms1024M -Xmx1024M -version"
t_case "heap as given"
run 0 pod_broker "$vol_initc" exec -- "$java" -Xmx3g -version
expect_stdout_has "argv: -Xmx3g -version"
pod_env+=(KAFKA_HEAP_OPTS=-Xmx5g)
run 0 pod_broker "$vol_initc" exec -- "$vol_dir/jdk/bin/kafka-server-start.sh" x
expect_stdout_has "opts: -Xmx5g"
pod_env=("${env_before[@]}")
t_case "heap for a script"
run 0 pod_broker "$vol_initc" exec -- "$vol_dir/jdk/bin/kafka-server-start.sh" x
expect_stdout_has "opts: -Xms1024M -Xmx1024M"
expect_stdout_has "argv: x"
t_case "heap of kafka.yaml"
fresh '/service:/a \  heap: 700Mi'
run 0 pod_broker "$vol_initc" exec -- "$java" -version
expect_stdout_has "argv: -Xms700M -Xmx700M -version"
t_case "heap of the memory limit"
fresh
if pod_memory $((1000 * 1024 * 1024)); then
  run 0 pod_broker "$vol_initc" exec -- "$java" -version
  expect_stdout_has "argv: -Xms400M -Xmx400M -version"
else
  skip "40 percent of it" "no memory cgroup can be made here"
fi
done_testing
