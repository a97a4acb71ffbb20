#!/usr/bin/env bash
# The node agent measures a disk when the annotation asks for it: the real kafka-diskbench, started by the real agent, which a real
# API server tells of the annotation and which publishes the rate there; what is known is not measured again, and nothing beside a broker.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq openssl setpriv mkfs.xfs
build=$(realpath "${BUILD:-build}")
[ -x "$build/bin/kafka-tunerd" ] || t_skip_rest "the agent is not built"

scratch=$(mktemp -d) || exit 1
agent=""
# The agent ends its kafka-diskbench.
clean() { kill "$agent" && wait "$agent"; kill -9 "${pids[@]}"; wait; umount --lazy "$scratch/volume"; rm -rf "$scratch"; } 2>/dev/null
at_exit clean
export CLUSTER_DIR=$scratch/cluster CLUSTER_NODES=0
# shellcheck source=env.sh
. tests/cluster/env.sh
# shellcheck source=pki.sh
. tests/cluster/pki.sh
# shellcheck source=alone.sh
. tests/cluster/alone.sh
[ -x "$base/bin/kube-apiserver" ] || t_skip_rest "Kubernetes is not built (tests/cluster/build)"
mkdir -p "$logs" "$scratch/volume"
pki_make
etcd_start
check "the API server starts" api_start || { done_testing; exit 1; }

objects() {
  kc create -f manifests/components/tuner/namespace.yaml && kc create namespace kafka &&
    kc create -f manifests/components/tuner/nodetuning.yaml -f manifests/components/tuner/rbac.yaml &&
    kc wait --for condition=Established crd/nodetunings.k8skafka.io --timeout 30s &&
    kc create -f - <<<'{apiVersion: v1, kind: Node, metadata: {name: n1}}' && kc -n kafka create serviceaccount default
}
check "the objects are made" objects
kc -n k8skafka-system create token kafka-tunerd --duration 1h | tr -d '\n' >"$scratch/token"

# Small, so that its budget is written within seconds.
truncate -s 2G "$scratch/image"
mkfs.xfs -q "$scratch/image"
check "a volume" mount -o loop "$scratch/image" "$scratch/volume"

# Looks only: this machine's settings are not what is tested.
cat >"$scratch/kafka.yaml" <<'YAML'
apiVersion: k8skafka/v1
kafka: {version: "4.3", roles: [broker, controller], clusterId: MkU3OEVBNTcwNTJENDM2Qg}
tuning: {tunables: {vm.max_map_count: {policy: check}, fs.file-max: {policy: check}, fs.nr_open: {policy: check},
  net.core.rmem_max: {policy: check}, net.core.wmem_max: {policy: check}}}
YAML
setpriv --pdeathsig KILL "$build/bin/kafka-tunerd" --node n1 -c "$scratch/kafka.yaml" --journal "$scratch/journal" --api "$url" --token "$scratch/token" --ca "$pki/ca.crt" \
  --disks "$scratch/volume" --diskbench "$build/bin/kafka-diskbench" --kubelet-dir "$scratch/kubelet" 2>"$scratch/log" &
agent=$!
pids+=("$agent")

result() { kc get nodetuning n1 -o json | jq -c '.status.disks[0]'; }
is_measured() { [ "$(result | jq '.write > 0')" = true ]; }
events() { kc get events -o json | jq -r '.items[] | .reason + " " + .message'; }
asked() { kc get node n1 -o jsonpath='{.metadata.annotations.k8skafka\.io/diskbench}'; }
is_answered() {
  local left
  left=$(asked) && [ -z "$left" ]
}
is_told() { events | grep -i disk; }
says() { events | grep -F "$1"; }
is_newer() { [ "$(result | jq -r .measured)" != "$first" ]; }
until_is() { # SECONDS CMD...
  local end=$((SECONDS + $1))
  while ! "${@:2}" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || { tail -n 8 "$scratch/log"; kc get nodetuning n1 -o yaml | tail -n 30; return 1; }
    sleep 0.5
  done
}

t_case "unasked"
check "the agent reports" until_is 30 kc get nodetuning n1
sleep 3
check "nothing was measured" test "$(result)" = null

t_case "asked"
check "by an annotation" kc annotate node n1 k8skafka.io/diskbench=requested
check "the rate is published" until_is 120 is_measured
check "of that volume" test "$(result | jq -r .path)" = "$scratch/volume"
result | sed 's/^/# /'
check "the annotation is gone" until_is 10 is_answered
check "nothing is left on the volume" test -z "$(ls -A "$scratch/volume")"
check "an Event says so" until_is 10 is_told

t_case "asked again, with nothing changed"
first=$(result | jq -r .measured)
check "by an annotation" kc annotate node n1 k8skafka.io/diskbench=requested
check "it is answered at once" until_is 10 is_answered
check "with the same result" test "$(result | jq -r .measured)" = "$first"

t_case "a broker on the node"
check "a pod" kc create -f - <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kafka-0, namespace: kafka, labels: {app.kubernetes.io/name: kafka}}
spec: {nodeName: n1, containers: [{name: kafka, image: nothing.invalid/kafka:1}]}
YAML
check "that runs" kc -n kafka patch pod kafka-0 --subresource status --type merge -p '{"status": {"phase": "Running", "containerStatuses": [
  {"name": "kafka", "image": "nothing.invalid/kafka:1", "imageID": "", "ready": true, "restartCount": 0,
   "containerID": "containerd://'"$(printf 'a%.0s' {1..64})"'", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}}'
sleep 1
check "asked to measure anew" kc annotate node n1 k8skafka.io/diskbench=again
check "it is answered at once" until_is 10 is_answered
check "with a refusal that says why" until_is 10 says "DiskBenchRefused a broker runs here"
check "and the result is as before" test "$(result | jq -r .measured)" = "$first"
check "the broker leaves" kc -n kafka delete pod kafka-0 --force --grace-period=0
sleep 1
check "asked to measure anew" kc annotate node n1 k8skafka.io/diskbench=again
check "it is measured again" until_is 120 is_newer
done_testing
