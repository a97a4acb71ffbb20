# shellcheck shell=bash
# The node agent on the test cluster: sourced after tests/lib.sh; brings tests/cluster/lib.sh and tests/cluster/kafka.sh along, and
# the cluster is up then.
#
#   agent_settings ID...            prints a kafka.yaml by which these rows are applied
#   agent_gone                      nothing of it is left: objects, labels, taints, and values that a test names in agent_values
#   agent_folder FOLDER             the overlay "tuner", with the kafka.yaml on standard input and what this machine's containers
#                                   cannot have taken out
#   agent_deploy FOLDER [SECONDS]   applies it and waits until every agent is Ready; the time becomes a comment
#   agent_pod NODE                  prints the agent's pod on a node
#   agent_pid NODE                  prints its process id, as the node counts
#   agent_exec NODE CMD...          CMD in its container
#   agent_status NODE FILTER        prints what jq finds in the status of the NodeTuning
#   agent_row NODE ID FIELD         prints a field of a row
#   agent_events [NODE]             prints its Events: node, reason, message, a line each
#   agent_metric NODE NAME          prints the value of a metric, summed over its labels
#   agent_sysctl NODE KEY [VALUE]   prints or sets a sysctl
#   agent_restored NODE KEY VALUE [SECONDS]     waits until it has the value, and prints after how many milliseconds

# shellcheck source=lib.sh
. tests/cluster/lib.sh
need_cmd jq curl
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh

agent_space=k8skafka-system

# Containers cannot be given a capability that this machine does not have itself.
agent_has_resource() { (($(sed -n 's/^CapBnd:[[:space:]]*/0x/p' /proc/self/status) >> 24 & 1)); }

agent_gone() {
  local node
  kc delete --ignore-not-found --wait=false -k manifests/overlays/tuner >/dev/null 2>&1
  kc delete --ignore-not-found crd nodetunings.k8skafka.io >/dev/null || return 1
  cluster_fresh kafka "$agent_space" >/dev/null || return 1
  kc wait --for delete namespace/kafka "namespace/$agent_space" --timeout 60s >/dev/null || return 1
  kc label nodes --all k8skafka.io/tuned- >/dev/null 2>&1
  kc taint nodes --all k8skafka.io/untuned- >/dev/null 2>&1
  kc -n default delete events --all >/dev/null || return 1
  for ((node = 1; node <= 3; node++)); do
    cluster_on "$node" sh -c 'rm -rf /var/lib/k8skafka /run/sysctl.d'
    agent_sysctl "$node" net.core.somaxconn 4096
    agent_sysctl "$node" net.ipv4.tcp_rmem "4096 131072 6291456"
  done
}

agent_settings() { # ID...
  cat <<YAML
apiVersion: k8skafka/v1
kafka: {version: "4.3", roles: [broker, controller], clusterId: k8skafka-example-id-0Q}
workload: {partitions: 400, partitionSize: 200Mi, connections: 1000, writeRate: 60M, bufferTime: 30s}
tuning:
  profile: kafka
  tunables:
YAML
  printf '    %s: {policy: apply}\n' "$@"
}

agent_folder() { # FOLDER
  local up
  mkdir -p "$1" && cat >"$1/kafka.yaml" || return 1
  up=$(realpath --relative-to="$1" manifests/overlays/tuner)
  cat >"$1/kustomization.yaml" <<YAML
resources: [$up]
configMapGenerator:
  - {name: kafka-tunerd, namespace: $agent_space, behavior: merge, files: [kafka.yaml]}
patches:
  - target: {kind: DaemonSet, name: kafka-tunerd}
    patch: |-
      - {op: replace, path: /spec/updateStrategy/rollingUpdate/maxUnavailable, value: 100%}
YAML
  agent_has_resource || cat >>"$1/kustomization.yaml" <<YAML
      - {op: replace, path: /spec/template/spec/containers/0/securityContext/capabilities/add, value: [SYS_CHROOT]}
YAML
}

agent_apply_and_wait() { # FOLDER SECONDS
  kc get namespace kafka >/dev/null 2>&1 || cluster_namespace kafka baseline || return 1
  kc apply --server-side --force-conflicts -k "$1" && cluster_ready "$agent_space" ds/kafka-tunerd "$2"
}

agent_deploy() { kafka_timed "applied, and every agent Ready" agent_apply_and_wait "$1" "${2:-60}"; }

agent_pod() { kc -n "$agent_space" get pod -l app.kubernetes.io/name=kafka-tunerd --field-selector "spec.nodeName=n$1" -o name | head -n 1; }
agent_pid() { cluster_on "$1" pidof kafka-tunerd; }
agent_exec() { kc -n "$agent_space" exec "$(agent_pod "$1")" -- "${@:2}"; }
agent_status() { kc get nodetuning "n$1" -o json | jq -r ".status | $2"; }
agent_row() { agent_status "$1" ".rows[] | select(.id == \"$2\") | .$3"; }

agent_events() { # [NODE]
  kc -n default get events -o json | jq -r --arg node "${1:+n$1}" '.items[] | select(.source.component == "kafka-tunerd" and
    ($node == "" or .involvedObject.name == $node)) | "\(.involvedObject.name) \(.reason) \(.message)"' | sort
}

agent_metric() { # NODE NAME
  cluster_on "$1" curl -sf http://127.0.0.1:9644/metrics | awk -v name="$2" '
    index($0, name) == 1 { rest = substr($0, length(name) + 1, 1); if (rest == " " || rest == "{") { sum += $NF; seen = 1 } }
    END { if (!seen) exit 1; print sum }'
}

agent_sysctl() { # NODE KEY [VALUE]
  if [ $# = 3 ]; then cluster_on "$1" sysctl -qw "$2=$3"; else cluster_on "$1" sysctl -n "$2" | tr '\t' ' '; fi
}

# Looked for on the node itself: to enter it takes longer than the agent.
agent_restored() { # NODE KEY VALUE [SECONDS]
  # shellcheck disable=SC2016 # expanded on the node
  cluster_on "$1" bash -c 'began=${EPOCHREALTIME/./} file=/proc/sys/${1//.//}
    while [ "$(tr "\t" " " <"$file")" != "$2" ]; do
      now=${EPOCHREALTIME/./}
      [ $((now - began)) -lt $(($3 * 1000000)) ] || { echo "still $(cat "$file")"; exit 1; }
      sleep 0.02
    done
    now=${EPOCHREALTIME/./}
    echo $(((now - began) / 1000))' restored "$2" "$3" "${4:-5}"
}
