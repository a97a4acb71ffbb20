# shellcheck shell=bash
# Kafka on the test cluster: sourced after tests/lib.sh and tests/cluster/lib.sh. Everything is in the namespace "kafka".
#
#   kafka_folder OVERLAY FOLDER     manifests/new-cluster, and on top of it what a small machine needs; the last lines of
#                                   FOLDER/kustomization.yaml are a list of patches, so that a test appends its own with
#   kafka_patch FOLDER              a patch from standard input, for the StatefulSet it names
#   kafka_component FOLDER NAME     one of manifests/components joins it
#   kafka_deploy FOLDER [SECONDS]   applies it and waits until every pod is Ready; the time becomes a comment
#   kafka_two_brokers FOLDER        two brokers instead of three, and nothing wants three replicas
#   kafka_exec POD CMD...           CMD in the broker's container
#   kafka_client [NODE]             the pod "client" with Kafka's tools (on that node), not a broker
#   kafka_tool NAME ARG...          kafka-NAME.sh in the client, told where the brokers are
#   kafka_topic NAME [ARG...]       makes a topic: three partitions on three brokers, unless ARG says otherwise
#   kafka_in_sync [SECONDS]         waits until no partition is under-replicated
#   kafka_count_start TOPIC [RATE]  once a topic: an idempotent producer with acks=all in the client, RATE (100) numbers a second, until
#   kafka_count_stop                when it ends and its acknowledgements are fetched; prints how many there are
#   kafka_count_check TOPIC         every acknowledged number is in the topic, once
#   kafka_count_gap                 prints the longest time without an acknowledgement, in milliseconds
#   kafka_ids                       prints the brokers that are up as "0=0 1=1 2=2 ", ordinal and id
#   kafka_on_broker ID              prints how many replicas are on it
#   kafka_replicas SET              prints how many the set is to have
#   kafka_is_pending POD            it has no node
#   kafka_waits POD                 it is in init after prepare has ended at least twice
#   kafka_verdict POD               prints what kubectl describe says of init; kafka_show_verdict POD: the message, as comments
#   kafka_meta NODE                 prints the meta.properties on its disk 0
#   kafka_swap_case TOPIC           kafka-1 on disk 0 of node 2 and kafka-2 on disk 0 of node 3 change volumes, wait, and get them back
#   kafka_ensemble_small FOLDER     ZooKeeper servers that fit a small machine
#   kafka_ensemble_is "MODE MODE "  their modes, sorted
#   kafka_path                      puts a kubectl for manifests/* into PATH
#   kafka_scale_out                 from two brokers to three, and a part of the data for the new one; wants kafka_path
#   kafka_timed WHAT CMD...         CMD; when it succeeds its time becomes a comment, also from within check
#   kafka_say TEXT                  a comment, also from within check

kafka_scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$kafka_scratch"
kafka_brokers=kafka-0.kafka.kafka.svc:9093,kafka-1.kafka.kafka.svc:9093,kafka-2.kafka.kafka.svc:9093
kafka_image=docker.io/k8skafka/kafka:4.3.1-$(cat VERSION)
exec {kafka_out}>&1

kafka_say() { printf '# %s\n' "$*" >&"$kafka_out"; }

kafka_timed() { # WHAT CMD...
  local began=${EPOCHREALTIME/./} ms
  "${@:2}" || return
  ms=$(((${EPOCHREALTIME/./} - began) / 1000))
  kafka_say "$(printf '%s: %d.%d s' "$1" $((ms / 1000)) $((ms % 1000 / 100)))"
}

# ---- Clusters ----

# Heap follows from the memory: 300 MiB. The second compiler of the JVM would cost more than it brings in a minute of life.
kafka_small() { # SET
  cat <<YAML
  - patch: |
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: $1}
      spec:
        minReadySeconds: 5
        template:
          spec:
            terminationGracePeriodSeconds: 60
            containers:
              - name: kafka
                env: [{name: JDK_JAVA_OPTIONS, value: "-XX:TieredStopAtLevel=1"}]
                resources: {requests: {cpu: 50m, memory: 300Mi}, limits: {memory: 768Mi}}
                startupProbe: {periodSeconds: 1}
                readinessProbe: {periodSeconds: 2}
