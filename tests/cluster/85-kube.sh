#!/usr/bin/env bash
# The agent's API client against a real API server, alone with its etcd on loopback: lists, watches, server-side apply, status,
# preconditions, events, what it may not do, tokens that are replaced, versions that are gone, a server that is away for a while.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq openssl cc ss setpriv
build=${BUILD:-build}
[ -e "$build/daemonset.a" ] || t_skip_rest "the agent is not built"

scratch=$(mktemp -d) || exit 1
clean() { kill -9 "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"; }
at_exit clean
export CLUSTER_DIR=$scratch/cluster CLUSTER_NODES=0
# shellcheck source=env.sh
. tests/cluster/env.sh
# shellcheck source=pki.sh
. tests/cluster/pki.sh
# shellcheck source=alone.sh
. tests/cluster/alone.sh
[ -x "$base/bin/kube-apiserver" ] || t_skip_rest "Kubernetes is not built (tests/cluster/build)"
mkdir -p "$logs"
pki_make

read -r -a sanitize <<<"$(sed -n 's/.*\(-fsanitize=[^ ]*\).*/\1/p' "$build/flags")"
check "the client builds" cc -std=c17 -D_GNU_SOURCE -I. -g "${sanitize[@]}" -o "$scratch/kube-client" tests/cluster/kube-client.c \
  "$build/daemonset.a" "$build/libk8skafka.a" -lcurl -ljansson
etcd_start
check "the API server starts" api_start || { done_testing; exit 1; }

new_account() { kc create serviceaccount agent >/dev/null && kc create token agent --duration 1h; }
replace_token() { printf '%s' "$1" >"$scratch/token.new" && mv "$scratch/token.new" "$scratch/token"; }
kc create clusterrole agent --verb get,list,watch,patch --resource nodes,nodes/status,pods >/dev/null
kc create clusterrole agent-events --verb create --resource events >/dev/null
for role in agent agent-events; do kc create clusterrolebinding "$role" --clusterrole "$role" --serviceaccount default:agent >/dev/null; done
replace_token "$(new_account)"

# A client with its commands and answers; "again" forgets the answers so far.
mkfifo "$scratch/in"
client_start() { # [URL [CA]]
  # The answers of the client before are gone when the FIFO is open at both ends.
  "$scratch/kube-client" "${1:-$url}" "$scratch/token" "${2:-$pki/ca.crt}" >"$scratch/out" 2>"$scratch/err" <"$scratch/in" &
  client_pid=$!
  pids+=($!)
  exec 7>"$scratch/in"
}
client_end() { exec 7>&-; wait "$client_pid"; }
tell() { echo "$*" >&7; }
again() { wc -l <"$scratch/out" >"$scratch/out.seen"; }
answers() { tail -n "+$(($(cat "$scratch/out.seen") + 1))" "$scratch/out"; }
hears() { # REGEX [SECONDS]: a line of the answers since "again"
  local tries
  for ((tries = 0; tries < ${2:-10} * 20; tries++)); do
    ! answers | grep -qE -- "$1" || return 0
    sleep 0.05
  done
  answers
  return 1
}

client_start
again

t_case "follow"
node() { kc create -f - >/dev/null <<<"{apiVersion: v1, kind: Node, metadata: {name: $1, labels: {a: $2}}}"; }
node n1 b
node other c
tell follow /api/v1/nodes a=b
check "lists" hears '^present n1 '
check "is complete" hears '^listed$'
check "hears" hears '^hearing$'
check "only what was selected" test -z "$(answers | grep other)"
again
node n2 b
check "a new one" hears '^present n2 '
again
kc label node n2 x=y >/dev/null
check "a changed one" hears '^present n2 '
kc delete node n2 >/dev/null
check "one that left" hears '^deleted n2 '

