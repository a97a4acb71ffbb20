# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after env.sh: a certificate authority for one life of the cluster, and a kubeconfig for each component.

pki_openssl() { openssl "$@" 2>>"$logs/openssl.log"; }

pki_certificate() { # NAME SUBJECT [EXTENSIONS]
  pki_openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/$1.key" -subj "$2" |
    pki_openssl x509 -req -days 3650 -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial \
      -extfile <(printf '%s\n' "${3:-extendedKeyUsage=clientAuth}") -out "$pki/$1.crt"
}

pki_kubeconfig() { # NAME SUBJECT
  local ca certificate key
  pki_certificate "$1" "$2"
  ca=$(base64 -w0 "$pki/ca.crt") certificate=$(base64 -w0 "$pki/$1.crt") key=$(base64 -w0 "$pki/$1.key")
  render "$here/conf/kubeconfig" api ca certificate key >"$pki/$1.conf"
}

pki_make() {
  local node names=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  mkdir -m 700 "$pki"
  pki_openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$name" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$pki/ca.key" -out "$pki/ca.crt"
  pki_openssl ecparam -name prime256v1 -genkey -noout -out "$pki/accounts.key"
  pki_certificate apiserver /CN=kube-apiserver "extendedKeyUsage=serverAuth
subjectAltName=$names,IP:$service_net.1,IP:$control_address,IP:127.0.0.1"
  pki_certificate apiserver-kubelet /O=system:masters/CN=apiserver-kubelet
  pki_kubeconfig admin /O=system:masters/CN=admin
  pki_kubeconfig controllers /CN=system:kube-controller-manager
  pki_kubeconfig scheduler /CN=system:kube-scheduler
  pki_kubeconfig proxy /CN=system:kube-proxy
  for ((node = 1; node <= CLUSTER_NODES; node++)); do
    pki_kubeconfig "n$node" "/O=system:nodes/CN=system:node:n$node"
  done
}
