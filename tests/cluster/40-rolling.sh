#!/usr/bin/env bash
# Brokers come and go under a producer: a rolling restart, a drained node, and pods that get a volume which is not theirs, which
# stay where they are and say so. No acknowledged message is lost.
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

uncordon() { kc uncordon n1 n2 n3 >/dev/null; }
at_exit uncordon
restart() { kc -n kafka rollout restart statefulset/kafka && cluster_ready kafka sts/kafka 180; }
uids() { kc -n kafka get pod kafka-0 kafka-1 kafka-2 -o 'jsonpath={.items[*].metadata.uid}'; }
differ() { # A B: word by word
  local a b i
  read -ra a <<<"$1"
  read -ra b <<<"$2"
  for i in 0 1 2; do [ "${a[i]}" != "${b[i]}" ] || { echo "kafka-$i is the old pod"; return 1; }; done
}

check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline
for i in 0 1 2; do check "disk of node $((i + 1)) for kafka-$i" cluster_claim kafka "data-0-kafka-$i" $((i + 1)) 0; done
check "new-cluster" kafka_folder kraft-combined "$folder"
check "applied, and all Ready" kafka_deploy "$folder" 150 || { cluster_show kafka; done_testing; exit 1; }
check "a client" kafka_client 1
check "a topic" kafka_topic orders --partitions 6 --replication-factor 3
check "a producer runs" kafka_count_start orders 100

t_case "rolling restart"
before=$(uids)
check "one after the other" kafka_timed "rolling restart of 3" restart || cluster_show kafka
check "all are new" differ "$before" "$(uids)"
check "in sync" kafka_in_sync

t_case drain
check "n2 is drained" kafka_timed "drained" kc drain n2 --ignore-daemonsets --delete-emptydir-data --timeout 90s
check "its broker waits for it" cluster_until 20 kafka_is_pending kafka-1
check "the budget keeps the next one" refused "would violate the pod's disruption budget" \
  kc drain n3 --ignore-daemonsets --delete-emptydir-data --timeout 6s
check "n2 is back" kc uncordon n2 n3
check "its broker, too" kafka_timed "Ready after uncordon" cluster_ready kafka pod/kafka-1 90 || cluster_show kafka
check "in sync" kafka_in_sync

t_case data
check "the producer ends" kafka_count_stop
check "no acknowledged message is lost" kafka_count_check orders

t_case
# ---- Volumes that are not theirs ----

t_case "an id changed on the disk"
as_it_was=$(kafka_meta 3)
check "kafka-2's node.id becomes 7" cluster_disk 3 0 sed -i 's/^node.id=.*/node.id=7/' kafka-log2/meta.properties
check "the pod is deleted" kc -n kafka delete pod kafka-2 --grace-period 10
check "it stays in init" cluster_until 60 kafka_waits kafka-2
check "describe says why" says 'belongs to node 7 .*this pod is node 2' kafka_verdict kafka-2
kafka_show_verdict kafka-2
check "nothing was changed" equal "$(kafka_meta 3)" "${as_it_was//node.id=2/node.id=7}"
check "as it was" cluster_disk 3 0 sed -i 's/^node.id=.*/node.id=2/' kafka-log2/meta.properties
check "the pod is deleted" kc -n kafka delete pod kafka-2 --grace-period 1
check "Ready" cluster_ready kafka pod/kafka-2 90 || cluster_show kafka
check "in sync" kafka_in_sync

kafka_swap_case orders
done_testing
