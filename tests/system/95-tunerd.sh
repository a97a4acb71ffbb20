#!/usr/bin/env bash
# kafka-tunerd on this kernel, without an API server and with one that nobody answers at: one round, the loop, drift put back
# and given up, a new kafka.yaml, metrics and probes, the journal that kafka-tuner revert reads. In a network namespace of its
# own, with a value that is private to it.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq curl unshare ip
tunerd=${BUILD:-build}/bin/kafka-tunerd tuner=${BUILD:-build}/bin/kafka-tuner
[ -x "$tunerd" ] || t_skip_rest "kafka-tunerd is not built"
if [ "${1:-}" != inside ]; then
  unshare -n -m true 2>/dev/null || t_skip_rest "no namespaces may be made here"
  exec unshare -n -m --propagation private "$0" inside
fi

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
ip link set lo up
mkdir "$scratch/etc"
journal=$scratch/state/journal
config=$scratch/etc/kafka.yaml
core=/proc/sys/net/core/somaxconn
log=$scratch/log
pid=""
common=("$tunerd" --node n1 --config "$config" --journal "$journal")

# Only one value is written here; the others of the profile are everybody's.
write_config() { # POLICY OF somaxconn
  cat >"$config.new" <<YAML
apiVersion: k8skafka/v1
kafka: {version: "4.3", roles: [broker], clusterId: MkU3OEVBNTcwNTJENDM2Qg}
tuning:
  tunables:
    vm.max_map_count: {policy: ignore}
    fs.file-max: {policy: ignore}
    fs.nr_open: {policy: ignore}
    net.core.rmem_max: {policy: ignore}
    net.core.wmem_max: {policy: ignore}
    net.core.somaxconn: {policy: $1}
YAML
  mv "$config.new" "$config"
}
end_agent() {
  [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null
  pid=""
}
at_exit end_agent
start_agent() { # OPTION...
  "${common[@]}" --metrics 127.0.0.1:9644 "$@" 2>"$log" &
  pid=$!
  within 5 curl -sf 127.0.0.1:9644/healthz
}
# Retries CMD for so many seconds.
within() {
  local tries=$(($1 * 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.05
  done
}
is_value() { [ "$(cat $core)" = "$1" ]; }
metric() { curl -s 127.0.0.1:9644/metrics | grep -F "$1"; }
has_metric() { metric "$1" | grep -qx -- "$1 $2"; }
json_is() { jq -e "$1" "$t_stdout" >/dev/null || { head -c 3000 "$t_stdout"; return 1; }; }
in_log() { grep -qF -- "$1" "$log" || { cat "$log"; return 1; }; }

t_case "once"
write_config apply
echo 128 >$core
run 0 "${common[@]}" --once -o json
check "writes what falls short" is_value 4096
check "is ready" json_is '.kind == "NodeTuning" and .status.ready == "True"'
check "has one row, which holds" json_is '[.status.rows[] | [.id, .state]] == [["net.core.somaxconn", "ok"]]'
run 0 "${common[@]}" --once
expect_stdout_has "net.core.somaxconn"
check "the second round writes nothing" test "$(grep -c intent "$journal")" = 1
run 0 "$tuner" revert --journal "$journal"
check "kafka-tuner takes it back" is_value 128
write_config check
run 0 "${common[@]}" --once -o json
check "what is only looked at stays" is_value 128
check "and is told" json_is '.status.drift == 1'
echo "kafka: {}" >"$config"
run 2 "${common[@]}" --once
expect_stdout_has "kafka.yaml"
run 2 "$tunerd" --once
run 2 "$tunerd" --node ""
run 2 "$tunerd" --node n1 --selector 'app in (a)' --once
run 2 "$tunerd" --node Bad_Name --config "$config" --journal "$journal" --once
expect_stderr_has "Bad_Name"
write_config check
echo token >"$scratch/token"
run 4 "${common[@]}" --once --api http://127.0.0.1:9 --token "$scratch/token"
expect_stderr_has 127.0.0.1
expect_stderr_has "the API server does not hold all of it after ten seconds"

t_case "drift"
write_config apply
check "the agent starts" start_agent
check "and writes" within 2 is_value 4096
check "is ready" within 2 curl -sf 127.0.0.1:9644/readyz
echo 200 >$core
check "what somebody changed is put back within 2 s" within 2 is_value 4096
check "that is said" within 2 in_log "DriftRestored: net.core.somaxconn is 4096 again; it was set to 200"
check "and counted" within 2 has_metric 'k8skafka_restores_total{id="net.core.somaxconn"}' 1
asked=${EPOCHREALTIME/./}
echo 300 >$core
check "the second time is counted" within 3 has_metric 'k8skafka_drifts_total{id="net.core.somaxconn"}' 2
check "and it is put back" within 30 is_value 4096
waited=$(((${EPOCHREALTIME/./} - asked) / 1000))
# However busy the machine is, it can only be later than that (KT_DRIFT_BACKOFF_MS).
check "not before five seconds have gone by ($waited ms)" test "$waited" -ge 5000
check "which is counted, too" within 3 has_metric 'k8skafka_restores_total{id="net.core.somaxconn"}' 2
echo 400 >$core
check "the third time it is a conflict" within 3 has_metric k8skafka_conflicts 1
check "with an Event in the log" in_log "Conflict: net.core.somaxconn was put back twice and is 400 again"
check "and left alone" is_value 400
check "the node is not ready" [ "$(curl -s -o /dev/null -w '%{http_code}' 127.0.0.1:9644/readyz)" = 503 ]
check "but the agent lives" curl -sf 127.0.0.1:9644/healthz

t_case "kafka.yaml"
write_config check
check "a new file is taken without a signal" within 3 has_metric k8skafka_conflicts 0
echo "nonsense" >"$config"
check "one that cannot be used is said" within 3 in_log "kafka.yaml"
check "and the profile before it stays" curl -sf 127.0.0.1:9644/readyz

t_case "footprint"
rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
# Clean pages of files are nobody's: whether the libraries count as private follows from who else has them mapped just now.
private=$(awk '/^Private_Dirty/ { sum += $2 } END { print sum }' "/proc/$pid/smaps_rollup")
check "less than 16 MB resident ($rss KiB)" test "$rss" -lt 16384
check "less than 6 MB of them private ($private KiB)" test "$private" -lt 6144
check "one thread" grep -q '^Threads:[[:space:]]*1$' "/proc/$pid/status"
check "no new privileges" grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$pid/status"
# Bit 24 is CAP_SYS_RESOURCE, the one that limits of processes need.
caps=$((16#$(awk '/^CapPrm/ { print $2 }' "/proc/$pid/status")))
check "no capability but CAP_SYS_RESOURCE" test $((caps & ~(1 << 24))) = 0

t_case "end"
end_agent
check "takes nothing back" is_value 400
check "says so" in_log "leaves the node as it is"

t_case "no answer from the API server"
write_config apply
echo 128 >$core
check "the agent starts" start_agent --api http://127.0.0.1:9 --token "$scratch/token"
check "and keeps the node" within 3 is_value 4096
echo 200 >$core
check "and puts back" within 2 is_value 4096
sleep 3
requests=$(metric 'k8skafka_api_requests_total ' | awk '!/^#/ { print $2 }')
check "and does not hammer it (${requests:-none} requests)" test "${requests:-0}" -lt 30
end_agent

t_case "killed"
for i in 1 2 3 4 5 6 7 8 9 10; do
  echo $((100 + i)) >$core
  "${common[@]}" 2>>"$log" &
  pid=$!
  sleep "0.0$((i % 5))$i"
  kill -9 "$pid" && wait "$pid" 2>/dev/null
done
pid=""
run 0 "${common[@]}" --once
check "the state is right again" is_value 4096
# One that was killed between writing and saying so, before somebody else wrote, leaves a change that cannot be told: 5.
revert_goes() {
  "$tuner" revert --journal "$journal" >"$scratch/revert"
  case $? in 0 | 5) grep -q "taken back" "$scratch/revert" ;; *) return 1 ;; esac
}
check "and the journal tells the way back" revert_goes
done_testing
