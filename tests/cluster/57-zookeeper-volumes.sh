#!/usr/bin/env bash
# The overlay zookeeper with volumes that are not theirs: swapped ones, and one of another cluster, which prepare can tell once the
# cluster's id stands in kafka.yaml, and the broker before. The pods stay where they are and say so; nothing on the volume is changed.
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
another=AnotherClusterThanThat

uids() { kc -n kafka get pod kafka-0 kafka-1 -o 'jsonpath={.items[*].metadata.uid}'; }
cluster_id() { kafka_meta 1 | sed -n 's/^cluster\.id=//p'; }
set_cluster_id() { cluster_disk 3 0 sed -i "s/^cluster.id=.*/cluster.id=$1/" kafka-log2/meta.properties; } # ID, of kafka-2's volume
describe() { kc -n kafka describe pod kafka-2; }
# The pod has to go by hand: a set whose last pod is not ready may wait for it before it replaces it.
with_id() { # ID, in kafka.yaml, for kafka-2 first
  sed -i "s/^  version: .*/&\n  clusterId: \"$1\"/" "$folder/kafka.yaml" && kc apply --server-side -k "$folder" &&
    kc -n kafka delete pod kafka-2 --grace-period 1 --ignore-not-found --timeout 60s
}
handoff_has() { # POD ID
  says "\"clusterId\": *\"$2\"" kafka_exec "$1" cat /run/k8skafka/handoff.json
}

check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline
for i in 0 1 2; do check "disk of node $((i + 1)) for kafka-$i" cluster_claim kafka "data-0-kafka-$i" $((i + 1)) 0; done
check "new-cluster" kafka_folder zookeeper "$folder"
check "a small ensemble" kafka_ensemble_small "$folder"
check "applied, and all Ready" kafka_deploy "$folder" 150 || { cluster_show kafka; done_testing; exit 1; }
check "a client" kafka_client 1
check "a topic" kafka_topic orders --partitions 6 --replication-factor 3
check "a producer runs" kafka_count_start orders 100
check "and ends" kafka_count_stop
check "in sync" kafka_in_sync

kafka_swap_case orders
check "in sync" kafka_in_sync

t_case "a volume of another cluster"
id=$(cluster_id)
as_it_was=$(kafka_meta 3)
check "the brokers chose an id" test -n "$id"
check "kafka-2's volume has another" set_cluster_id "$another"
check "the pod is deleted" kc -n kafka delete pod kafka-2 --grace-period 30 --timeout 60s
check "the broker itself does not start, and describe says why" \
  cluster_until 90 says "Invalid cluster.id in: .*kafka-log2/meta.properties. Expected $id, but read $another" describe
check "nothing was changed" equal "$(kafka_meta 3)" "${as_it_was//$id/$another}"

t_case "a volume of another cluster, and the id in kafka.yaml"
before=$(uids)
check "the id is given" with_id "$id"
check "it stays in init" cluster_until 90 kafka_waits kafka-2
check "describe says whose it is" says "belongs to cluster $another, this is cluster $id" kafka_verdict kafka-2
kafka_show_verdict kafka-2
check "nothing was changed" equal "$(kafka_meta 3)" "${as_it_was//$id/$another}"
check "the other brokers wait with the change" equal "$(uids)" "$before"
check "as it was" set_cluster_id "$id"
check "the pod is deleted" kc -n kafka delete pod kafka-2 --grace-period 1 --timeout 60s
check "it is Ready, and the others follow" kafka_timed "one Ready, two restarted" cluster_ready kafka sts/kafka 150 || cluster_show kafka
for i in 0 1 2; do check "kafka-$i knows the id" handoff_has "kafka-$i" "$id"; done
check "in sync" kafka_in_sync
check "every message is still there" kafka_count_check orders
done_testing
