# shellcheck shell=bash
# What reassign and scale-down share: Kafka's own tools, run by kubectl exec in a pod of the set that is ready.

namespace=kafka set=kafka container=kafka
context=""
bootstrap="" # as seen in the pod; find_pod knows what is right when nobody said
bootstrap_option=--bootstrap-server
command_config=""        # a file in the pod
roles="" roles_known=""  # process.roles; none in ZooKeeper mode
tool_seconds=180         # one run of one tool

usage() { sed -n '2,/^set -/{/^set -/d; s/^# \{0,1\}//p;}' "$0"; }

say() { printf '%-10s %s\n' "$1" "$2"; }

# $1 what is wrong, $2 exit status: 1 refused, 2 usage, 4 failed
die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-4}"
}

# Takes one option that both programs have; sets taken to the number of words, 0 when it is none of them.
take_common() {
  taken=2
  case $1 in
    --namespace | -n) namespace=${2:-} ;;
    --statefulset | -s) set=${2:-} ;;
    --context) context=${2:-} ;;
    --bootstrap) bootstrap=${2:-} ;;
    --command-config) command_config=${2:-} ;;
    *) taken=0 ;;
  esac
  [ "$taken" = 0 ] || [ -n "${2:-}" ] || die "$1 needs a value" 2
}

is_number() { [[ $1 =~ ^[0-9]{1,9}$ ]]; }
is_ids() { [[ $1 =~ ^[0-9]{1,9}(,[0-9]{1,9})*$ ]]; }

kube() { kubectl ${context:+--context "$context"} -n "$namespace" "$@"; }

replicas_of_set() { kube get statefulset "$set" -o 'jsonpath={.spec.replicas}'; }

is_ready() { [ "$(kube get pod "$1" --ignore-not-found -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; }

is_kraft() { [ -n "$roles" ]; }
holds_partitions() { [ "$bootstrap_option" = --bootstrap-server ]; }

# Prints what the property of the name (a regular expression) is set to in the pod, or nothing when it is not set.
property() { in_pod sed -n "s/^$1=//p" /run/k8skafka/server.properties </dev/null; }

# What all pods of the set have in common, asked of the first that is found. No answer is not the same as an empty one, which is
# ZooKeeper mode: there is no quorum then that could lose a voter.
# Nodes that are controllers alone have no listener for clients, and answer some of the tools on their own.
find_bootstrap() {
  local listeners
  [ -z "$roles_known" ] || return 0
  roles=$(property 'process\.roles') || die "cannot read the properties of $pod"
  roles_known=yes
  if [ "$roles" != controller ]; then
    : "${bootstrap:=localhost:9093}"
    return
  fi
  bootstrap_option=--bootstrap-controller
  [ -z "$bootstrap" ] || return 0
  listeners=$(property listeners) || die "cannot read the properties of $pod"
  bootstrap=localhost:${listeners##*:}
}

# Sets pod to the first pod of the set that is ready, and how to reach the cluster from it.
find_pod() {
  local i count containers
  containers=$(kube get statefulset "$set" -o 'jsonpath={.spec.template.spec.containers[*].name}') ||
    die "there is no StatefulSet $set in the namespace $namespace"
  [[ " $containers " == *" $container "* ]] ||
    die "the pods of $set are not Kafka's, they have no container '$container'; -s names the set of the brokers" 2
  count=$(replicas_of_set) || die "there is no StatefulSet $set in the namespace $namespace"
  for ((i = 0; i < count; i++)); do
    pod=$set-$i
    ! is_ready "$pod" || { find_bootstrap; return; }
  done
  die "no pod of $set is ready; next: kubectl -n $namespace get pods"
}

in_pod() { timeout "$tool_seconds" kubectl ${context:+--context "$context"} -n "$namespace" exec -i "$pod" -c "$container" -- "$@"; }

# kafka_tool NAME ARG...: its stdout; what it said on stderr only when it failed. JMX_PORT is taken by the broker.
kafka_tool() {
  local name=$1 option=--command-config errors status=0
  shift
  [ "$name" != kafka-cluster.sh ] || option=--config
  local words=("$@")
  # kafka-cluster.sh takes its options behind the verb, all others anywhere
  words+=("$bootstrap_option" "$bootstrap")
  [ -z "$command_config" ] || words+=("$option" "$command_config")
  [ "$name" != kafka-metadata-quorum.sh ] || words=("${words[@]:$#}" "$@")
  errors=$(mktemp)
  in_pod env -u JMX_PORT "/opt/kafka/bin/$name" "${words[@]}" </dev/null 2>"$errors" || status=$?
  [ "$status" = 0 ] || cat "$errors" >&2
  rm -f "$errors"
  return "$status"
}

# Prints "TOPIC PARTITION REPLICAS" (1,2,3) for every partition there is, internal topics included.
partitions() {
  kafka_tool kafka-topics.sh --describe | tr '\t' '\n' | sed 's/^ *//; s/ *$//' | awk -F': *' '
    $1 == "Topic" { topic = $2 } $1 == "Partition" { partition = $2 }
    $1 == "Replicas" { gsub(/ /, "", $2); print topic, partition, $2 }'
}

# Of such lines on stdin those with a replica on one of the brokers $1 (1,2), or all.
on_brokers() {
  awk -v list="$1" '
    BEGIN { n = split(list, id, ","); for (i = 1; i <= n; i++) wanted[id[i]] = 1 }
    { m = split($3, replica, ","); hit = list == "all"; for (i = 1; i <= m; i++) hit = hit || (replica[i] in wanted); if (hit) print }'
}

# Fails while another reassignment is under way.
refuse_when_moving() {
  local list
  list=$(kafka_tool kafka-reassign-partitions.sh --list) || die "cannot ask for reassignments under way"
  grep -q 'No partition reassignments found' <<<"$list" || die "partitions are being moved already: $(sed -n 2,4p <<<"$list")
Next: wait, or go on with the plan that was begun: manifests/reassign --apply PLAN.json" 1
}
