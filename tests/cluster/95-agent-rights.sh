#!/usr/bin/env bash
# What the agent may do on a real cluster: no verb, mount or capability more than it uses and none less, pods that only look like
# brokers get nothing, a limit that may not be raised is reported as what it is, and the gate keeps brokers from untuned nodes.
#
# One node has an agent, so that nobody else puts back what all nodes share (vm.*, fs.*).
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=agent.sh
. tests/cluster/agent.sh
folder=$kafka_scratch/agent
account=system:serviceaccount:$agent_space:kafka-tunerd
maps=$(cat /proc/sys/vm/max_map_count) files=$(cat /proc/sys/fs/file-max)

leave() {
  cluster_fresh other >/dev/null
  agent_gone >/dev/null
  sysctl -qw "vm.max_map_count=$maps" "fs.file-max=$files"
}
at_exit leave

# As a broker's pod: its labels, its user, its volume.
pod() { # NAMESPACE NAME [CONTAINER [LABEL]]
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $2, namespace: $1, labels: {app.kubernetes.io/name: ${4:-kafka}}}
spec:
  nodeName: n1
  terminationGracePeriodSeconds: 0
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: ${3:-kafka}
    image: k8skafka-test/busybox:1
    command: [/bin/sleep, "100000"]
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
$([ "$2" != kafka-0 ] || echo '    volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data-kafka-0}}]')
YAML
}

# ---- What has to work ----

patience=12 # the second time within ten minutes a value is put back after five to ten seconds
now_is() { equal "$(agent_sysctl 1 "$1")" "$2"; }
returns() { # KEY WRONG RIGHT: is set wrong, and put back
  agent_sysctl 1 "$1" "$2" && cluster_until "$patience" now_is "$1" "$3"
}
net_works() { returns net.core.somaxconn 1024 4096; }
vm_works() { returns vm.max_map_count 65530 262144; }
fs_works() { returns fs.file-max 1000000 1048576; }
queue_works() { # the disk's own file, wherever it is
  local device
  device=$(agent_status 1 '.volumes[0].device')
  [[ $device =~ ^[a-z] && $device != null ]] || { echo "no device"; return 1; }
  cluster_on 1 sh -c 'echo 128 >"/sys/block/$1/queue/read_ahead_kb"' set "$device"
  cluster_until "$patience" cluster_on 1 sh -c '[ "$(cat "/sys/block/$1/queue/read_ahead_kb")" = 1024 ]' is "$device"
}
volume_is_there() { equal "$(agent_status 1 '.volumes | length')" 1; }
# What an agent before said does not count.
volumes_works() { kc delete nodetuning n1 --ignore-not-found >/dev/null && cluster_until "$patience" volume_is_there; }
broker_is() { equal "$(agent_status 1 '.brokers[] | select(.name == "kafka-0") | .state')" "$1"; }
limits_works() { kc delete nodetuning n1 --ignore-not-found >/dev/null && cluster_until "$patience" broker_is "$limit_state"; }
label_is_there() { [ -n "$(kc get node n1 -o 'jsonpath={.metadata.labels.k8skafka\.io/tuned}')" ]; }
told_works() { kc label node n1 k8skafka.io/tuned- >/dev/null && cluster_until "$patience" label_is_there; }
journal_works() { cluster_on 1 rm -f /var/lib/k8skafka/journal && net_works && cluster_on 1 test -s /var/lib/k8skafka/journal; }

rival_works() {
  printf 'net.core.somaxconn = 1024\n' | cluster_on 1 sh -c 'cat >/run/sysctl.d/60-other.conf'
  sleep 2 # until it has been seen to hold
  kc -n default delete events --all >/dev/null
  net_works && cluster_until 5 says 60-other.conf agent_events 1
}

limit_state=raised
agent_has_resource || limit_state=denied

t_case broker
check "nothing of the agent is here" agent_gone
check "a namespace as brokers have it" cluster_namespace kafka baseline
check "another one" cluster_namespace other baseline
check "a volume" cluster_claim kafka data-kafka-0 1 0
agent_settings net.core.somaxconn queue.read_ahead_kb | agent_folder "$folder"
cat >>"$folder/kustomization.yaml" <<'YAML'
      - {op: add, path: /spec/template/spec/nodeSelector/kubernetes.io~1hostname, value: n1}
