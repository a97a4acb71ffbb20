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
is_pending() { says Pending kc -n kafka get pod "$1" -o 'jsonpath={.status.phase}'; }
verdict() { kc -n kafka describe pod "$1" | sed -n '/^Init Containers:/,/^Containers:/p'; }
waits() { # POD: it is in init after prepare has ended at least twice
  says '^Pending [2-9]' kc -n kafka get pod "$1" -o 'jsonpath={.status.phase} {.status.initContainerStatuses[0].restartCount}'
}
meta() { cluster_disk "$1" 0 sh -c 'cat kafka-log*/meta.properties'; } # NODE

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
check "its broker waits for it" cluster_until 20 is_pending kafka-1
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
as_it_was=$(meta 3)
check "kafka-2's node.id becomes 7" cluster_disk 3 0 sed -i 's/^node.id=.*/node.id=7/' kafka-log2/meta.properties
check "the pod is deleted" kc -n kafka delete pod kafka-2 --grace-period 10
check "it stays in init" cluster_until 60 waits kafka-2
check "describe says why" says 'belongs to node 7 .*this pod is node 2' verdict kafka-2
verdict kafka-2 | sed -n '/Message:/,/Exit Code:/s/^/# /p'
check "nothing was changed" equal "$(meta 3)" "${as_it_was//node.id=2/node.id=7}"
check "as it was" cluster_disk 3 0 sed -i 's/^node.id=.*/node.id=2/' kafka-log2/meta.properties
check "the pod is deleted" kc -n kafka delete pod kafka-2 --grace-period 1
check "Ready" cluster_ready kafka pod/kafka-2 90 || cluster_show kafka
check "in sync" kafka_in_sync

# By hand, as after a restore in which two claims were mixed up.
claims() { # NODE-OF-KAFKA-1 NODE-OF-KAFKA-2
  kc -n kafka delete pvc data-0-kafka-1 data-0-kafka-2 --timeout 30s &&
    kc patch pv n2-disk0 n3-disk0 --type json -p '[{"op":"remove","path":"/spec/claimRef"}]' &&
    cluster_claim kafka data-0-kafka-1 "$1" 0 && cluster_claim kafka data-0-kafka-2 "$2" 0
}
only_one() {
  kc -n kafka scale statefulset kafka --replicas 1 &&
    kc -n kafka delete pod kafka-1 kafka-2 --grace-period 5 --ignore-not-found --timeout 60s
}

t_case "two volumes swapped"
first=$(meta 2) second=$(meta 3)
check "two brokers end" only_one
check "their claims are mixed up" claims 3 2
check "they are started" kc -n kafka scale statefulset kafka --replicas 3
for i in 1 2; do
  check "kafka-$i stays in init" cluster_until 60 waits "kafka-$i"
  check "describe says whose it is" says "belongs to node $((3 - i)) .*this pod is node $i" verdict "kafka-$i"
  verdict "kafka-$i" | sed -n '/Message:/,/Exit Code:/s/^/# /p'
done
check "nothing was changed" equal "$(meta 2) $(meta 3)" "$first $second"
check "they end" only_one
check "the claims are put right" claims 2 3
check "they are started" kc -n kafka scale statefulset kafka --replicas 3
check "all are Ready" cluster_ready kafka sts/kafka 120 || cluster_show kafka
check "every message is still there" kafka_count_check orders
t_case
done_testing
