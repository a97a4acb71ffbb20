#!/usr/bin/env bash
# Every overlay, as it is released, against the real API server: dry run, server-side apply, once more without a difference, and
# pods that Pod Security admits. The nodes are closed meanwhile: pods are made and go nowhere.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=lib.sh
. tests/cluster/lib.sh
cluster_need
# shellcheck source=kafka.sh
. tests/cluster/kafka.sh

uncordon() { kc uncordon n1 n2 n3 >/dev/null; }
at_exit uncordon

apply() { # FOLDER [OPTION...]: a warning is a failure
  local output
  output=$(kc apply --server-side -k "$1" "${@:2}" 2>&1) || { echo "$output"; return 1; }
  ! grep -i warning <<<"$output"
}

# A dry run makes no namespace for what comes after it in the same folder: a namespace of the same name and labels is there already.
only_namespace() { kc kustomize "$1" | awk 'BEGIN { RS = "---\n" } /(^|\n)kind: Namespace\n/' | kc apply --server-side -f -; }

# What the API server keeps of it. A controller writes the status meanwhile, and that is all it may.
kept() { kc -n kafka get serviceaccount,configmap,service,statefulset,pdb -o yaml --show-managed-fields=false |
  sed '/^  status:/,/^- \|^kind:/{/^- \|^kind:/!d;}; /^    resourceVersion:/d'; }

# A set whose pods are refused makes none and says so in an event only.
pods_are_made() {
  local want have
  want=$(kc -n kafka get statefulset -o 'jsonpath={range .items[*]}{.spec.replicas}{"\n"}{end}' | awk '{ sum += $1 } END { print sum }')
  have=$(kc -n kafka get pod -o name | wc -l)
  equal "$have" "$want" || { kc -n kafka get events; return 1; }
}

level() { kc get namespace kafka -o 'jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}'; }

# With a level that a pod in the namespace does not keep to, the API server warns.
keeps_to() { # LEVEL
  local output
  output=$(kc label namespace kafka --overwrite --dry-run=server pod-security.kubernetes.io/enforce="$1" \
    pod-security.kubernetes.io/enforce-version=latest 2>&1) || { echo "$output"; return 1; }
  ! grep -i -A 9 warning <<<"$output"
}

breaks() { ! keeps_to "$1"; } # LEVEL

check "the nodes are closed" kc cordon n1 n2 n3
declare -A levels=([restricted]=restricted)
began=$SECONDS
for overlay in manifests/overlays/*/; do
  overlay=$(basename "$overlay")
  case $overlay in tuner*) continue ;; esac
  folder=manifests/overlays/$overlay
  t_case "$overlay"
  check "the namespace is new" cluster_fresh kafka
  check "and free" kc wait --for delete namespace/kafka --timeout 60s
  check "namespace" only_namespace "$folder"
  check "it enforces ${levels[$overlay]:-baseline}" equal "$(level)" "${levels[$overlay]:-baseline}"
  check "dry run" apply "$folder" --dry-run=server
  check "apply, without a warning" apply "$folder"
  before=$(kept)
  check "apply again, without a warning" apply "$folder"
  check "nothing has changed" equal "$(diff <(cat <<<"$before") <(kept))" ""
  check "no difference is left" kc diff --server-side -k "$folder"
  check "all pods are admitted" cluster_until 20 pods_are_made
  check "they keep to the newest ${levels[$overlay]:-baseline}" keeps_to "${levels[$overlay]:-baseline}"
  [ "$overlay" != kraft-combined ] || check "but not to restricted" breaks restricted
done
t_case
kafka_say "all overlays: $((SECONDS - began)) s"

# The agents are not made here: they run on closed nodes, too, and write. 90-agent.sh does that. Of their warnings one is known: the
# annotation that 1.25 needs.
agent_dry_run() { # FOLDER
  local output
  output=$(kc apply --server-side -k "$1" --dry-run=server 2>&1) || { echo "$output"; return 1; }
  ! grep -i warning <<<"$output" | grep -v 'container.apparmor.security.beta.kubernetes.io'
}
for overlay in tuner tuner-revert; do
  t_case "$overlay"
  check "the namespaces are new" cluster_fresh kafka k8skafka-system
  check "and free" kc wait --for delete namespace/k8skafka-system --timeout 60s
  check "the brokers' one" cluster_namespace kafka
  check "its own" only_namespace "manifests/overlays/$overlay"
  check "dry run, with no warning but the known one" agent_dry_run "manifests/overlays/$overlay"
done
check "no namespace is left of it" cluster_fresh k8skafka-system
t_case

t_case "own folders"
for overlay in kraft kraft-combined; do
  check "new-cluster from $overlay" manifests/new-cluster --namespace trial "$overlay" "$kafka_scratch/$overlay"
  check "it is all in its own namespace" silent 'namespace: kafka$' kc kustomize "$kafka_scratch/$overlay"
done
# By the name "kafka" the brokers are meant, and not what became kafka-controller.
cat >>"$kafka_scratch/kraft/kustomization.yaml" <<'YAML'
replicas: [{name: kafka, count: 5}]
patches:
  - patch: |
      {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: kafka}, spec: {minReadySeconds: 7}}
YAML
check "five brokers are three controllers still" equal "$(kc kustomize "$kafka_scratch/kraft" |
  awk '/^kind:/ { kind = $2 } /^  name:/ { name = $2 } kind == "StatefulSet" && /^  (replicas|minReadySeconds):/ { printf "%s %s ", name, $2 }' |
  xargs)" "kafka 7 kafka 5 kafka-controller 30 kafka-controller 3"
t_case
check "the namespace is gone" cluster_fresh kafka
done_testing
