#!/usr/bin/env bash
# Every overlay renders, is what the API servers of an old and of a new Kubernetes take, keeps to its Pod Security level and to
# our rules, and holds a kafka.yaml without a fault.
set -u
# shellcheck source=manifests.bash
. "$(dirname "$0")/manifests.bash"
need_kustomize
initc=$build/bin/kafka-initc

# ---- rendering ----
for overlay in $(overlays); do
  check "$overlay renders" sh -c '"$@" >"$0"' "$scratch/$overlay.yaml" "${render[@]}" "manifests/overlays/$overlay"
  check "$overlay bears no warning" sh -c 'out=$("$@" 2>&1 >/dev/null); echo "$out"; [ -z "$out" ]' sh "${render[@]}" "manifests/overlays/$overlay"
done
check "the base renders" "${render[@]}" manifests/base
for overlay in $(overlays); do
  check "$overlay takes the rack" combine "$scratch/rack-$overlay" "$overlay" rack
  check "$overlay: every Kafka pod has a rack" \
    test "$(grep -c KAFKA_BROKER_RACK "$scratch/rack-$overlay.yaml")" = "$(grep -c 'name: prepare' "$scratch/$overlay.yaml")"
done
check "kraft can be restricted" combine "$scratch/restricted-kraft" kraft restricted
check "kraft takes the image volume" combine "$scratch/image-kraft" kraft image-volume
check "both its sets mount the image of their init container" \
  test "$(sed -n 's/^ *\(image\|reference\): \(.*initc\)/\2/p' "$scratch/image-kraft.yaml" | uniq -c | tr -s ' ')" = " 4 docker.io/k8skafka/initc:0.1.0"

# ---- schema, Pod Security, rules ----
# $1 oldest or go, then files; files as the validator names them
validate() {
  local version=$1
  shift
  (cd "$scratch" && "$cache/validate-$version" "$@")
}
exceptions=$PWD/manifests/lint-exceptions.md
mapfile -t all < <(cd "$scratch" && printf '%s\n' *.yaml)
mapfile -t old < <(cd "$scratch" && printf '%s\n' *.yaml | grep -v image) # image volumes are of 1.31
for version in oldest go; do
  api=$(sed -n 's/^\tk8s\.io\/api v0/Kubernetes 1/p' "tests/manifests/validate/$version.mod")
  if ! build_validator "$version"; then
    skip "$api takes every overlay" "the validator cannot be built (go, and its modules)"
    continue
  fi
  [ "$version" = go ] && files=("${all[@]}") || files=("${old[@]}")
  check "$api takes every overlay" validate "$version" --exceptions "$exceptions" "${files[@]}"

  t_case "$api: found out"
  broken() { # NAME SED-EXPRESSION TEXT
    sed -E "$2" "$scratch/kraft-combined.yaml" >"$scratch/broken.yml"
    run 1 validate "$version" --exceptions "$exceptions" broken.yml
    expect_stdout_has "$3"
  }
  broken "a misspelt field" 's/minReadySeconds/minReadySecond/' 'unknown field "spec.minReadySecond"'
  broken "root in a restricted namespace" 's/enforce: baseline/enforce: restricted/' 'pod-security: restricted'
  broken "a capability too many" 's/- FOWNER/- SYS_ADMIN/' 'pod-security: baseline'
  broken "a moving tag" 's/(kafka:).*-0.1.0/\1latest/' 'image-tag'
  broken "no tag" 's/(k8skafka.kafka):.*/\1/' 'image-tag'
  broken "a Service without pods" '/^kind: Service$/,/^---/s/component: broker/component: brokers/' 'governing-service'
  broken "another ConfigMap" 's/(          name: kafka-config).*/\1/' 'ConfigMap kafka-config is not in the file'
  broken "a namespace that enforces nothing" '/pod-security/d' 'enforces nothing'
  t_case
done

# ---- kafka.yaml ----
# Prints "SET CONFIGMAP" of every StatefulSet in a rendered file that mounts a kafka-config.
sets_with_config() {
  awk '/^kind: /{ kind = $2 } /^  name: /{ name = $2 } /^          name: kafka-config/{ if (kind == "StatefulSet") print name, $2 }' "$1"
}
# Prints the kafka.yaml of ConfigMap $2 in the file $1.
kafka_yaml() {
  awk -v want="$2" '
    /^---/ { if (name == want) exit; text = ""; on = 0; name = "" }
    /^  name: / { name = $2 }
    on && !/^    / && !/^$/ { on = 0 }
    on { sub(/^    /, ""); text = text $0 "\n" }
    /^  kafka.yaml: \|/ { on = 1 }
    END { printf "%s", text }' "$1"
}
if [ -x "$initc" ]; then
  for overlay in $(overlays); do
    while read -r set config; do
      kafka_yaml "$scratch/$overlay.yaml" "$config" >"$scratch/kafka.yaml.$set"
      for ordinal in 0 2; do
        check "$overlay: kafka.yaml of $set-$ordinal has no fault" \
          env POD_NAMESPACE=kafka "$initc" config check --pod "$set-$ordinal" "$scratch/kafka.yaml.$set"
      done
      run 0 env POD_NAMESPACE=kafka "$initc" config render -c "$scratch/kafka.yaml.$set" --pod "$set-1"
      expect_stdout_has "//$set-1.$set.kafka.svc\:909"
    done < <(sets_with_config "$scratch/$overlay.yaml")
  done
else
  skip "kafka.yaml has no fault" "$initc is not built"
fi

# ---- a cluster of one's own ----
for overlay in $(overlays); do
  folder=$scratch/own-$overlay
  check "new-cluster makes a folder from $overlay" manifests/new-cluster --namespace trial "$overlay" "$folder"
  check "it renders" sh -c '"$@" >"$0"' "$folder.yaml" "${render[@]}" "$folder"
  run 1 grep -qE 'namespace: kafka|k8skafka-example-id' "$folder.yaml"
done
check "two clusters have two ids" \
  sh -c '! grep -qF "$(grep clusterId: "$0")" "$1"' "$scratch/own-dev/kafka.yaml" "$scratch/own-kraft/kafka.yaml"
check "brokers and controllers have one" \
  sh -c 'grep -qxF "$(grep clusterId: "$0")" "$1"' "$scratch/own-kraft/kafka.yaml" "$scratch/own-kraft/controllers.yaml"
run 2 manifests/new-cluster dev "$scratch/own-dev"
expect_stderr_has "is there already"
run 2 manifests/new-cluster dev "$scratch/own-none" --namespace
expect_stderr_has "--namespace needs a value"
run 2 manifests/new-cluster none "$scratch/own-none"
expect_stderr_has "there are: dev kraft"
done_testing
