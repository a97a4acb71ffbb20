#!/usr/bin/env bash
# Kafka 3.9 in ZooKeeper mode on a volume that prepare made.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
need_cmd java javac setpriv
. tests/pod.sh
. tests/kafka/bed.sh
. tests/kafka/node.sh
node_own_network
bed_need 3.9.2 || exit 1
. tests/kafka/zookeeper.sh

zookeeper_life 3.9.2 docs/examples/kafka-3.9-zookeeper.yaml -e 's/min.insync.replicas: 2/min.insync.replicas: 1/' \
  -e 's/partitions: .*/partitions: 100/'
done_testing
