#!/usr/bin/env bash
# The overlay zookeeper, as 30-scale.sh and 40-rolling.sh do it in KRaft mode: out from two brokers to three and back with
# manifests/reassign and scale-down under a producer, and a drained node, which takes a broker and a server of the ensemble along.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=lib.sh
. tests/cluster/lib.sh
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh
kafka_path
export REASSIGN_POLL_SECONDS=1
folder=$kafka_scratch/my-kafka

uncordon() { kc uncordon n1 n2 n3 >/dev/null; }
at_exit uncordon
has_ids() { equal "$(kafka_ids)" "$1"; } # "ORDINAL=ID "...
on_node() { # NODE: the ordinal of the server of the ensemble that is there
  local i
  for i in 0 1 2; do [ "$(cluster_node_of kafka "zookeeper-$i")" != "$1" ] || echo "$i"; done
}
# Neither budget lets a pod of n3 go.
both_stay() { # ORDINAL-OF-SERVER
  local output pod
  ! output=$(kc drain n3 --ignore-daemonsets --delete-emptydir-data --timeout 6s 2>&1) || { printf 'drained: %s\n' "$output"; return 1; }
  for pod in kafka-2 "zookeeper-$1"; do
    grep -q "\"$pod\".*would violate the pod's disruption budget" <<<"$output" || { printf 'no %s in: %s\n' "$pod" "$output"; return 1; }
  done
}

check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline
# Also that of the broker to come: a server of the ensemble must not take it.
for i in 0 1 2; do check "disk of node $((i + 1)) for kafka-$i" cluster_claim kafka "data-0-kafka-$i" $((i + 1)) 0; done
check "new-cluster" kafka_folder zookeeper "$folder"
check "with two brokers" kafka_two_brokers "$folder"
check "a small ensemble" kafka_ensemble_small "$folder"
check "an ensemble and two brokers" kafka_deploy "$folder" 150 || { cluster_show kafka; done_testing; exit 1; }
check "a client, not on the node to be drained" kafka_client 1
check "the ensemble has one leader" cluster_until 20 kafka_ensemble_is "follower follower leader "
check "two brokers are registered" cluster_until 20 has_ids "0=0 1=1 "
check "a topic" kafka_topic orders --partitions 6 --replication-factor 2
check "a producer runs" kafka_count_start orders 200

t_case out
check "kubectl scale, then reassign" kafka_timed "scaled from 2 to 3 with reassignment" kafka_scale_out || cluster_show kafka
check "each on its own node" equal "$(for i in 0 1 2; do cluster_node_of kafka "kafka-$i"; done | sort | tr '\n' ' ')" "1 2 3 "
check "the id is the ordinal" cluster_until 20 has_ids "0=0 1=1 2=2 "
check "the new broker has its share" test "$(kafka_on_broker 2)" -ge 4
check "the throttle is off" silent 'throttled' kafka_tool configs --describe --entity-type brokers --entity-name 2
check "in sync" kafka_in_sync

t_case down
run 1 manifests/scale-down 2
expect_stderr_has "partitions are on brokers 2"
expect_stderr_has "manifests/reassign -n kafka -s kafka --from 2 --to 0,1"
check "nothing was scaled" equal "$(kafka_replicas kafka)" 3
check "the broker is emptied" kafka_timed "reassigned from 3 brokers to 2" \
  manifests/reassign --from 2 --to 0,1 --plan "$kafka_scratch/down" --timeout 120
check "no partition is left on it" equal "$(kafka_on_broker 2)" 0
check "scale-down" kafka_timed "scale-down to 2" manifests/scale-down 2 || cluster_show kafka
check "two are left" equal "$(kafka_replicas kafka) $(kc -n kafka get pod -l app.kubernetes.io/component=broker -o name | wc -l)" "2 2"
check "the claim is kept" says Bound kc -n kafka get pvc data-0-kafka-2
# It took leave of ZooKeeper when it ended; nobody has to unregister it.
check "the broker is forgotten" cluster_until 30 has_ids "0=0 1=1 "

t_case ensemble
run 2 manifests/scale-down 2 -s zookeeper
expect_stderr_has "the pods of zookeeper are not Kafka's"
check "all servers are there" equal "$(kafka_replicas zookeeper)" 3

t_case data
check "the producer ends" kafka_count_stop
check "no acknowledged message is lost" kafka_count_check orders

t_case "out again"
check "kubectl scale" kc -n kafka scale statefulset kafka --replicas 3
check "the broker comes back on its old volume" kafka_timed "third broker Ready on its old volume" cluster_ready kafka sts/kafka 120 || cluster_show kafka
check "and is known again" cluster_until 30 has_ids "0=0 1=1 2=2 "

t_case drain
check "a topic on three" kafka_topic steady --partitions 6 --replication-factor 3 --config min.insync.replicas=2
check "a producer runs" kafka_count_start steady 100
server=$(on_node 2) next=$(on_node 3)
check "n2 is drained" kafka_timed "drained" kc drain n2 --ignore-daemonsets --delete-emptydir-data --timeout 120s
check "its broker waits for it" cluster_until 20 kafka_is_pending kafka-1
check "its server of the ensemble, too" cluster_until 20 kafka_is_pending "zookeeper-$server"
check "the other two have a leader" cluster_until 30 kafka_ensemble_is "follower leader "
check "the budgets keep the next broker and the next server" both_stay "$next"
check "n2 is back" kc uncordon n2 n3
check "its broker, too" kafka_timed "broker Ready after uncordon" cluster_ready kafka pod/kafka-1 90 || cluster_show kafka
check "its server, too" cluster_ready kafka "pod/zookeeper-$server" 60 || cluster_show kafka
check "the ensemble is whole" cluster_until 30 kafka_ensemble_is "follower follower leader "
check "all are registered" cluster_until 30 has_ids "0=0 1=1 2=2 "
check "in sync" kafka_in_sync
check "the producer ends" kafka_count_stop
check "no acknowledged message is lost" kafka_count_check steady
done_testing
