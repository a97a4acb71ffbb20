#!/usr/bin/env bash
# Kafka 0.10.2 with the 87 overrides of the first kubernetes-kafka manifests, on a volume that prepare made.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
need_cmd java javac setpriv
. tests/pod.sh
. tests/kafka/bed.sh
. tests/kafka/node.sh
node_own_network
bed_need 0.10.2.0 3.9.2 || exit 1
. tests/kafka/zookeeper.sh

zookeeper_life 0.10.2.0 docs/examples/kafka-0.10.2-seed.yaml -e 's/partitions: .*/partitions: 100/'
done_testing
