# shellcheck shell=bash
# A Kubernetes for tests: sourced after tests/lib.sh by tests/cluster/NN-name.sh. tests/cluster/README.md shows one.
#
#   cluster_need                    the cluster runs, and what is in $BUILD/images is on its nodes; or the script ends with
#                                   a skip that says what this machine lacks, or with a failure
#   kc ARG...                       kubectl as admin
#   cluster_namespace NAME [LEVEL]  a namespace with which Pod Security enforces LEVEL (baseline)
#   cluster_fresh NAMESPACE...      deletes them with all that is in them; every disk that nobody claims is new and empty
#   cluster_ready NAMESPACE OBJECT [SECONDS]    waits for sts/x, ds/x, deploy/x (rollout) or pod/x (Ready)
#   cluster_until SECONDS CMD...    waits until CMD succeeds; what it said last is the diagnosis
#   cluster_denies PATTERN FILE     the API server refuses the manifest, and its message has the extended regular expression
#   cluster_on NODE CMD...          in all namespaces of node 1, 2, 3; with 0 as a client that resolves the cluster's names
#   cluster_node_of NAMESPACE POD   prints the number of the pod's node
#   cluster_disk_of NAMESPACE CLAIM prints "NODE DISK" of the volume
#   cluster_claim NAMESPACE CLAIM NODE DISK     makes the claim (data-0-kafka-0) beforehand and binds it to that disk
#   cluster_disk NODE DISK CMD...   CMD as root in the volume's top folder, from outside of any pod; before the pod is there,
#                                   this is how a volume gets a wrong owner or somebody's data
#   cluster_write NODE DISK PATH    writes its standard input into a file of the volume
#   cluster_show NAMESPACE          what one wants to see after a failure, as TAP comments
#   equal A B                       for check, as are: says PATTERN CMD... (CMD succeeds and prints the extended regular
#   refused PATTERN CMD...          expression), refused (CMD fails and prints it), silent (CMD succeeds and does not print it)
#
# Faults: tests/cluster/{power,component,api}.

cluster_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

cluster_need() {
  local status=0 output
  output=$("$cluster_here/up" 2>&1) || status=$?
  case $status in
    0)
      printf '%s\n' "$output" | sed 's/^/# /'
      # A test before that was killed may have closed some.
      kc uncordon --selector kubernetes.io/hostname >/dev/null || { not_ok "the nodes are open"; done_testing; exit 1; }
      ;;
    3) t_skip_rest "$(tail -n 1 <<<"$output")" ;;
    *) not_ok "the cluster starts" "$output"; done_testing; exit 1 ;;
  esac
}

kc() { "$cluster_here/kc" "$@"; }
cluster_on() { "$cluster_here/on-node" "$@"; }
cluster_fresh() { "$cluster_here/reset" "$@" | sed 's/^/# /'; return "${PIPESTATUS[0]}"; }

equal() { [ "$1" = "$2" ] || { printf "'%s' is not '%s'\n" "$1" "$2"; return 1; }; }

says() { # PATTERN CMD...
  local output
  output=$("${@:2}" 2>&1) || { printf 'failed: %s\n' "$output"; return 1; }
  grep -qE -- "$1" <<<"$output" || { printf 'no %s in: %s\n' "$1" "$output"; return 1; }
}

refused() { # PATTERN CMD...
  local output
  ! output=$("${@:2}" 2>&1) || { printf 'not refused: %s\n' "$output"; return 1; }
  grep -qE -- "$1" <<<"$output" || { printf 'no %s in: %s\n' "$1" "$output"; return 1; }
}

silent() { # PATTERN CMD...
  local output
  output=$("${@:2}" 2>&1) || { printf 'failed: %s\n' "$output"; return 1; }
  ! grep -E -- "$1" <<<"$output"
}

cluster_until() { # SECONDS CMD...
  local end=$((SECONDS + $1)) output
  shift
  while ! output=$("$@" 2>&1); do
    [ "$SECONDS" -lt "$end" ] || { printf 'not in time: %s\n%s\n' "$*" "$output"; return 1; }
    sleep 0.2
  done
}

# Without its service account no pod may be made in a namespace.
cluster_namespace() { # NAME [LEVEL]
  kc wait --for delete "namespace/$1" --timeout 60s >/dev/null || return 1
  kc create namespace "$1" >/dev/null || return 1
  kc label namespace "$1" "pod-security.kubernetes.io/enforce=${2:-baseline}" >/dev/null || return 1
  cluster_until 30 kc -n "$1" get serviceaccount default
}

cluster_ready() { # NAMESPACE OBJECT [SECONDS]
  case $2 in
    pod/*) cluster_until 10 kc -n "$1" get "$2" && kc -n "$1" wait --for condition=Ready "$2" --timeout "${3:-60}s" ;;
    *) kc -n "$1" rollout status "$2" --timeout "${3:-60}s" ;;
  esac
}

cluster_denies() { # PATTERN FILE
  local output
  ! output=$(kc apply --dry-run=server -f "$2" 2>&1) || { echo "admitted: $output"; return 1; }
  grep -qE -- "$1" <<<"$output" || { printf 'no %s in: %s\n' "$1" "$output"; return 1; }
}

cluster_node_of() { # NAMESPACE POD
  local node
  node=$(kc -n "$1" get pod "$2" -o jsonpath='{.spec.nodeName}') && [ -n "$node" ] && echo "${node#n}"
}

cluster_disk_of() { # NAMESPACE CLAIM
  local volume
  volume=$(kc -n "$1" get pvc "$2" -o jsonpath='{.spec.volumeName}') && [ -n "$volume" ] || return 1
  volume=${volume#n}
  echo "${volume%-disk*} ${volume#*-disk}"
}

# A claim that waits for the claim template of a StatefulSet to have its name: the pod goes where this volume is.
cluster_claim() { # NAMESPACE CLAIM NODE DISK
  local size
  size=$(kc get pv "n$3-disk$4" -o jsonpath='{.spec.capacity.storage}') || return 1
  kc -n "$1" apply -f - <<YAML
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: $2}, spec: {accessModes: [ReadWriteOnce],
 storageClassName: local-xfs, volumeName: n$3-disk$4, resources: {requests: {storage: $size}}}}
YAML
}

cluster_disk() { # NODE DISK CMD...
  cluster_on "$1" sh -c 'cd "$1" && shift && exec "$@"' disk "/var/mnt/disk$2" "${@:3}"
}

cluster_write() { # NODE DISK PATH
  cluster_disk "$1" "$2" sh -c 'mkdir -p "$(dirname "$1")" && cat >"$1"' write "$3"
}

cluster_show() { # NAMESPACE
  local pod
  {
    kc -n "$1" get pod,pvc,pv -o wide
    kc -n "$1" get events --sort-by .lastTimestamp | tail -n 20
    for pod in $(kc -n "$1" get pod -o name); do
      kc -n "$1" logs "$pod" --all-containers --prefix --tail 15
    done
  } 2>&1 | sed 's/^/# /'
}
