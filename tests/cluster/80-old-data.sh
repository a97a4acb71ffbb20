#!/usr/bin/env bash
# Volumes that others wrote, by real brokers: a StatefulSet as the images of that time made them, data at the root of the mount, user
# 1001. They are taken over in place the way docs/kubernetes.md says, and what cannot be taken over is refused with the way on.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=lib.sh
. tests/cluster/lib.sh
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh

mount=/var/lib/kafka/data-0
old_id=0ldDataOfSomebody_Els3w
kafka39_image=${kafka_image/4.3.1/3.9.2}

# The broker of somebody else. Its pod has labels of its own, its claim the name that ours looks for.
old_set() { # IMAGE COMMAND...; server.properties from standard input
  sed "s/^/    /" >"$kafka_scratch/properties"
  cat <<YAML
apiVersion: v1
kind: Service
metadata: {name: kafka}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {app: old}
  ports: [{name: kafka, port: 9093}, {name: controller, port: 9094}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: old}
data:
  server.properties: |
$(cat "$kafka_scratch/properties")
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: kafka}
spec:
  serviceName: kafka
  replicas: 1
  selector: {matchLabels: {app: old}}
  template:
    metadata: {labels: {app: old}}
    spec:
      terminationGracePeriodSeconds: 60
      securityContext: {runAsUser: 1001, runAsGroup: 1001}
      containers:
      - name: kafka
        image: $1
        command: [bash, -euc, "$2"]
        env: [{name: KAFKA_HEAP_OPTS, value: -Xmx300M -XX:TieredStopAtLevel=1}]
        readinessProbe: {tcpSocket: {port: 9093}, periodSeconds: 1}
        volumeMounts: [{name: data-0, mountPath: $mount}, {name: config, mountPath: /etc/old}]
      volumes: [{name: config, configMap: {name: old}}]
  volumeClaimTemplates:
  - metadata: {name: data-0}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
YAML
}
apply_old() { old_set "$@" | kc -n kafka apply -f - && cluster_ready kafka sts/kafka 90; }

# A disk of user 1001 for it, which is where its data is later on.
old_disk() { cluster_claim kafka data-0-kafka-0 1 0 && cluster_disk 1 0 chown 1001:1001 .; }

fill_topic() {
  kafka_topic old --partitions 1 --replication-factor 1 &&
    seq 1 1000 | kafka_exec client timeout 60 kafka-console-producer.sh --bootstrap-server "$kafka_brokers" --topic old
}
read_topic() { # [LAST]
  equal "$(kafka_tool console-consumer --topic old --partition 0 --offset earliest --max-messages "${1:-1000}" --timeout-ms 20000 2>/dev/null |
    tr '\n' ' ')" "$(seq 1 "${1:-1000}" | tr '\n' ' ')"
}

# docs/kubernetes.md, "Taking over old data": the set without its pods, ours, then the pod.
take_over() { # FOLDER
  kc -n kafka delete statefulset kafka --cascade=orphan &&
    kc apply --server-side -k "$1" &&
    kc -n kafka delete pod kafka-0 --timeout 90s
}
verdict() {
  kc -n kafka get pod kafka-0 \
    -o jsonpath='{.status.initContainerStatuses[0].state.terminated.message}{.status.initContainerStatuses[0].lastState.terminated.message}'
}
refuses() { says "$1" verdict; } # PATTERN
describes() { kc -n kafka describe pod kafka-0 | tr -s ' \n' ' '; }
is_ready() { kafka_timed "Ready" cluster_ready kafka sts/kafka "$1" || { cluster_show kafka; return 1; }; } # SECONDS
# Without .lock and .kafka_cleanshutdown, which come and go with the broker.
layout() { cluster_disk 1 0 find . -mindepth 1 -maxdepth 1 ! -name '.*' -printf '%f\n' | sort | tr '\n' ' '; }
owners() { cluster_disk 1 0 find . -printf '%U:%G\n' | sort -u | tr '\n' ' '; }
one_broker() { sed -i '/^patches:/i replicas:\n  - {name: kafka, count: 1}' "$1/kustomization.yaml"; }
with_id() { sed -i "s/^\(  clusterId:\) .*/\1 $2/" "$1/kafka.yaml"; } # FOLDER ID

