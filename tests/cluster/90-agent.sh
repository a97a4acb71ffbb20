#!/usr/bin/env bash
# The node agent on a real cluster: from apply to Ready, what kubectl shows, a sysctl changed behind its back, a rival that does
# not give in, an API server that is away, a kubelet that restarts, agents killed at random, what it costs, and the way back.
#
# AGENT_KILLS (30): how many agents are killed; AGENT_OUTAGE (60): seconds without an API server.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=agent.sh
. tests/cluster/agent.sh
folder=$kafka_scratch/agent
: "${AGENT_KILLS:=30}" "${AGENT_OUTAGE:=60}"

leave() {
  tests/cluster/api start >/dev/null 2>&1
  agent_gone >/dev/null
}
at_exit leave

rmem="4096 131072 16777216"

# From the start of a container to the condition Ready of its NodeTuning, by the second, as Kubernetes counts.
seconds_to_ready() { # NODE
  local started ready
  started=$(kc -n "$agent_space" get "$(agent_pod "$1")" -o 'jsonpath={.status.containerStatuses[0].state.running.startedAt}')
  ready=$(agent_status "$1" '.conditions[] | select(.type == "Ready") | .lastTransitionTime')
  echo $(($(date -d "$ready" +%s) - $(date -d "$started" +%s)))
}

is_tuned() { # NODE
  equal "$(agent_status "$1" .ready)" True &&
    equal "$(kc get node "n$1" -o 'jsonpath={.metadata.labels.k8skafka\.io/tuned}')" "$(agent_status "$1" .profileHash)"
}
all_tuned() { is_tuned 1 && is_tuned 2 && is_tuned 3; }
has_no_taint() { silent k8skafka.io/untuned kc get node "n$1" -o 'jsonpath={.spec.taints}'; }

drift_and_back() { # NODE VALUE
  local ms
  agent_sysctl "$1" net.core.somaxconn "$2" || return 1
  ms=$(agent_restored "$1" net.core.somaxconn 4096) || { echo "$ms"; return 1; }
  kafka_say "put back after $ms ms"
  [ "$ms" -lt 2000 ] || { echo "$ms ms"; return 1; }
}

events_of() { agent_events "$1" | grep -c -- "$2" || true; } # NODE REASON
has_events() { equal "$(events_of "$1" "$2")" "$3"; }
no_event_twice() {
  local twice
  twice=$(kc -n default get events -o json | jq -c '[.items[] | select(.source.component == "kafka-tunerd") |
    "\(.involvedObject.name) \(.reason) \(.message) \(.firstTimestamp)"] | group_by(.) | map(select(length > 1)[0])')
  equal "$twice" "[]"
}

t_case start
check "nothing of it is here" agent_gone
check "a new node's taint" kc taint node n3 k8skafka.io/untuned=:NoSchedule
# Number 3 of tcp_rmem is below what is wanted in every new network namespace.
agent_settings net.core.somaxconn net.ipv4.tcp_rmem | agent_folder "$folder"
check "on three nodes" agent_deploy "$folder" || { cluster_show "$agent_space"; done_testing; exit 1; }
check "and their objects say so" cluster_until 10 all_tuned
for node in 1 2 3; do
  seconds=$(seconds_to_ready "$node")
  kafka_say "n$node: READY $seconds s after the start of the container"
  check "n$node: less than 10 s" test "$seconds" -lt 10
  check "n$node: the network namespace is tuned" equal "$(agent_sysctl "$node" net.ipv4.tcp_rmem)" "$rmem"
done
check "the startup taint is gone" cluster_until 10 has_no_taint 3
agent_agrees() { # FILTER WANT
  equal "$(kc get nodetuning n1 -o json | jq -r "$1")" "$2"
}
check "its Node owns it" agent_agrees '.metadata.ownerReferences[0] | "\(.kind)/\(.name)"' Node/n1
run 0 kc get nodetunings
expect_stdout_has "NAME   READY   DRIFT   NOFILE   MAPS     DISK WRITE   AGE"
expect_stdout_has "n1     True    0                262144"
kc get nodetunings | sed 's/^/# /'
run 0 kc get nt -o wide
expect_stdout_has "Tuned"
run 0 kc explain nodetuning.status.rows.rival
expect_stdout_has "Who is known to set it otherwise"

t_case drift
check "put back within 2 s" drift_and_back 1 1024
check "counted" equal "$(agent_metric 1 k8skafka_restores_total)" 1
check "an Event says it, once, on the node where it was" cluster_until 10 has_events 1 "somaxconn" 1
check "nobody else says anything of it" has_events 2 somaxconn 0
agent_events 1 | sed 's/^/# /'

t_case rival
printf 'net.core.somaxconn = 512\n' | cluster_on 2 sh -c 'mkdir -p /run/sysctl.d && cat >/run/sysctl.d/60-other.conf'
check "the first time at once" drift_and_back 2 512
agent_sysctl 2 net.core.somaxconn 512
check "the second time later" cluster_until 15 agent_restored 2 net.core.somaxconn 4096 1
agent_sysctl 2 net.core.somaxconn 512
conflicts() { equal "$(agent_row 2 net.core.somaxconn state)" conflict; }
check "then it gives in" cluster_until 10 conflicts
check "the rival has a name" says "/run/sysctl.d/60-other.conf" agent_row 2 net.core.somaxconn rival
check "the condition Steady says it" says "False Conflict .*60-other.conf" agent_status 2 '.conditions[] | select(.type == "Steady") | "\(.status) \(.reason) \(.message)"'
check "the value is the rival's" equal "$(agent_sysctl 2 net.core.somaxconn)" 512
check "in the metrics" equal "$(agent_metric 2 k8skafka_conflicts)" 1
run 0 kc get nodetuning n2
expect_stdout_has "n2     False   1"
cluster_on 2 rm /run/sysctl.d/60-other.conf
agent_sysctl 2 net.core.somaxconn 4096
check "when the value is right again, so is the node" cluster_until 10 is_tuned 2
agent_events 2 | sed 's/^/# /'

