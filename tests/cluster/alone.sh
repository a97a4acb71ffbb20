# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after env.sh and pki.sh: etcd and an API server on loopback, without a cluster around them. The sourcing script
# has $scratch, and kills what is in "pids" when it ends; both end with it, even if it is killed.
#
#   etcd_start      api_start [AUTHORIZERS]      api_stop      kc ARGS...      $url      $port

port=$((20000 + $$ % 10000))
url=https://127.0.0.1:$port
pids=()

etcd_start() {
  setpriv --pdeathsig KILL "$base/bin/etcd" --data-dir "$scratch/etcd" --unsafe-no-fsync --log-level error --listen-client-urls "http://127.0.0.1:$((port + 1))" \
    --advertise-client-urls "http://127.0.0.1:$((port + 1))" --listen-peer-urls "http://127.0.0.1:$((port + 2))" \
    --initial-advertise-peer-urls "http://127.0.0.1:$((port + 2))" --initial-cluster "default=http://127.0.0.1:$((port + 2))" \
    >"$scratch/etcd.log" 2>&1 &
  pids+=($!)
}
api_start() { # [AUTHORIZERS]
  setpriv --pdeathsig KILL "$base/bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$((port + 1))" --bind-address 127.0.0.1 --secure-port "$port" \
    --advertise-address 10.89.0.1 --endpoint-reconciler-type none --service-cluster-ip-range 10.96.0.0/24 --authorization-mode "${1:-RBAC}" \
    --client-ca-file "$pki/ca.crt" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$pki/accounts.key" \
    --disable-admission-plugins ServiceAccount --service-account-signing-key-file "$pki/accounts.key" --cert-dir "$scratch" >>"$scratch/api.log" 2>&1 7>&- &
  api_pid=$!
  pids+=($!)
  wait_for 120 kc get --raw /readyz --request-timeout 10s || { tail -n 5 "$scratch/api.log" | sed 's/^/# /'; return 1; }
}
api_stop() { kill -9 "$api_pid"; wait "$api_pid" 2>/dev/null; }
kc() { KUBECACHEDIR=$scratch/kubectl KUBERC=off "$base/bin/kubectl" --server "$url" --kubeconfig "$pki/admin.conf" "$@"; }