# What the old broker talks to: of the overlay only the ensemble.
ensemble() { # FOLDER
  mkdir "$1" && cat >"$1/kustomization.yaml" <<YAML || return 1
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: kafka
resources: [$(realpath --relative-to="$1" manifests/overlays/zookeeper/ensemble)]
images: [{name: docker.io/k8skafka/kafka, newTag: ${kafka39_image##*:}}]
YAML
  kc apply --server-side -k "$1"
}

# ---- KRaft, 4.3 ----

t_case "KRaft data at the root of the mount"
check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline
check "a disk" old_disk
check "the old broker is Ready" apply_old "$kafka_image" \
  "kafka-storage.sh format -g -t $old_id --standalone -c /etc/old/server.properties; exec kafka-server-start.sh /etc/old/server.properties" \
  <<PROPERTIES
process.roles=broker,controller
node.id=0
log.dirs=$mount
listeners=PLAINTEXT://:9093,CONTROLLER://:9094
advertised.listeners=PLAINTEXT://kafka-0.kafka.kafka.svc:9093,CONTROLLER://kafka-0.kafka.kafka.svc:9094
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.bootstrap.servers=kafka-0.kafka.kafka.svc:9094
offsets.topic.replication.factor=1
PROPERTIES
check "the client" kafka_client 2
check "a thousand messages" fill_topic
check "all of it is of 1001" equal "$(owners)" "1001:1001 "
before=$(layout)

folder=$kafka_scratch/dev
check "new-cluster" kafka_folder dev "$folder"
check "of another cluster" with_id "$folder" AnotherClusterThanThat
check "the set is replaced, then the pod" take_over "$folder"
check "a volume of another cluster is refused" cluster_until 60 refuses "belongs to cluster $old_id, this is cluster AnotherClusterThanThat; nothing was"
check "and nothing of it was changed" equal "$(owners)$(layout)" "1001:1001 $before"
check "the id of meta.properties" with_id "$folder" "$old_id"
check "is Ready with it" kafka_deploy "$folder" 90 || cluster_show kafka
check "the messages are there" read_topic
check "the log dir is the mount itself" says "^log.dirs=$mount$" kafka_exec kafka-0 cat /run/k8skafka/server.properties
check "no folder was made beside the data" equal "$(layout)" "$before"
check "all of it is the broker's now" equal "$(owners)" "1000:1000 "

# ---- lost+found, which mkfs.ext4 leaves ----

t_case "lost+found beside the data"
check "the broker is away" kc -n kafka scale statefulset kafka --replicas 0
check "and its pod" kc -n kafka wait --for delete pod/kafka-0 --timeout 60s
check "lost+found" cluster_disk 1 0 mkdir -m 700 lost+found
check "the broker is to start" kc -n kafka scale statefulset kafka --replicas 1
check "prepare refuses" cluster_until 60 refuses 'beside folders that are no partitions: lost\+found'
check "kubectl describe shows the next step" says "rmdir $mount/lost.found" describes
check "which is done" cluster_disk 1 0 rmdir lost+found
check "the broker is Ready by itself" is_ready 90
check "the messages are there" read_topic

# ---- ZooKeeper mode, 3.9 ----

t_case "ZooKeeper data at the root of the mount"
check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline
check "a disk" old_disk
check "new-cluster" kafka_folder zookeeper "$kafka_scratch/zookeeper"
check "of one broker" one_broker "$kafka_scratch/zookeeper"
check "an ensemble" ensemble "$kafka_scratch/ensemble"
check "is Ready" cluster_ready kafka sts/zookeeper 60
check "the old broker is Ready" apply_old "$kafka39_image" "exec kafka-server-start.sh /etc/old/server.properties" <<PROPERTIES
broker.id=0
log.dirs=$mount
listeners=PLAINTEXT://:9093
advertised.listeners=PLAINTEXT://kafka-0.kafka.kafka.svc:9093
zookeeper.connect=zookeeper-0.zookeeper:2181,zookeeper-1.zookeeper:2181,zookeeper-2.zookeeper:2181
PROPERTIES
check "the client" kafka_client 2
check "a thousand messages" fill_topic
before=$(layout)

check "new-cluster" kafka_folder dev "$kafka_scratch/kraft"
check "a KRaft set takes its place" take_over "$kafka_scratch/kraft"
check "and is refused" cluster_until 60 refuses 'was written in ZooKeeper mode'
check "kubectl describe shows the next step" says 'migrate with Kafka 3.9 \(KIP-866\), or leave kafka.roles out' describes
check "nothing was changed" equal "$(owners)$(layout)" "1001:1001 $before"
check "a set in ZooKeeper mode takes its place" take_over "$kafka_scratch/zookeeper"
check "and is Ready" is_ready 90
check "the messages are there" read_topic
check "the log dir is the mount itself" says "^log.dirs=$mount$" kafka_exec kafka-0 cat /run/k8skafka/server.properties
check "no folder was made beside the data" equal "$(layout)" "$before"

done_testing
