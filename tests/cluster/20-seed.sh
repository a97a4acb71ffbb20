#!/usr/bin/env bash
# What the first kubernetes-kafka promised, on three nodes: a broker on each and no fourth, volumes of anybody, ids from ordinals,
# its topic by its own commands, and messages that go in at one broker and come out at another.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=lib.sh
. tests/cluster/lib.sh
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh
folder=$kafka_scratch/my-kafka

# containerd's own clock: the status of a pod knows whole seconds only.
watch_start() {
  local i
  for i in 1 2 3; do
    cluster_on "$i" sh -c 'echo $$ >"$1" && exec ctr -n k8s.io events' watch "$kafka_scratch/watch-$i.pid" \
      >"$kafka_scratch/events-$i" 2>&1 {kafka_out}>&- &
  done
  at_exit watch_stop
}

watch_stop() {
  local i
  for i in 1 2 3; do cluster_on "$i" kill "$(cat "$kafka_scratch/watch-$i.pid")"; done
}

# containerd tells of a start a little after it, and of the creation before runc has done its own part: the truth is in between.
prepare_time() { # POD, prints two numbers of milliseconds
  local id
  id=$(kc -n kafka get pod "$1" -o jsonpath='{.status.initContainerStatuses[0].containerID}') || return 1
  grep -hE "/tasks/(create|start|exit) .*\"container_id\":\"${id#containerd://}\"" "$kafka_scratch"/events-? |
    sed 's/^[^ ]* \([0-9]*\):\([0-9]*\):\([0-9.]*\) .*\/tasks\/\([a-z]*\) .*/\1 \2 \3 \4/' |
    awk '{ at[$4] = ($1 * 60 + $2) * 60 + $3 } function ms(from) { return (at["exit"] - at[from] + 86400) % 86400 * 1000 }
      END { if (!("create" in at && "start" in at && "exit" in at)) exit 1; printf "%d %d\n", ms("start"), ms("create") }'
}

show_prepare_times() { # POD...
  local pod ms
  for pod in "$@"; do
    ms=$(prepare_time "$pod") || { echo "no start or no end of prepare in $pod"; return 1; }
    kafka_say "prepare in $pod: ${ms% *} to ${ms#* } ms, without and with what the runtime takes"
  done
}

# What the broker made is its own again: nothing of anybody else below the log dir.
owned() { # NODE LOG-DIR
  local strangers
  strangers=$(cluster_disk "$1" 0 find "$2" -ignore_readdir_race ! \( -user 1000 -group 1000 \)) || return 1
  equal "$strangers" ""
}

