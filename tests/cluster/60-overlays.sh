#!/usr/bin/env bash
# Every other overlay as it is delivered, with real pods: controllers of their own, no root at all, the image of the Apache project
# (its shape, from image/build stock), one node. Each is Ready, takes a message and gives it back, in a namespace that enforces what
# its pods need and nothing weaker.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=lib.sh
. tests/cluster/lib.sh
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh

# The namespace is the overlay's own, so that its level is what is tested.
deploy() { # FOLDER
  kafka_deploy "$1" 150 && return 0
  cluster_show kafka
  return 1
}

# Both sets come from one base, and kustomize finds a set by that name, too: only the label tells them apart.
patch_all() { # FOLDER
  sed -i '/^patches:/,$d' "$1/kustomization.yaml" || return 1
  {
    echo "patches:"
    kafka_small kafka
    echo "    target: {kind: StatefulSet, labelSelector: app.kubernetes.io/name=kafka}"
  } >>"$1/kustomization.yaml"
}

# Admission alone would be too little: a level that is written down wrong admits everything.
enforces() { # LEVEL
  kafka_scratch_pod >"$kafka_scratch/pod.yaml"
  equal "$(kc get namespace kafka -o jsonpath='{.metadata.labels.pod-security\.kubernetes\.io/enforce}')" "$1" &&
    cluster_denies "violates PodSecurity \"$1:v1.25\"" "$kafka_scratch/pod.yaml"
}

# Fits no level but privileged.
kafka_scratch_pod() {
  cat <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: strong, namespace: kafka}
spec:
  containers: [{name: strong, image: k8skafka-test/busybox:1, securityContext: {privileged: true}}]
YAML
}

# Tools of a container of its own: the same for every image.
through() { # REPLICAS
  local word=through-$RANDOM
  # shellcheck disable=SC2119 # on any node
  kafka_client && kafka_topic once --partitions 1 --replication-factor "$1" || return 1
  kafka_tool_with_input "$word" console-producer --topic once || return 1
  equal "$(kafka_tool console-consumer --topic once --partition 0 --offset earliest --max-messages 1 --timeout-ms 20000 2>/dev/null)" "$word"
}
kafka_tool_with_input() { # LINE NAME ARG...
  kafka_exec client timeout 60 "kafka-$2.sh" --bootstrap-server "$kafka_brokers" "${@:3}" <<<"$1"
}

members() { # Voters|Observers
  kafka_tool metadata-quorum describe --status 2>/dev/null | grep "^Current$1:" | grep -oE '"id": [0-9]+' | cut -d ' ' -f 2 | sort -n | tr '\n' ' '
}

user_of() { # POD CONTAINER: the UID of its first process, by the kernel
  kc -n kafka exec "$1" -c "$2" -- sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' /proc/1/status
}

# ---- kraft ----

t_case kraft
folder=$kafka_scratch/kraft
kafka_path
check "the namespace is new" cluster_fresh kafka
check "new-cluster" kafka_folder kraft "$folder"
check "both sets are small" patch_all "$folder"
check "applied, and all Ready" deploy "$folder"
check "the namespace enforces baseline" enforces baseline
check "a message in and out" through 3
check "the voters are the three controllers" equal "$(members Voters)" "100 101 102 "
check "none of them may go" refused 'node 102 is a voter of the quorum' manifests/scale-down 2 -s kafka-controller
check "and they hold no partitions to be moved" refused 'are controllers, they hold no partitions' \
  manifests/reassign -s kafka-controller --from 102 --to 100,101
check "the brokers only observe" equal "$(members Observers)" "0 1 2 "
for i in 0 1 2; do
  check "kafka-controller-$i is node 10$i" \
    says "^node.id=10$i$" kafka_exec "kafka-controller-$i" cat "/var/lib/kafka/data-0/kafka-log10$i/meta.properties"
done
check "a controller is beside a broker, not beside a controller" \
  equal "$(for i in 0 1 2; do cluster_node_of kafka "kafka-controller-$i"; done | sort | tr '\n' ' ')" "1 2 3 "

# ---- restricted ----

t_case restricted
folder=$kafka_scratch/restricted
check "the namespace is new" cluster_fresh kafka
check "new-cluster" kafka_folder restricted "$folder"
check "applied, and all Ready" deploy "$folder"
check "the namespace enforces restricted" enforces restricted
check "a message in and out" through 3
check "prepare was not root" \
  equal "$(kc -n kafka get pod kafka-0 -o jsonpath='{.spec.initContainers[0].securityContext.runAsUser}')" 1000