YAML
pod kafka kafka-0 | kc apply -f - >/dev/null
check "it runs" cluster_ready kafka pod/kafka-0 60 || cluster_show kafka
check "the agent" agent_deploy "$folder" || { cluster_show "$agent_space"; done_testing; exit 1; }
for works in net vm fs queue volumes limits told journal; do check "$works" "${works}_works"; done
agent_status 1 '.brokers[], .volumes[]' | jq -c . | sed 's/^/# /'
if [ "$limit_state" = denied ]; then
  check "what may not be done is called so" says "process.nofile" agent_status 1 '.brokers[0].reason'
  check "the condition says it" says "False Denied kafka/kafka-0: " agent_status 1 '.conditions[] | select(.type == "LimitsEnough") | "\(.status) \(.reason) \(.message)"'
  check "so does an Event" says "n1 LimitNotRaised kafka/kafka-0: " agent_events 1
  check "the process has what it had" cluster_on 1 sh -c 'grep "open files" "/proc/$(pgrep -o -u 1000 -x sleep)/limits" | grep -qv 100000'
fi

t_case "forged pods"
attempts=$(agent_metric 1 k8skafka_limit_failures_total)
pod other kafka-1 | kc apply -f - >/dev/null
pod kafka kafka-2 other | kc apply -f - >/dev/null
pod kafka kafka-3 kafka zookeeper | kc apply -f - >/dev/null
for name in other/kafka-1 kafka/kafka-2 kafka/kafka-3; do check "$name runs" cluster_ready "${name%/*}" "pod/${name#*/}" 60; done
# A control group with the name of the broker's container, in another place, with a process of somebody else's.
uid=$(kc -n kafka get pod kafka-0 -o 'jsonpath={.metadata.uid}')
cid=$(kc -n kafka get pod kafka-0 -o 'jsonpath={.status.containerStatuses[0].containerID}')
# shellcheck disable=SC2016 # expanded on the node
cluster_on 1 sh -c 'top=/sys/fs/cgroup/pids; [ -d $top ] || top=/sys/fs/cgroup
  mkdir -p "$top/forged/kubepods/besteffort/pod$1/$2" && sleep 40 & echo $! >"$top/forged/kubepods/besteffort/pod$1/$2/cgroup.procs"' forge "$uid" "${cid#containerd://}" >/dev/null 2>&1
sleep 3
check "the agent knows of one broker" equal "$(agent_status 1 '[.brokers[].name] | join(" ")')" kafka-0
check "and tried nothing for any other" equal "$(agent_metric 1 k8skafka_limit_failures_total)" "$attempts"
kc -n kafka delete pod kafka-2 kafka-3 --wait=false >/dev/null

# ---- No verb too many, none too few ----

t_case verbs
allowed() { # ACCOUNT NAMESPACE
  kc auth can-i --list --as "$1" -n "$2" |
    awk 'NR > 1 && $1 !~ /^\[/ { verbs = $0; sub(/.*\[/, "", verbs); sub("]", "", verbs); print $1 ": " verbs }' | sort
}
# More than any other account.
may() { comm -23 <(allowed "$account" "$1") <(allowed system:serviceaccount:other:nobody "$1"); }
everywhere='nodes: list watch patch
nodetunings.k8skafka.io/status: patch
nodetunings.k8skafka.io: list watch create patch'
check "in any namespace" diff <(may kube-system) <(sort <<<"$everywhere")
check "of the brokers" diff <(may kafka) <(sort <<<"$everywhere"$'\npods: list watch')
check "of Events about nodes" diff <(may default) <(sort <<<"$everywhere"$'\nevents: create')
for no in "get secrets" "list pods" "create pods" "create pods --subresource=exec" "delete nodes" "update nodes" "patch nodes --subresource=status" \
  "delete nodetunings.k8skafka.io" "create serviceaccounts --subresource=token"; do
  read -ra words <<<"$no"
  run 1 kc auth can-i "${words[@]}" --as "$account" -n other
done