t_case "write"
again
echo '{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","labels":{"k8skafka.io/tuned":"abc"}}}' >"$scratch/apply"
tell apply /api/v1/nodes/n1 "$scratch/apply"
check "apply" hears '^apply 0 200 n1 '
check "is there" test "$(kc get node n1 -o jsonpath='{.metadata.labels.k8skafka\.io/tuned}')" = abc
check "by its manager" test -n "$(kc get node n1 --show-managed-fields -o json | jq '.metadata.managedFields[] | select(.manager == "kube-client" and .operation == "Apply")')"
version=$(kc get node n1 -o jsonpath='{.metadata.resourceVersion}')
again
tell apply /api/v1/nodes/n1 "$scratch/apply"
check "the same again changes nothing" hears "^apply 0 200 n1 $version\$"
echo '{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"status":{"conditions":[{"type":"Tuned","status":"True"}]}}' >"$scratch/status"
again
tell apply /api/v1/nodes/n1/status "$scratch/status"
check "status" hears '^apply 0 200 n1 '
check "is there" test "$(kc get node n1 -o jsonpath='{.status.conditions[0].type}')" = Tuned
again
version=$(kc get node n1 -o jsonpath='{.metadata.resourceVersion}')
echo "{\"metadata\":{\"resourceVersion\":\"$version\"},\"spec\":{\"taints\":[{\"key\":\"k8skafka.io/untuned\",\"effect\":\"NoSchedule\"}]}}" >"$scratch/merge"
tell merge /api/v1/nodes/n1 "$scratch/merge"
check "a patch of that version" hears '^merge 0 200 n1 '
check "is there" test "$(kc get node n1 -o jsonpath='{.spec.taints[0].key}')" = k8skafka.io/untuned
tell merge /api/v1/nodes/n1 "$scratch/merge"
check "of an older one is a conflict" hears "^merge -16 409 .* HTTP 409 Conflict"
again
echo '{"apiVersion":"v1","kind":"Event","metadata":{"name":"n1.1","namespace":"default"},"involvedObject":{"kind":"Node","name":"n1"},"reason":"Tuned","message":"done","type":"Normal"}' >"$scratch/event"
tell create /api/v1/namespaces/default/events "$scratch/event"
check "an event" hears '^create 0 201 n1.1 '
tell create /api/v1/namespaces/default/events "$scratch/event"
check "once only" hears '^create -17 409 .*AlreadyExists'

t_case "refusals"
again
tell get /api/v1/nodes/none
check "not there" hears '^get -2 404 .*NotFound: nodes "none" not found'
tell get /api/v1/namespaces/kube-system/secrets
check "not allowed" hears '^get -1 403 .*Forbidden'
tell delete /api/v1/nodes/n1
check "nor that" hears '^delete -1 403 '
echo '{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","labels":{"a b":"c"}}}' >"$scratch/bad"
tell apply /api/v1/nodes/n1 "$scratch/bad"
check "not valid" hears '^apply -22 422 .*Invalid'

t_case "tokens"
again
kc delete serviceaccount agent >/dev/null
fresh=$(new_account) # the same name, another account: the old token is none any more
sleep 11 # as long as the API server remembers that it was one
tell get /api/v1/nodes/n1
check "an old one is refused" hears '^get -13 401 '
replace_token "$fresh"
again
tell get /api/v1/nodes/n1
check "the file is read anew" hears '^get 0 200 n1 '
replace_token "not-a-token"
again
tell get /api/v1/nodes/n1
check "what is none is refused" hears '^get -13 401 '
replace_token "$fresh"

t_case "the server is away"
again
api_stop
check "says so" hears '^broken -[0-9]+ get https://127.0.0.1:'
tell get /api/v1/nodes/n1
check "so does a request" hears '^get -111 0 '
sleep 3
check "tries again, and not in haste" test "$(answers | grep -c '^broken')" -le 12
check "it comes back" api_start
check "the watch hears again" hears '^hearing$' 20
node n3 b
check "what is new" hears '^present n3 '
# The server's memory began anew: what the client had seen is older than that.
check "the version was gone, and all was listed" hears '^listing$'

t_case "trust"
client_end
check "no leak, no complaint" test "$(cat "$scratch/err")" = ""
client_start "https://localhost:$port"
again
tell get /api/v1/nodes/n1
check "a name that is not in the certificate" hears '^get -129 0 '
client_end
pki_openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=other -keyout "$scratch/other.key" -out "$scratch/other.crt"
client_start "$url" "$scratch/other.crt"
again
tell get /api/v1/nodes/n1
check "another authority" hears '^get -129 0 '
cp "$pki/ca.crt" "$scratch/other.crt"
tell get /api/v1/nodes/n1
check "its file is read anew" hears '^get 0 200 n1 '

t_case "cost"
tell follow /api/v1/nodes
check "hears" hears '^hearing$'
tell stats
check "figures" hears '^stats '
answers | sed -n 's/^stats/# /p'
awk '/^(VmRSS|RssAnon)/ { print "# " $1, $2, $3 }' "/proc/$client_pid/status"
connections() { ss -tnpH "dport = :$port" | grep -c "pid=$client_pid,"; }
check "requests and watch share one connection" test "$(connections)" = 1
client_end
done_testing