check "nor is the broker" equal "$(user_of kafka-0 kafka)" 1000
check "prepare has no capability" \
  equal "$(kc -n kafka get pod kafka-0 -o jsonpath='{.spec.initContainers[0].securityContext.capabilities}')" '{"drop":["ALL"]}'
read -r node disk <<<"$(cluster_disk_of kafka data-0-kafka-0)"
check "the kubelet gave the volume to the group" equal "$(cluster_disk "$node" "$disk" stat -c %u:%g:%a .)" 0:1000:2775
check "the log dir is the broker's" equal "$(cluster_disk "$node" "$disk" stat -c %u:%g kafka-log0)" 1000:1000

verdict() { kc -n kafka get pod kafka-0 -o jsonpath='{.status.initContainerStatuses[0].lastState.terminated.message}'; }
put_word() { kafka_topic moved --partitions 1 && kafka_tool_with_input before console-producer --topic moved; }
got_word() {
  equal "$(kafka_tool console-consumer --topic moved --partition 0 --offset earliest --max-messages 1 --timeout-ms 20000 2>/dev/null)" before
}
init_user() { kc -n kafka get pod kafka-0 -o jsonpath='{.spec.initContainers[0].securityContext.runAsUser}'; }

t_case "restricted, there and back"
rooted=$kafka_scratch/rooted
check "the same cluster with the root init" kafka_folder kraft-combined "$rooted"
check "its kafka.yaml" cp "$folder/kafka.yaml" "$rooted/kafka.yaml"
check "a message" put_word
check "there, and all Ready" deploy "$rooted"
check "prepare is root" equal "$(init_user)" 0
check "the namespace enforces baseline" enforces baseline
check "and back, and all Ready" deploy "$folder"
check "prepare is not root" equal "$(init_user)" 1000
check "the namespace enforces restricted" enforces restricted
check "the message is still there" got_word

t_case "restricted, a file of another user"
check "one in the log dir" cluster_disk "$node" "$disk" chown 1001 kafka-log0/__cluster_metadata-0/00000000000000000000.log
check "the pod starts anew" kc -n kafka delete pod kafka-0 --timeout 90s
check "prepare refuses, and says what to do" cluster_until 60 says '1 entr(y does|ies do) not belong to 1000:1000.*' verdict
check "the file is as it was" equal "$(cluster_disk "$node" "$disk" stat -c %u kafka-log0/__cluster_metadata-0/00000000000000000000.log)" 1001

# ---- stock-apache ----

stock=${BUILD:-build}/images/stock.tar
t_case stock-apache
# "make images" does not make it: it is for this test alone.
if [ image/stock/run -nt "$stock" ]; then check "an image of that shape" image/build stock; fi
check "is on every node" tests/cluster/import "$stock"
stock_image() { # FOLDER
  sed -i 's,^patches:,images:\n  - {name: apache/kafka\, newName: docker.io/k8skafka-test/stock\, newTag: 4.3.1}\npatches:,' "$1/kustomization.yaml"
}
folder=$kafka_scratch/stock
check "the namespace is new" cluster_fresh kafka
check "new-cluster" kafka_folder stock-apache "$folder"
check "the image is ours of the same shape" stock_image "$folder"
check "applied, and all Ready" deploy "$folder"
check "the pods run that image" \
  equal "$(kc -n kafka get pod kafka-0 -o jsonpath='{.spec.containers[0].image}')" docker.io/k8skafka-test/stock:4.3.1
check "the namespace enforces baseline" enforces baseline
check "a message in and out" through 3
check "the broker has process 1" says 'kafka\.Kafka' kafka_exec kafka-0 cat /proc/1/cmdline
check "it writes no log file" silent . kafka_exec kafka-0 find /tmp -name '*.log*'

# ---- dev ----

t_case dev
folder=$kafka_scratch/dev
check "the namespace is new" cluster_fresh kafka
check "new-cluster" kafka_folder dev "$folder"
check "applied, and Ready" deploy "$folder"
check "one pod" equal "$(kc -n kafka get pod -o name)" pod/kafka-0
check "the namespace enforces baseline" enforces baseline
check "a message in and out" through 1

# ---- stock-apache-image-volume ----

t_case stock-apache-image-volume
folder=$kafka_scratch/image-volume
check "the namespace is new" cluster_fresh kafka
check "it enforces baseline" cluster_namespace kafka baseline
check "new-cluster" kafka_folder stock-apache-image-volume "$folder"
check "the image is ours of the same shape" stock_image "$folder"
check "applied, and all Ready" deploy "$folder"
check "a message in and out" through 3

done_testing