# A new agent, everything that the one before has said is gone, and a value is wrong: it has to use each of its rights.
set_of=$kafka_scratch/daemonset
kc -n "$agent_space" get ds kafka-tunerd -o json | jq 'del(.status, .metadata.uid, .metadata.resourceVersion, .metadata.managedFields)' >"$set_of"
begin_anew() {
  kc -n "$agent_space" delete ds kafka-tunerd --wait --cascade=foreground >/dev/null
  kc delete nodetuning n1 --ignore-not-found >/dev/null
  kc label node n1 k8skafka.io/tuned- >/dev/null
  kc taint node n1 k8skafka.io/untuned=:NoSchedule --overwrite >/dev/null
  kc -n default delete events --all >/dev/null
  agent_sysctl 1 net.core.somaxconn 1024
  kc apply --server-side -f "$set_of" >/dev/null 2>&1
}
# Requests that fail again and again. One or two do so by themselves: two patches of a Node at once, and one has to come again.
is_refused() {
  local n
  n=$(agent_metric 1 k8skafka_api_failures_total) && [ "$n" -ge 3 ]
}
is_complete() {
  label_is_there || { echo "no label"; return 1; }
  says "Applied net.core.somaxconn" agent_events 1 && volume_is_there && broker_is "$limit_state"
}
begin_anew
check "with all of them it does all" cluster_until 20 is_complete
sleep 5
run 1 is_refused
without() { # NAMESPACE RULE VERB
  local role=(clusterrole) verbs status=0
  [ "$1" = - ] || role=(-n "$1" role)
  # Without a verb it would be no rule: "delete" of these is never asked for.
  verbs=$(kc get "${role[@]}" k8skafka:tunerd -o json |
    jq -c --argjson rule "$2" --arg verb "$3" '.rules[$rule].verbs - [$verb] | if . == [] then ["delete"] else . end')
  kc patch "${role[@]}" k8skafka:tunerd --type json -p "[{\"op\":\"replace\",\"path\":\"/rules/$2/verbs\",\"value\":$verbs}]" >/dev/null || return 1
  begin_anew
  # what was followed is asked for again within a minute, so that nodes that lose their server together come back apart
  cluster_until 180 is_refused || status=1
  kc apply --server-side --force-conflicts -k "$folder" >/dev/null 2>&1
  return $status
}
while read -r namespace rule resource verb; do
  check "$resource: $verb is needed" without "$namespace" "$rule" "$verb"
done <<'ROWS'
- 0 nodes list
- 0 nodes watch
- 0 nodes patch
- 1 nodetunings list
- 1 nodetunings watch
- 1 nodetunings create
- 1 nodetunings patch
- 2 nodetunings/status patch
default 0 events create
kafka 0 pods list
kafka 0 pods watch
ROWS
begin_anew
check "with all of them again it does all" cluster_until 20 is_complete

# ---- No mount too many, none too few ----

t_case mounts
with() { # PATCH...: JSON patches of the pod's container, in one line each
  {
    sed -n '1,/kubernetes.io~1hostname/p' "$folder/kustomization.yaml"
    printf '      - %s\n' "$@"
  } >"$kafka_scratch/kustomization.yaml"
  mkdir -p "$kafka_scratch/less" && cp "$folder/kafka.yaml" "$kafka_scratch/less/" && mv "$kafka_scratch/kustomization.yaml" "$kafka_scratch/less/"
  kc apply --server-side --force-conflicts -k "$kafka_scratch/less" >/dev/null 2>&1
}
mount_of() { # PATH: its number in the manifest; the API server may list them otherwise
  local line
  line=$(kc kustomize "$folder" | sed -n 's/.*- mountPath: //p' | grep -nxF "$1") && echo $((${line%%:*} - 1))
}
at=/spec/template/spec/containers/0
lacks() { # WORKS PATCH: what works no more
  local status=0 patience=4
  with "$2" || return 1
  # nodes are updated one after the other, and it is n1 that is looked at
  kc -n "$agent_space" delete "$(agent_pod 1)" >/dev/null || return 1
  kc -n "$agent_space" rollout status ds/kafka-tunerd --timeout 8s >/dev/null 2>&1 # or never
  ! "${1}_works" >/dev/null 2>&1 || { echo "$1 works without it"; status=1; }
  agent_sysctl 1 net.core.somaxconn 4096
  kc apply --server-side --force-conflicts -k "$folder" >/dev/null 2>&1 && cluster_ready "$agent_space" ds/kafka-tunerd 60 >/dev/null || return 1
  return $status
}
while read -r works path; do
  check "$path is needed: $works" lacks "$works" "{op: remove, path: $at/volumeMounts/$(mount_of "$path")}"