YAML
}

kafka_folder() { # OVERLAY FOLDER
  local file
  manifests/new-cluster --namespace kafka "$1" "$2" >/dev/null || return 1
  for file in "$2"/{kafka,controllers}.yaml; do
    [ ! -e "$file" ] || sed -i -e 's/^\(  partitions:\) .*/\1 100/; s/^\(  partitionSize:\) .*/\1 5Mi/; s/^\(  writeRate:\) .*/\1 1M/' \
      -e '/^  properties:/a\    offsets.topic.num.partitions: 3\n    group.initial.rebalance.delay.ms: 0' "$file" || return 1
  done
  {
    echo "patches:"
    kafka_small kafka
    [ ! -e "$2/controllers.yaml" ] || kafka_small kafka-controller
  } >>"$2/kustomization.yaml"
}

kafka_component() { # FOLDER NAME
  sed -i "/^patches:/i components: [$(realpath --relative-to="$1" "manifests/components/$2")]" "$1/kustomization.yaml"
}

kafka_two_brokers() { # FOLDER
  sed -i 's/^    default.replication.factor: .*/    default.replication.factor: 2\n    offsets.topic.replication.factor: 2/; s/min.insync.replicas: 2/min.insync.replicas: 1/' \
    "$1/kafka.yaml" && sed -i 's/^patches:/replicas: [{name: kafka, count: 2}]\npatches:/' "$1/kustomization.yaml"
}

kafka_patch() { # FOLDER
  { printf '  - patch: |\n' && sed 's/^/      /'; } >>"$1/kustomization.yaml"
}

kafka_deploy() { # FOLDER [SECONDS]
  local began=$SECONDS
  [ "$(kc get namespace kafka --ignore-not-found -o jsonpath='{.status.phase}')" != Terminating ] ||
    kc wait --for delete namespace/kafka --timeout 60s || return 1
  kafka_timed "applied and every pod Ready" kafka_apply_and_wait "$1" $((began + ${2:-180}))
}

kafka_apply_and_wait() { # FOLDER END
  local set
  kc apply --server-side -k "$1" || return 1
  for set in $(kc -n kafka get statefulset -o name); do
    cluster_ready kafka "$set" $(($2 > SECONDS ? $2 - SECONDS : 1)) || return 1
  done
}

kafka_exec() { kc -n kafka exec -i "$1" -c kafka -- "${@:2}"; }

# ---- Clients ----

kafka_client() { # [NODE]
  kc -n kafka apply -f - <<YAML || return 1
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  ${1:+nodeName: n$1}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 1
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: kafka
    image: $kafka_image
    # A shell: as process 1 it also takes leave of producers that have ended.
    command: [bash, -c, "trap 'exit 0' TERM; while :; do sleep 600 & wait \$!; done"]
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    volumeMounts: [{name: tmp, mountPath: /tmp}]
  volumes: [{name: tmp, emptyDir: {}}]
YAML
  cluster_ready kafka pod/client 60
}

kafka_tool() { # NAME ARG...
  kafka_exec client timeout 90 "kafka-$1.sh" --bootstrap-server "$kafka_brokers" "${@:2}" </dev/null
}

