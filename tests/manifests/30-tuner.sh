#!/usr/bin/env bash
# The node agent's manifests: every overlay takes the component, the gate reaches all sets, the documents that the agent
# writes fit the resource definition, rules and dashboard name metrics that exist, and each alert fires for its reason only.
set -u
# shellcheck source=manifests.bash
. "$(dirname "$0")/manifests.bash"
need_kustomize
need_cmd jq
monitoring=manifests/monitoring

count() { grep -cE -- "$1" "$2"; }

t_case overlays
check "the agent alone renders" sh -c '"$@" >"$0"' "$scratch/tuner.yaml" "${render[@]}" manifests/overlays/tuner
for overlay in $(overlays); do
  check "$overlay takes the agent and the gate" combine "$scratch/$overlay" "$overlay" tuner gate
  check "$overlay: every set of brokers or controllers waits for the label" test \
    "$(count 'key: k8skafka.io/tuned' "$scratch/$overlay.yaml")" = "$(count 'name: prepare' "$scratch/$overlay.yaml")"
  check "$overlay: the agent and its account stay in their namespace" test "$(count '^  namespace: k8skafka-system$' "$scratch/$overlay.yaml")" = 6
done
run 2 manifests/new-cluster tuner "$scratch/none"
expect_stderr_has "there are: dev kraft"

# What the agent is given is a list for review: an addition has to be written here, too.
t_case rights
given() { sed -n '/^kind: DaemonSet/,$p' "$scratch/tuner.yaml" | sed -n "$1"; }
check "capabilities" diff <(given '/ add:/,/drop:/s/^ *- //p') <(printf '%s\n' SYS_CHROOT SYS_RESOURCE)
check "host folders" diff <(given 's/^ *path: \(\/.*\)/\1/p' | grep -v '^/metrics\|z$' | sort) <(printf '%s\n' /etc/sysctl.d /proc \
  /proc/sys/fs /proc/sys/net /proc/sys/vm /run/sysctl.d /sys /sys/devices /var/lib/k8skafka /var/lib/kubelet/pods)
check "of these it may write to" diff <(given '/ volumeMounts:/,/ volumes:/p' | awk '/readOnly: true/ { path = "" } /mountPath:/ { if (path) print path; path = $NF } END { if (path) print path }' | sort) \
  <(printf '/host%s\n' /proc/sys/fs /proc/sys/net /proc/sys/vm /sys/devices /var/lib/k8skafka)
check "nothing is privileged, nobody escalates" test "$(count 'privileged: true|allowPrivilegeEscalation: true' "$scratch/tuner.yaml")" = 0
check "verbs" diff <(awk '/^kind: (Cluster)?Role$/, /^---/ { if (/^  - [a-z]+(\/[a-z]+)?$/) printf "%s ", $2; if (/^  verbs:/) printf ": "; if (/^- apiGroups|^---/) print "" }' \
  "$scratch/tuner.yaml" | sed -n '/:/s/ *$//p' | sort) <(sort <<'TEXT'
events : create
pods : list watch
nodes : list watch patch
nodetunings : list watch create patch
nodetunings/status : patch
TEXT
)

# Each with a reason and a test in the table for reviewers.
has_rows() {
  local what status=0
  while read -r what; do
    grep -qF "| \`$what\`" docs/agent-security.md || { echo "no row for $what"; status=1; }
  done
  return $status
}
check "mounts have their rows" has_rows < <(given 's|^ *\(- \)\{0,1\}mountPath: /host||p')
check "capabilities, too" has_rows < <(given '/ add:/,/drop:/s/^ *- //p')
check "namespaces of the node, too" has_rows < <(given 's/^ *\(host[A-Z][A-Za-z]*\): true/\1/p')
check "and verbs" has_rows < <(awk '/^kind: (Cluster)?Role$/, /^---/ { if (/^  - [a-z]+(\/[a-z]+)?$/) print $2 }' "$scratch/tuner.yaml" | grep -vxE 'list|watch|create|patch')

# Types of resource definitions are in no module that the validator has: the test cluster judges those.
t_case types
for overlay in tuner tuner-revert; do
  "${render[@]}" "manifests/overlays/$overlay" | awk 'BEGIN { RS = "---\n"; ORS = "---\n" } !/\nkind: CustomResourceDefinition\n/' >"$scratch/$overlay.types.yaml"
  for version in oldest go; do
    if build_validator "$version"; then
      check "$overlay: $(sed -n 's/^\tk8s\.io\/api v0/Kubernetes 1/p' "tests/manifests/validate/$version.mod") takes it" \
        "$cache/validate-$version" "$scratch/$overlay.types.yaml"
    else
      skip "$overlay: the types of Kubernetes" "the validator cannot be built (go, and its modules)"
    fi
  done
  run 1 grep -nE 'image: [^:]*$' "$scratch/$overlay.types.yaml"
done

t_case metrics
known() { grep -o '"k8skafka_[a-z_]*"' daemonset/metrics.c | tr -d '"' | sort -u; }
named() { grep -oh 'k8skafka_[a-z_]*' "$@" | sort -u; }
check "rules name metrics that there are" test -z "$(comm -23 <(named "$monitoring/rules.yaml") <(known))"
check "so does the dashboard, which shows all of them but the values" \
  diff <(named "$monitoring/dashboard.json") <(known | grep -v '_row_have\|_row_want')
check "the dashboard is JSON" jq -e '.panels | length > 5' "$monitoring/dashboard.json"
check "the folder renders" "${render[@]}" "$monitoring"
if command -v promtool >/dev/null; then
  run 0 promtool check rules "$monitoring/rules.yaml"
  expect_stdout_has "SUCCESS"
  check "each alert fires for its reason, and none without" promtool test rules tests/manifests/rules-test.yaml
else
  skip "the rules" "promtool is not installed (tools/setup)"
fi
done_testing