t_case "API server away"
pids=$(for node in 1 2 3; do agent_pid "$node"; done)
check "stopped" tests/cluster/api stop
began=$SECONDS
sleep 2
check "the node is kept meanwhile" drift_and_back 3 2048
sleep $((AGENT_OUTAGE > SECONDS - began ? AGENT_OUTAGE - (SECONDS - began) : 0))
check "started" tests/cluster/api start
check "what happened is told" kafka_timed "told after the start" cluster_until 60 has_events 3 somaxconn 1
check "all are as they should be" cluster_until 60 all_tuned
check "the agents went on" equal "$(for node in 1 2 3; do agent_pid "$node"; done)" "$pids"
check "nothing is told twice" no_event_twice

t_case "kubelet restarted"
check "killed" tests/cluster/component 1 kubelet kill
sleep 5
check "the agent is the same" equal "$(agent_pid 1)" "$(head -n 1 <<<"$pids")"
check "the node is as before" cluster_until 30 is_tuned 1

t_case "killed at random"
told=$(agent_events)
for ((kill = 0; kill < AGENT_KILLS; kill++)); do
  node=$((RANDOM % 3 + 1))
  agent_sysctl "$node" net.core.somaxconn $((RANDOM % 1000 + 100))
  sleep "0.$((RANDOM % 10))"
  cluster_on "$node" sh -c 'kill -KILL $(pidof kafka-tunerd) 2>/dev/null'
  # A new pod at once: a container that ends often is started again later each time.
  pod=$(agent_pod "$node")
  [ -z "$pod" ] || kc -n "$agent_space" delete "$pod" --force --grace-period=0 >/dev/null 2>&1
  sleep "0.$((RANDOM % 10))"
done
kafka_say "$AGENT_KILLS agents killed"
sleep 1 # until the set knows that a pod is missing
check "all run again" cluster_ready "$agent_space" ds/kafka-tunerd 120
for node in 1 2 3; do
  check "n$node has its value" agent_restored "$node" net.core.somaxconn 4096 40
  check "n$node is tuned" cluster_until 30 is_tuned "$node"
  check "n$node: the journal is whole" cluster_on "$node" jq -es 'length > 0 and all(.seq and .event)' /var/lib/k8skafka/journal
done
check "no Event is there twice" no_event_twice
check "each was counted once" equal "$(kc -n default get events -o json | jq '[.items[] | select(.source.component == "kafka-tunerd") | .count] | unique | tojson' -r)" "[1]"
kafka_say "$(($(agent_events | wc -l) - $(wc -l <<<"$told"))) Events of $AGENT_KILLS kills, each with a value changed"

t_case cost
sleep 3
for node in 1 2 3; do
  pid=$(agent_pid "$node")
  read -r rss anon <<<"$(cluster_on "$node" awk '/^VmRSS/ { r = $2 } /^RssAnon/ { a = $2 } END { print r, a }' "/proc/$pid/status")"
  kafka_say "n$node: RSS $rss kB, of which $anon kB are not of files"
  check "n$node: RSS below 16 MB" test "$rss" -lt 16000
  check "n$node: its own memory below 6 MB" test "$anon" -lt 6000
done
cpu_of() { cluster_on "$1" awk '{ print $1 }' "/proc/$(agent_pid "$1")/schedstat"; } # nanoseconds
began=${EPOCHREALTIME/./} used=$(cpu_of 1)
sleep 30
used=$(($(cpu_of 1) - used)) us=$((${EPOCHREALTIME/./} - began))
kafka_say "n1: $((used / 1000)) us of processor in $((us / 1000)) ms: $(awk -v n="$used" -v u="$us" 'BEGIN { printf "%.3f", n / u / 10 }') % of a core"
check "metrics are well-formed" sh -c '"$1" 1 curl -s http://127.0.0.1:9644/metrics | promtool check metrics' sh tests/cluster/on-node

t_case "the way back"
agent_sysctl 1 net.ipv4.tcp_rmem "4096 131072 6291456"
check "tuned first" agent_restored 1 net.ipv4.tcp_rmem "$rmem"
check "the agent is deleted" kc delete -n "$agent_space" ds/kafka-tunerd --wait
sleep 2
check "the node stays tuned" equal "$(agent_sysctl 1 net.ipv4.tcp_rmem)" "$rmem"
sed -i 's/policy: apply/policy: check/' "$folder/kafka.yaml"
sed -i 's#overlays/tuner\]#overlays/tuner-revert]#' "$folder/kustomization.yaml"
check "the overlay tuner-revert takes it back" agent_deploy "$folder" || cluster_show "$agent_space"
for node in 1 2 3; do
  check "n$node has its old value" equal "$(agent_sysctl "$node" net.ipv4.tcp_rmem)" "4096 131072 6291456"
done
kc -n "$agent_space" logs "$(agent_pod 1)" -c revert | sed 's/^/# /'
check "uninstalled" kc delete --wait -k manifests/overlays/tuner
check "nothing of it is left in the cluster" silent "kafka-tunerd|nodetuning" \
  kc get all,crd,clusterrole,clusterrolebinding,priorityclass -A -l app.kubernetes.io/name=kafka-tunerd -o name
done_testing
