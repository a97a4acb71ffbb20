#!/usr/bin/env bash
# The overlay zookeeper: an ensemble of three and three brokers of Kafka 3.9, a pair on each node, ids from ordinals, and no
# acknowledged message lost while brokers and ensemble are restarted one after the other.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=lib.sh
. tests/cluster/lib.sh
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh

has_brokers() { equal "$(kafka_ids)" "0=0 1=1 2=2 "; }

restart() { # SET
  kc -n kafka rollout restart "statefulset/$1" && kafka_timed "rolling restart of $1" cluster_ready kafka "sts/$1" 150
}

folder=$kafka_scratch/my-kafka
check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline
# All three: another broker must not be seated on the only node that has this one's disk.
for i in 0 1 2; do check "disk of node $((i + 1)) for kafka-$i" cluster_claim kafka "data-0-kafka-$i" $((i + 1)) 0; done
check "one is a stranger's, log dir and all" cluster_disk 2 0 sh -c 'mkdir kafka-log1 && chown -R 2000:3000 . && chmod 700 . kafka-log1'

check "new-cluster" kafka_folder zookeeper "$folder"
check "a small ensemble" kafka_ensemble_small "$folder"
check "applied, and all Ready" kafka_deploy "$folder" 150 || { cluster_show kafka; done_testing; exit 1; }
check "the client" kafka_client

t_case places
for set in kafka zookeeper; do
  check "one of $set on each node" equal "$(for i in 0 1 2; do cluster_node_of kafka "$set-$i"; done | sort | tr '\n' ' ')" "1 2 3 "
done
check "kafka-1 is where its disk is" equal "$(cluster_node_of kafka kafka-1)" 2

t_case identity
check "the ensemble has one leader" cluster_until 20 kafka_ensemble_is "follower follower leader "
check "ids are the ordinals" cluster_until 20 has_brokers
for i in 0 1 2; do
  check "kafka-$i wrote its id" says "^broker.id=$i$" kafka_exec "kafka-$i" cat "/var/lib/kafka/data-0/kafka-log$i/meta.properties"
done
check "and is in ZooKeeper mode" says '^version=0$' kafka_exec kafka-0 cat /var/lib/kafka/data-0/kafka-log0/meta.properties
check "the stranger's log dir is the broker's" equal "$(cluster_disk 2 0 stat -c %u:%g kafka-log1)" 1000:1000
check "zookeeper-2 is server 3" equal "$(kc -n kafka exec zookeeper-2 -- cat /var/lib/zookeeper/data/myid)" 3

t_case messages
check "a topic on two brokers" kafka_topic pair --partitions 3 --replication-factor 2
produce() { seq 1 100 | kafka_exec client timeout 60 kafka-console-producer.sh --bootstrap-server kafka-0.kafka.kafka.svc:9093 --topic pair; }
consume() {
  kafka_exec client timeout 60 kafka-console-consumer.sh --bootstrap-server kafka-2.kafka.kafka.svc:9093 --topic pair \
    --from-beginning --max-messages 100 --timeout-ms 20000 2>/dev/null | sort -n | tr '\n' ' '
}
check "in at kafka-0" produce
check "out at kafka-2" equal "$(consume)" "$(seq 1 100 | tr '\n' ' ')"

t_case "rolling restart"
check "a topic on three" kafka_topic counted
check "the producer counts" kafka_count_start counted 100
check "of the brokers" restart kafka || cluster_show kafka
check "of the ensemble" restart zookeeper || cluster_show kafka
check "the ensemble has one leader" cluster_until 20 kafka_ensemble_is "follower follower leader "
check "all are registered again" cluster_until 20 has_brokers
check "the producer ends" kafka_count_stop
check "nothing acknowledged is lost" kafka_count_check counted
check "all replicas are in sync" kafka_in_sync 60

done_testing