kafka_topic() { # NAME [ARG...]
  local shape=("${@:2}")
  [ $# -gt 1 ] || shape=(--partitions 3 --replication-factor 3)
  kafka_tool topics --create --topic "$1" "${shape[@]}"
}

kafka_is_in_sync() {
  local list
  list=$(kafka_tool topics --describe --under-replicated-partitions 2>&1) || { echo "$list"; return 1; }
  [ -z "$list" ] || { echo "$list"; return 1; }
}
kafka_in_sync() { cluster_until "${1:-60}" kafka_is_in_sync; }

# The producer lives in the pod, not in the exec: it goes on when kubectl loses its connection.
kafka_count_start() { # TOPIC [RATE]
  rm -f "$kafka_scratch"/{produced,acked}
  # shellcheck disable=SC2016 # expanded in the pod
  kafka_exec client sh -c '
    rm -f /tmp/acked /tmp/errors
    printf "%s\n" retries=2147483647 enable.idempotence=true delivery.timeout.ms=120000 request.timeout.ms=10000 \
      linger.ms=5 metadata.max.age.ms=5000 >/tmp/producer.properties
    java -Xmx128M -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "/opt/kafka/libs/*" \
      -Dlog4j2.configurationFile=/opt/kafka/config/tools-log4j2.properties org.apache.kafka.tools.VerifiableProducer \
      --bootstrap-server "$1" --topic "$2" --throughput "$3" --acks -1 --command-config /tmp/producer.properties \
      >/tmp/acked 2>/tmp/errors </dev/null &
    echo $! >/tmp/producer.pid' start "$kafka_brokers" "$1" "${2:-100}" || return 1
  cluster_until 60 kafka_exec client grep -q producer_send_success /tmp/acked
}

kafka_count_stop() {
  # shellcheck disable=SC2016 # expanded in the pod
  kafka_exec client sh -c '
    pid=$(cat /tmp/producer.pid)
    kill "$pid" || { echo "the producer had ended:"; tail -n 5 /tmp/errors /tmp/acked; exit 1; }
    for i in $(seq 150); do kill -0 "$pid" 2>/dev/null || exit 0; sleep 0.2; done
    echo "the producer does not end"; exit 1' stop || return 1
  kafka_exec client cat /tmp/acked >"$kafka_scratch/produced" || return 1
  sed -n '/producer_send_success/s/.*"value":"\([^"]*\)".*/\1/p' "$kafka_scratch/produced" | LC_ALL=C sort >"$kafka_scratch/acked"
  kafka_say "$(wc -l <"$kafka_scratch/acked") acknowledged, $(grep -c producer_send_error "$kafka_scratch/produced") refused," \
    "$(kafka_count_gap) ms the longest pause"
  [ -s "$kafka_scratch/acked" ]
}

kafka_count_gap() {
  sed -n '/producer_send_success/s/.*"timestamp":\([0-9]*\).*/\1/p' "$kafka_scratch/produced" | sort -n |
    awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { print gap + 0 }'
}

kafka_count_check() { # TOPIC
  local count lost twice
  [ -s "$kafka_scratch/acked" ] || { echo "no acknowledgements were fetched"; return 1; }
  count=$(kafka_tool get-offsets --topic "$1" 2>/dev/null | awk -F: '{ sum += $3 } END { print sum + 0 }')
  [ "$count" -gt 0 ] || { echo "$1 is empty, or its offsets cannot be had"; return 1; }
  kafka_tool console-consumer --topic "$1" --from-beginning --max-messages "$count" --timeout-ms 30000 \
    2>"$kafka_scratch/consumer" | LC_ALL=C sort >"$kafka_scratch/found"
  lost=$(LC_ALL=C comm -23 "$kafka_scratch/acked" <(uniq "$kafka_scratch/found") | wc -l)
  twice=$(uniq -d "$kafka_scratch/found" | wc -l)
  kafka_say "$(wc -l <"$kafka_scratch/found") of $count records read, $lost acknowledged ones lost, $twice there twice"
  [ "$lost $twice" = "0 0" ] || { tail -n 5 "$kafka_scratch/consumer"; return 1; }
}

# ---- Where brokers are ----

kafka_ids() {
  kafka_tool broker-api-versions 2>/dev/null | sed -n 's/^kafka-\([0-9]*\)\..*(id: \([0-9]*\) .*/\1=\2/p' | sort | tr '\n' ' '
}

kafka_on_broker() { # ID
  kafka_tool topics --describe 2>/dev/null | sed -n 's/.*Replicas: \([0-9,]*\).*/,\1,/p' | grep -c ",$1,"
}

kafka_replicas() { kc -n kafka get statefulset "$1" -o 'jsonpath={.spec.replicas}'; } # SET

kafka_is_pending() { says Pending kc -n kafka get pod "$1" -o 'jsonpath={.status.phase}'; } # POD

# ---- Volumes that are not theirs ----

kafka_waits() { # POD
  says '^Pending [2-9]' kc -n kafka get pod "$1" -o 'jsonpath={.status.phase} {.status.initContainerStatuses[0].restartCount}'
}
kafka_verdict() { kc -n kafka describe pod "$1" | sed -n '/^Init Containers:/,/^Containers:/p'; }    # POD
kafka_show_verdict() { kafka_verdict "$1" | sed -n '/Message:/,/Exit Code:/s/^/# /p'; }              # POD
kafka_meta() { cluster_disk "$1" 0 sh -c 'cat kafka-log*/meta.properties'; }                         # NODE

# By hand, as after a restore in which two claims were mixed up.
kafka_claims() { # NODE-OF-KAFKA-1 NODE-OF-KAFKA-2
  kc -n kafka delete pvc data-0-kafka-1 data-0-kafka-2 --timeout 30s &&
    kc patch pv n2-disk0 n3-disk0 --type json -p '[{"op":"remove","path":"/spec/claimRef"}]' &&
    cluster_claim kafka data-0-kafka-1 "$1" 0 && cluster_claim kafka data-0-kafka-2 "$2" 0
}
kafka_only_one() {
  kc -n kafka scale statefulset kafka --replicas 1 &&
    kc -n kafka delete pod kafka-1 kafka-2 --grace-period 5 --ignore-not-found --timeout 60s
}

kafka_swap_case() { # TOPIC
  local first second i
  t_case "two volumes swapped"
  first=$(kafka_meta 2) second=$(kafka_meta 3)
  check "two brokers end" kafka_only_one
  check "their claims are mixed up" kafka_claims 3 2
  check "they are started" kc -n kafka scale statefulset kafka --replicas 3
  for i in 1 2; do
    check "kafka-$i stays in init" cluster_until 60 kafka_waits "kafka-$i"
    check "describe says whose it is" says "belongs to node $((3 - i)) .*this pod is node $i" kafka_verdict "kafka-$i"
    kafka_show_verdict "kafka-$i"
  done
  check "nothing was changed" equal "$(kafka_meta 2) $(kafka_meta 3)" "$first $second"
  check "they end" kafka_only_one
  check "the claims are put right" kafka_claims 2 3
  check "they are started" kc -n kafka scale statefulset kafka --replicas 3
  check "all are Ready" cluster_ready kafka sts/kafka 120 || cluster_show kafka
  check "every message is still there" kafka_count_check "$1"
  t_case
}

# ---- The ensemble of the overlay zookeeper ----

kafka_ensemble_small() { # FOLDER
  kafka_patch "$1" <<'YAML'
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: zookeeper}
spec:
  minReadySeconds: 3
  template:
    spec:
      containers:
        - name: zookeeper
          env: [{name: KAFKA_HEAP_OPTS, value: -Xmx128M -XX:TieredStopAtLevel=1}]
          resources: {requests: {cpu: 50m, memory: 200Mi}, limits: {memory: 384Mi}}
          readinessProbe: {initialDelaySeconds: 1, periodSeconds: 2}
YAML
}

