#!/usr/bin/env bash
# Out from two brokers to three and back, while a producer runs: new brokers get their share by manifests/reassign, scale-down
# refuses to take one that holds anything, and no acknowledged message is lost on the way.
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

check "the namespace is new" cluster_fresh kafka
check "new-cluster" kafka_folder kraft "$folder"
check "with two brokers" kafka_two_brokers "$folder"
check "three controllers and two brokers" kafka_deploy "$folder" 180 || { cluster_show kafka; done_testing; exit 1; }
check "a client" kafka_client
check "a topic" kafka_topic orders --partitions 6 --replication-factor 2
check "a producer runs" kafka_count_start orders 200

t_case out
check "kubectl scale, then reassign" kafka_timed "scaled from 2 to 3 with reassignment" kafka_scale_out || cluster_show kafka
check "each on its own node" equal "$(for i in 0 1 2; do cluster_node_of kafka "kafka-$i"; done | sort -u | wc -l)" 3
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
check "the broker is forgotten" silent '\(id: 2 ' kafka_tool broker-api-versions

t_case controllers
run 1 manifests/scale-down 2 -s kafka-controller
expect_stderr_has "voter"
check "all are there" equal "$(kafka_replicas kafka-controller)" 3

t_case data
check "the producer ends" kafka_count_stop
check "no acknowledged message is lost" kafka_count_check orders

t_case "out again"
check "kubectl scale" kc -n kafka scale statefulset kafka --replicas 3
check "the broker comes back on its old volume" kafka_timed "third broker Ready on its old volume" cluster_ready kafka sts/kafka 120 || cluster_show kafka
check "and is known again" cluster_until 30 says '\(id: 2 ' kafka_tool broker-api-versions
done_testing