done <<'ROWS'
limits /host/proc
vm /host/proc/sys/vm
fs /host/proc/sys/fs
net /host/proc/sys/net
limits /host/sys
queue /host/sys/devices
volumes /host/var/lib/kubelet/pods
net /host/var/lib/k8skafka
rival /host/run/sysctl.d
told /host/var/run/secrets/kubernetes.io/serviceaccount
net /host/etc/k8skafka
ROWS
check "volumes mounted later have to be seen, too: HostToContainer is asked for" \
  says HostToContainer kc -n "$agent_space" get ds kafka-tunerd -o 'jsonpath={.spec.template.spec.containers[0].volumeMounts[*].mountPropagation}'
check "SYS_CHROOT is needed" lacks net "{op: replace, path: $at/securityContext/capabilities/add, value: []}"
check "hostPID is needed" lacks limits "{op: remove, path: /spec/template/spec/hostPID}"
check "hostNetwork is needed" lacks net "{op: remove, path: /spec/template/spec/hostNetwork}"
check "nothing else may be written" refused "Read-only file system" agent_exec 1 chroot /host /usr/bin/kafka-tuner snapshot /usr/x.tar
has_caps() { equal "$(cluster_on 1 awk '/^CapEff/ { print $2 }' "/proc/$(agent_pid 1)/status")" "$1"; }
if agent_has_resource; then
  check "one capability is left after the start" has_caps 0000000001000000
else
  check "no capability is left after the start" has_caps 0000000000000000
fi
check "no new privileges, and a filter of system calls" equal \
  "$(cluster_on 1 awk '/^NoNewPrivs|^Seccomp:/ { printf "%s ", $2 }' "/proc/$(agent_pid 1)/status")" "1 2 "
run 1 kc -n "$agent_space" exec "$(agent_pod 1)" -- sh -c true
expect_stderr_has "executable file not found"

t_case gate
kc -n kafka delete pod,pvc --all --force --grace-period=0 >/dev/null 2>&1
check "the agent is away, and so is the label" agent_gone
check "the brokers' folder" kafka_folder kraft-combined "$kafka_scratch/my-kafka"
check "with the gate" kafka_component "$kafka_scratch/my-kafka" gate
check "applied" kc apply --server-side -k "$kafka_scratch/my-kafka"
waits_for_label() { says "didn't match Pod's node affinity" kc -n kafka get pod "kafka-$1" -o 'jsonpath={.status.phase} {.status.conditions[?(@.type=="PodScheduled")].message}'; }
for i in 0 1 2; do check "kafka-$i waits for a tuned node" cluster_until 20 waits_for_label "$i"; done
is_scheduled() { [ -n "$(kc -n kafka get pods -o 'jsonpath={.items[*].spec.nodeName}')" ]; }
check "the agent comes to one node" agent_deploy "$folder"
check "and with it a broker" kafka_timed "scheduled after" cluster_until 30 is_scheduled
check "on that node" says "^ *n1 *$" kc -n kafka get pods -o 'jsonpath={.items[*].spec.nodeName}'

t_case verdict
kc -n kafka delete statefulset kafka --wait --cascade=foreground >/dev/null
kc -n "$agent_space" delete ds kafka-tunerd >/dev/null
agent_sysctl 1 vm.max_map_count 65530 # the kernel's default
sed -i 's/^\(  partitions:\) .*/\1 50000/; s/^\(  partitionSize:\) .*/\1 1Mi/' "$kafka_scratch/my-kafka/kafka.yaml"
check "bigger brokers, on a node that only says it were tuned" kc apply --server-side -k "$kafka_scratch/my-kafka"
verdict() { kc -n kafka get pods -o json | jq -r '.items[].status.initContainerStatuses[]? | .state.terminated.message // .lastState.terminated.message // empty'; }
says_verdict() { says "max_map_count" verdict; }
check "prepare refuses, and names row, need and have" cluster_until 60 says_verdict
verdict | sed 's/^/# /'
done_testing