kafka_ensemble_mode() { # ORDINAL
  # shellcheck disable=SC2016 # expanded in the pod
  kafka_exec client timeout 5 bash -c 'exec 3<>"/dev/tcp/zookeeper-$1.zookeeper.kafka.svc/2181" && printf srvr >&3 && cat <&3' \
    mode "$1" | sed -n 's/^Mode: //p'
}
kafka_ensemble_modes() { for i in 0 1 2; do kafka_ensemble_mode "$i"; done | sort | tr '\n' ' '; }
kafka_ensemble_is() { equal "$(kafka_ensemble_modes)" "$1"; } # MODES

# ---- For manifests/* ----

# What kubectl users type first, then what gives the new broker its part of the data.
kafka_scale_out() {
  kc -n kafka scale statefulset kafka --replicas 3 && cluster_ready kafka sts/kafka 120 &&
    manifests/reassign --from all --to 0,1,2 --throttle 50000000 --plan "$kafka_scratch/out" --timeout 120
}

kafka_path() {
  mkdir -p "$kafka_scratch/path"
  # shellcheck disable=SC2154 # cluster_here is of lib.sh
  printf '#!/bin/sh\nexec %q "$@"\n' "$cluster_here/kc" >"$kafka_scratch/path/kubectl"
  chmod +x "$kafka_scratch/path/kubectl"
  PATH=$kafka_scratch/path:$PATH
}