is_ready() { says True kc -n kafka get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'; }
is_not_ready() { says False kc -n kafka get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'; }
restarts() { kc -n kafka get pod "$1" -o 'jsonpath={.status.containerStatuses[0].restartCount}'; }

check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline

t_case "volumes of others"
for i in 0 1 2; do check "disk of node $((i + 1)) for kafka-$i" cluster_claim kafka "data-0-kafka-$i" $((i + 1)) 0; done
check "1001's, with a log dir inside" cluster_disk 1 0 sh -c 'mkdir kafka-log0 && chown -R 1001:1001 . && chmod 750 . kafka-log0'
check "root's, 0700" cluster_disk 2 0 sh -c 'chown 0:0 . && chmod 700 .'
check "2000's, with no right for anybody" cluster_disk 3 0 sh -c 'mkdir kafka-log2 && chown -R 2000:3000 . && chmod 000 . kafka-log2'
t_case

watch_start
check "new-cluster" kafka_folder kraft-combined "$folder"
check "with racks" kafka_component "$folder" rack
check "applied, and all Ready" kafka_deploy "$folder" 150 || { cluster_show kafka; done_testing; exit 1; }
for i in 0 1 2; do check "kafka-$i has its log dir, as user 1000" owned $((i + 1)) "kafka-log$i"; done
check "time of prepare" show_prepare_times kafka-0 kafka-1 kafka-2

t_case anti-affinity
check "a broker on each node" equal "$(for i in 0 1 2; do cluster_node_of kafka "kafka-$i"; done | sort -u | paste -sd' ')" "1 2 3"
check "a fourth is asked for" kc -n kafka scale statefulset kafka --replicas 4
check "it stays Pending" cluster_until 20 says "didn't match pod anti-affinity" \
  kc -n kafka get pod kafka-3 -o 'jsonpath={.status.phase} {.status.conditions[*].message}'
check "and has no node" equal "$(kc -n kafka get pod kafka-3 -o 'jsonpath={.status.phase}{.spec.nodeName}')" Pending
check "three again" kc -n kafka scale statefulset kafka --replicas 3
check "it is gone" kc -n kafka wait --for delete pod/kafka-3 --timeout 30s
t_case

t_case "by the commands of old"
check "exec a shell, make a topic" says 'Created topic test' kc -n kafka exec -i kafka-0 -- bash <<'SHELL'
kafka-topics.sh --create \
--topic test \
--bootstrap-server localhost:9093 \
--partitions 3 \
--replication-factor 2
SHELL
kc -n kafka exec -i kafka-0 -- bash >"$kafka_scratch/consumed" 2>/dev/null <<'SHELL' &
kafka-console-consumer.sh --topic test --bootstrap-server localhost:9093 --from-beginning --max-messages 3 --timeout-ms 90000
SHELL
consumer=$!
check "ids are ordinals" equal "$(kc -n kafka exec -i kafka-1 -- kafka-broker-api-versions.sh --bootstrap-server localhost:9093 2>/dev/null |
  sed -n 's/^\(kafka-[0-9]\)\..*:9093 (id: \([0-9]*\) .*/\1=\2/p' | sort | paste -sd' ')" "kafka-0=0 kafka-1=1 kafka-2=2"
check "racks are the zones of the nodes" equal "$(kc -n kafka exec -i kafka-1 -- kafka-broker-api-versions.sh --bootstrap-server localhost:9093 2>/dev/null |
  sed -n 's/^\(kafka-[0-9]\)\..* rack: \([^ )]*\).*/\1=\2/p' | sort | paste -sd' ')" "kafka-0=here-a kafka-1=here-b kafka-2=here-c"
check "produce on another broker" kc -n kafka exec -i kafka-1 -- kafka-console-producer.sh --topic test --broker-list localhost:9093 <<'LINES'
hello
I like kafka
goodbye
LINES
wait "$consumer"
check "the consumer has read them" equal "$(LC_ALL=C sort "$kafka_scratch/consumed" | paste -sd,)" "I like kafka,goodbye,hello"
check "partitions and replicas" says 'PartitionCount: 3[[:space:]]+ReplicationFactor: 2' \
  kc -n kafka exec kafka-2 -- kafka-topics.sh --describe --topic test --bootstrap-server localhost:9093
t_case

t_case "a broker that hangs"
before=$(restarts kafka-2)
process=$(cluster_on 3 pgrep -o -x java)
check "ready" is_ready kafka-2
check "stopped" cluster_on 3 kill -STOP "$process"
check "not ready any more" cluster_until 40 is_not_ready kafka-2
check "but not killed" equal "$(restarts kafka-2)" "$before"
check "it goes on" cluster_on 3 kill -CONT "$process"
check "ready again" cluster_until 30 is_ready kafka-2
t_case

# Data of a broker that somebody copied or restored as another user.
t_case "everything on the volume given away"
check "in the running broker's log dir" cluster_disk 1 0 chown -R 1001:1001 .
check "the pod is deleted" kc -n kafka delete pod kafka-0 --grace-period 10
check "Ready again" kafka_timed "deleted pod Ready again" cluster_ready kafka pod/kafka-0 90 || cluster_show kafka
check "the data is 1000's again" owned 1 kafka-log0
check "prepare says how many" says 'owner +[0-9]+ entries, [0-9]+ given to 1000:1000' kc -n kafka logs kafka-0 -c prepare
check "time of prepare" show_prepare_times kafka-0
check "the messages are there" says 'I like kafka' kc -n kafka exec -i kafka-0 -- kafka-console-consumer.sh --topic test \
  --bootstrap-server localhost:9093 --from-beginning --max-messages 3 --timeout-ms 60000
t_case
done_testing
